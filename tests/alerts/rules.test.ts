/** The alert rules, judged and tried by promtool itself; and that a broken one would be noticed. */
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { parse } from "yaml";
import { promtool } from "../helpers/promtool";

jest.setTimeout(180_000);

async function run(...args: string[]) {
    return execa(await promtool(), args, { reject: false, all: true });
}

/** By file, how many rules. */
const files = { "holdfast-boot": 5, "holdfast-backup": 6 };

test("every file of rules is tried", () => {
    const found = readdirSync(join(__dirname, "../../alerts")).map((name) => name.replace(/\.rules\.yml$/, ""));
    expect(found.sort()).toEqual(Object.keys(files).sort());
});

describe.each(Object.entries(files))("%s", (name, count) => {
    const rules = join(__dirname, `../../alerts/${name}.rules.yml`);
    const trial = join(__dirname, `${name}.test.yml`);

    test("promtool takes the rules", async () => {
        const { exitCode, all } = await run("check", "rules", rules);
        expect([exitCode, all]).toEqual([0, expect.stringContaining(`SUCCESS: ${count} rules found`)]);
    });

    test("each fires on its fault and holds still on its twin", async () => {
        const { exitCode, all } = await run("test", "rules", trial);
        expect([exitCode, all]).toEqual([0, expect.stringContaining("SUCCESS")]);
    });

    test("each rule is tried, and the trial fails where any of them no longer fires", async () => {
        const text = await readFile(rules, "utf8");
        const { groups } = parse(text) as { groups: { rules: { alert: string; expr: string }[] }[] };
        const folder = await mkdtemp(join(tmpdir(), "holdfast-rules-"));
        try {
            const trials = await readFile(trial, "utf8");
            await writeFile(join(folder, "trial.yml"), trials.replace(`../../alerts/${name}.rules.yml`, "rules.yml"));
            for (const { alert } of groups[0]!.rules) {
                const silent = text.replace(
                    new RegExp(`(alert: ${alert}\\n +expr: )(?:>-\\n(?: {16}.*\\n)+|.*\\n)`),
                    "$1vector(0) > 1\n",
                );
                expect(silent).not.toBe(text);
                await writeFile(join(folder, "rules.yml"), silent);
                const { exitCode, all } = await run("test", "rules", join(folder, "trial.yml"));
                expect([alert, exitCode, all]).toEqual([alert, 1, expect.stringContaining(`alertname: ${alert}`)]);
            }
        } finally {
            await rm(folder, { recursive: true, force: true });
        }
    });
});
