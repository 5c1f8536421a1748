/** The alert rules, judged and tried by promtool itself; and that a broken one would be noticed. */
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { parse, stringify } from "yaml";
import { ruleFileNames } from "../../components/monitoring/rules";
import { promtool } from "../helpers/promtool";
import { type Case, cases } from "./cases";

jest.setTimeout(180_000);

async function run(...args: string[]) {
    return execa(await promtool(), args, { reject: false, all: true });
}

/** By file, how many rules. */
const files = { "holdfast-boot": 5, "holdfast-backup": 6 };
const alerts = join(__dirname, "../../alerts");

test("every file of rules is tried", () => {
    const found = readdirSync(alerts).map((name) => name.replace(/\.rules\.yml$/, ""));
    expect(found.sort()).toEqual([...Object.keys(files), ...Object.keys(cases)].sort());
    expect(found.sort()).toEqual([...ruleFileNames].sort());
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

    test("what is told of a machine has the labels that it is grouped, silenced and left untold by", async () => {
        const folder = await mkdtemp(join(tmpdir(), "holdfast-rules-"));
        try {
            const { tests, ...whole } = parse(await readFile(trial, "utf8")) as { tests: Trial[] };
            const path = join(folder, "trial.yml");
            await writeFile(path, stringify({ ...whole, rule_files: [rules], tests: tests.map(withRoutes) }));
            const { exitCode, all } = await run("test", "rules", path);
            expect([exitCode, all]).toEqual([0, expect.stringContaining("SUCCESS")]);
        } finally {
            await rm(folder, { recursive: true, force: true });
        }
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

interface Rule {
    readonly alert: string;
    readonly labels: { readonly severity: string };
    readonly annotations: Readonly<Record<string, string>>;
}

async function rulesOf(name: string): Promise<Rule[]> {
    const { groups } = parse(await readFile(join(alerts, `${name}.rules.yml`), "utf8")) as {
        groups: { rules: Rule[] }[];
    };
    return groups.flatMap(({ rules }) => rules);
}

/** What Go's templates make of an annotation, as far as ours go. */
function filled(text: string, labels: Readonly<Record<string, string>>, value = ""): string {
    return text
        .replace(/\{\{ if \$labels\.(\w+) \}\}(.*?)\{\{ end \}\}/g, (_, label: string, then: string) =>
            labels[label] === undefined ? "" : then,
        )
        .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? "")
        .replace(/\{\{ \$value[^}]*\}\}/g, value);
}

type Which = "fires" | "quiet";

interface Alarm {
    readonly exp_labels: Readonly<Record<string, string>>;
    readonly exp_annotations: Readonly<Record<string, string>>;
}

interface Trial {
    readonly interval: string;
    readonly input_series: { series: string; values: string }[];
    readonly alert_rule_test: { eval_time: string; alertname: string; exp_alerts: Alarm[] }[];
}

/**
 * promtool makes a database for each: those that share no series, nor a rule, go together. Not who is up and who is
 * not, where the rules look at one another's series.
 */
function together(trials: readonly Trial[], name: string): Trial[] {
    const groups: Trial[] = [];
    for (const trial of trials) {
        const fits = ({ input_series: given, alert_rule_test: tried }: Trial) =>
            name !== "holdfast-up" &&
            tried.every(({ alertname }) => alertname !== trial.alert_rule_test[0]?.alertname) &&
            trial.input_series.every(({ series, values }) =>
                given.every((other) => other.series !== series || other.values === values),
            );
        const group = groups.find(fits);
        if (!group) groups.push(trial);
        else {
            const isNew = ({ series }: { series: string }) =>
                group.input_series.every((other) => other.series !== series);
            group.input_series.push(...trial.input_series.filter(isNew));
            group.alert_rule_test.push(...trial.alert_rule_test);
        }
    }
    return groups;
}

/** Of promtool: every rule with its fault, and again with what only looks like it. */
function trialOf(
    rules: readonly Rule[],
    of: Readonly<Record<string, Case>>,
    interval: string,
    which: readonly Which[],
): Trial[] {
    return rules.flatMap(({ alert, labels: { severity }, annotations }): Trial[] => {
        const { at, interval: own = "1m", fires, labels, value, quiet } = of[alert]!;
        if (own !== interval) return [];
        const test = (series: Readonly<Record<string, string>>, alarms: Alarm[]) => ({
            interval,
            input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
            alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts: alarms }],
        });
        const told = Object.entries(annotations).map(([key, text]) => [key, filled(text, labels, value)]);
        const alarm = {
            exp_labels: { severity, ...labels },
            exp_annotations: Object.fromEntries(told) as Alarm["exp_annotations"],
        };
        return [
            ...(which.includes("fires") ? [test(fires, [alarm])] : []),
            ...(which.includes("quiet") ? [test(quiet, [])] : []),
        ];
    });
}

/** What Alertmanager goes by besides: groups, silences, maintenance. */
const routed = { role: "node", cluster: "example.test", maintenance: "true" };

/** The same trial with these labels at all that is a machine's: the rules hand them on. */
function withRoutes({ input_series, alert_rule_test, ...trial }: Trial): Trial {
    const labelled = (labels: Readonly<Record<string, string>>) =>
        labels.instance === undefined ? labels : { node: labels.instance, ...routed, ...labels };
    return {
        ...trial,
        input_series: input_series.map(({ series, values }) => {
            const [, name = series, inside = ""] = /^(\w+)\{(.*)\}$/.exec(series) ?? [];
            const labels = Object.fromEntries(
                [...inside.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]),
            );
            const pairs = Object.entries(labelled(labels)).map(([key, value]) => `${key}="${value}"`);
            return { series: `${name}{${pairs.join(",")}}`, values };
        }),
        alert_rule_test: alert_rule_test.map(({ exp_alerts, ...test }) => ({
            ...test,
            exp_alerts: exp_alerts.map(({ exp_labels, ...alert }) => ({ ...alert, exp_labels: labelled(exp_labels) })),
        })),
    };
}

describe.each(Object.entries(cases))("%s", (name, of) => {
    const file = join(alerts, `${name}.rules.yml`);
    let folder: string;
    beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "holdfast-rules-"))));
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const attempt = async (file: string, ...which: Which[]): Promise<[number, string]> => tried(file, which);
    const tried = async (file: string, which: readonly Which[], made = (trial: Trial) => trial) => {
        const intervals = [...new Set(Object.values(of).map(({ interval = "1m" }) => interval))];
        const written = await Promise.all(
            intervals.map(async (interval) => {
                const trial = join(folder, `${interval}.yml`);
                const tests = together(trialOf(await rulesOf(name), of, interval, which).map(made), name);
                const whole = { rule_files: [file], evaluation_interval: interval, tests };
                await writeFile(trial, stringify(whole, { aliasDuplicateObjects: false }));
                return trial;
            }),
        );
        const { exitCode, all = "" } = await run("test", "rules", ...written);
        return [exitCode, all] as [number, string];
    };

    test("every rule has a fault on which it fires, and what only looks like it", async () => {
        const rules = await rulesOf(name);
        expect(rules.map(({ alert }) => alert)).toEqual(Object.keys(of));
    });

    test("promtool takes the rules", async () => {
        const { exitCode, all } = await run("check", "rules", file);
        expect([exitCode, all]).toEqual([0, expect.stringContaining(`SUCCESS: ${Object.keys(of).length} rules found`)]);
    });

    test("each fires on its fault and holds still on its twin", async () => {
        const [exitCode, all] = await attempt(file, "fires", "quiet");
        expect([exitCode, all]).toEqual([0, expect.stringContaining("SUCCESS")]);
    });

    test("what is told of a machine has the labels that it is grouped, silenced and left untold by", async () => {
        const [exitCode, all] = await tried(file, ["fires"], withRoutes);
        expect([exitCode, all]).toEqual([0, expect.stringContaining("SUCCESS")]);
    });

    test("the trial names every rule that no longer fires, and every one that fires on anything", async () => {
        const text = await readFile(file, "utf8");
        const broken = async (expr: string, which: Which) => {
            const rules = parse(text) as { groups: { rules: { expr: string; for?: string }[] }[] };
            for (const rule of rules.groups.flatMap((group) => group.rules)) Object.assign(rule, { expr, for: "0s" });
            await writeFile(join(folder, "rules.yml"), stringify(rules));
            return attempt(join(folder, "rules.yml"), which);
        };
        const [silent, loud] = [await broken("vector(0) > 1", "fires"), await broken("vector(1)", "quiet")];
        expect([silent[0], loud[0]]).toEqual([1, 1]);
        const named = (output: string) => Object.keys(of).filter((alert) => output.includes(`alertname: ${alert}`));
        expect(named(silent[1])).toEqual(Object.keys(of));
        expect(named(loud[1])).toEqual(Object.keys(of));
    });
});

test("every rule has a severity, a summary, a description, and its line of docs/alerts.md", async () => {
    const page = await readFile(join(__dirname, "../../docs/alerts.md"), "utf8");
    for (const name of ruleFileNames) {
        const { groups } = parse(await readFile(join(alerts, `${name}.rules.yml`), "utf8")) as {
            groups: { name: string; rules: Rule[] }[];
        };
        for (const group of groups) {
            expect(page).toContain(`\n## ${group.name}\n`);
            const section = page.split(`\n## ${group.name}\n`)[1]!.split("\n## ")[0]!;
            for (const { alert, labels, annotations } of group.rules) {
                expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(?:critical|warning|none)$/)]);
                expect(Object.keys(annotations)).toEqual(["summary", "description", "runbook"]);
                expect([alert, annotations.runbook]).toEqual([alert, `docs/alerts.md#${group.name}`]);
                expect(section).toContain(`| \`${alert}\` |`);
            }
        }
    }
});
