/** The program as a process, whatever the command. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import execa from "execa";

const program = join(__dirname, "..", "..", "cli", "holdfast.js");

test("a reader that stops reading is no error of ours", async () => {
    const { exitCode, stderr } = await execa(
        "bash",
        ["-c", `{ sleep 0.2; node "$0" --help; } | true; exit "\${PIPESTATUS[0]}"`, program],
        { reject: false },
    );
    expect([exitCode, stderr]).toEqual([0, ""]);
});

test("bad usage is told with the way to the help, and ends with 2", async () => {
    const { exitCode, stderr } = await execa("node", [program, "dirft"], { reject: false });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/unknown command 'dirft'[^]*Did you mean drift\?[^]*add --help/);
});

test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as { version: string };
    expect(await execa("node", [program, "--version"])).toMatchObject({ exitCode: 0, stdout: version });
});
