/** The program that the timer starts: what it leaves behind, of what the checks say. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import { programText } from "../../../programs";
import { scratch } from "../../host/node/python";

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => {
    ({ folder, remove } = await scratch());
    await mkdir(join(folder, "state/results"), { recursive: true });
    await mkdir(join(folder, "metrics"));
    await writeFile(join(folder, "program"), programText("/usr/local/lib/holdfast/boot-readiness"), { mode: 0o755 });
});
afterEach(() => remove());

const verdict = (check: string, state: string, text: string) => ({ check, state, text, remedy: "mend it" });

/** `check` is Python, in place of the node's own `main.py check`. */
async function start(check: string) {
    await writeFile(join(folder, "main.py"), `import json, os\nfolder = ${JSON.stringify(folder)}\n${check}`);
    return execa("/usr/bin/python3", ["-ISXutf8", join(folder, "program")], {
        env: {
            HOLDFAST_CHECK: join(folder, "main.py"),
            HOLDFAST_STATE: join(folder, "state"),
            HOLDFAST_METRICS: join(folder, "metrics"),
            HOLDFAST_MOTD: join(folder, "motd/holdfast"),
            JOURNAL_STREAM: "1:1",
        },
        reject: false,
    });
}
const saying = (state: string, ...verdicts: object[]) =>
    `print(json.dumps(${JSON.stringify({ state, at: 1_700_000_000, verdicts })}))`;
const metrics = () => readFile(join(folder, "metrics/holdfast_boot.prom"), "utf8");
const motd = () => readFile(join(folder, "motd/holdfast"), "utf8").catch(() => undefined);

test("what is bad shows in the metrics and at log-in, and is gone from there once it is mended", async () => {
    const { exitCode, stdout } = await start(saying("bad", verdict("own-name", "bad", "pve01 resolves to 127.0.1.1")));
    expect([exitCode, stdout]).toEqual([0, "next boot: own-name: bad: pve01 resolves to 127.0.1.1"]);
    expect(await metrics()).toMatch(/^holdfast_boot_ready 0$/m);
    expect(await metrics()).toMatch(/^holdfast_boot_check{check="own-name",state="bad"} 1$/m);
    expect(await metrics()).toMatch(/^holdfast_boot_looked_timestamp_seconds 1700000000$/m);
    expect(await metrics()).not.toContain("proven_timestamp_seconds ");
    expect(await motd()).toContain("would NOT survive a reboot:\n  own-name: pve01 resolves to 127.0.1.1 (mend it)");
    await start(saying("ok", verdict("own-name", "ok", ""), verdict("proof", "ok", "proven")));
    expect(await metrics()).toMatch(/^holdfast_boot_ready 1$/m);
    expect(await metrics()).toMatch(/^holdfast_boot_proven_timestamp_seconds \d+$/m);
    expect(await motd()).toBeUndefined();
});

test("what could not be told is neither ready nor not: the metric is absent", async () => {
    await start(saying("unknown", verdict("fstab-generator", "unknown", "no unshare")));
    expect(await metrics()).not.toContain("holdfast_boot_ready ");
    expect(await motd()).toContain("could not be told");
});

test("checks that do not answer leave the old answer with its old time, and fail the unit", async () => {
    await start(saying("ok", verdict("own-name", "ok", "")));
    const before = await metrics();
    const { exitCode, stdout } = await start("raise SystemExit(1)");
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining("cannot be told")]);
    expect(await metrics()).toBe(before);
});

test("a transaction that ends while it looks is looked at again, and one that never ends keeps it not for ever", async () => {
    const counting = (until: number) => `
count = folder + "/count"
number = int(open(count).read()) + 1 if os.path.exists(count) else 1
open(count, "w").write(str(number))
if number < ${until}:
    open(f"{folder}/state/results/{number}", "w").close()
${saying("ok", verdict("own-name", "ok", ""))}`;
    await start(counting(3));
    expect(await readFile(join(folder, "count"), "utf8")).toBe("3");
    await start(counting(1000));
    expect(await readFile(join(folder, "count"), "utf8")).toBe("13");
});
