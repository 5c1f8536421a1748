import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { lintKinds } from "../../cli/lint/options";
import { buildProgram, everyCommand } from "../../cli/program";
import { concernNames, definitionOf } from "../../components/table";
import { pulumiSchema } from "../../scripts/pulumiSchema";
import { renderReference } from "../../scripts/generateReference";
import { commandHelp } from "../../scripts/reference/commands";
import { lintRules } from "../../scripts/reference/lintRules";
import { settings } from "../../scripts/reference/settings";

const checkout = resolve(__dirname, "../..");

test("docs/reference.md is current (npm run schema writes it)", () => {
    expect(readFileSync(join(checkout, "docs/reference.md"), "utf8")).toBe(renderReference());
});

test("the schema for other languages is current, and says what everything is", () => {
    const text = readFileSync(join(checkout, "schema/holdfast-pulumi.schema.json"), "utf8");
    expect(text).toBe(pulumiSchema());
    const { resources, types, config } = JSON.parse(text) as PulumiSchema;
    expect(Object.keys(resources)).toEqual(expect.arrayContaining(["holdfast:host:FileSet", "holdfast:components:HardenedFleet", "holdfast:components:HardenedNode", ...concernNames.map((concern) => `holdfast:components:${definitionOf(concern).component}`)]));
    for (const [token, { description }] of Object.entries(resources)) expect([token, description]).toEqual([token, expect.stringMatching(/\w{3}/)]);
    for (const [, token] of text.matchAll(/"#\/types\/([^"]+)"/g)) expect(Object.keys(types)).toContain(token);
    expect(config.variables["privateKey"]).toMatchObject({ secret: true });
    expect(types["holdfast:host:File"]!.properties["mode"]).toMatchObject({ type: "string", default: "0644", description: expect.stringContaining("Octal") });
    expect(resources["holdfast:host:FileSet"]!.requiredInputs).toEqual(["host", "concern", "files"]);
});

interface PulumiSchema {
    resources: Record<string, { description: string; requiredInputs?: string[] }>;
    types: Record<string, { properties: Record<string, unknown> }>;
    config: { variables: Record<string, unknown> };
}

test("every command's help ends with an example", () => {
    for (const { name, help } of commandHelp()) expect([name, help]).toEqual([name, expect.stringMatching(/\n\nExample:\n {2}\S/)]);
});

test("every command and every option says what it is", () => {
    for (const command of everyCommand(buildProgram())) {
        expect(command.description()).not.toBe("");
        for (const option of command.options) expect([command.name(), option.flags, option.description]).toEqual([command.name(), option.flags, expect.stringMatching(/\w/)]);
    }
});

test("the rules that stop both incidents are found in the sources, with their severity and what to do", () => {
    const rules = lintRules(checkout);
    const rule = (place: string, name: string) => rules.get(place)!.find((candidate) => candidate.name === name);
    expect(rule("hosts", "own-name-on-loopback")).toBeDefined();
    expect([...rule("hosts", "own-name-on-loopback")!.severities]).toContain("error");
    expect([...rule("interfaces", "stray-line")!.messages].join()).toContain("Delete");
    expect([...rule("fstab", "device-name")!.messages].join()).toMatch(/^… is given out in the order of detection/);
    expect([...rule("hosts", "own-name-on-loopback")!.messages].join()).toMatch(/^The node's own name '…' stands on the loopback address/);
    for (const place of rules.keys()) expect([place, rules.get(place)!.length > 0]).toEqual([place, true]);
});

test("a rule of one word is listed, and one whose severity a function decides, a parameter brings or an object holds", () => {
    const rules = new Map([...lintRules(checkout).values()].flat().map((rule) => [rule.name, [...rule.severities].sort().join(", ")]));
    expect(Object.fromEntries(["backslash", "broadcast", "crlf", "missing-gateway", "missing-loopback", "missing-nic", "invalid-name", "invalid-address", "undefined-value", "undecided-name", "bad-pass"].map((name) => [name, rules.get(name)]))).toEqual({
        backslash: "warning",
        broadcast: "error, warning",
        crlf: "error, warning",
        "missing-gateway": "not checked, warning",
        "missing-loopback": "not checked, warning",
        "missing-nic": "error, not checked, warning",
        "invalid-name": "error, warning",
        "invalid-address": "error, warning",
        "undefined-value": "error, warning",
        "undecided-name": "warning",
        "bad-pass": "error",
    });
    expect([...rules].filter(([, severities]) => severities === "")).toEqual([]);
});

test("every rule that a lint's source names is listed", () => {
    const listed = new Set([...lintRules(checkout).values()].flat().map(({ name }) => name));
    const files = ["model", "cli/adopt", "cli/lint"].flatMap((folder) => readdirSync(join(checkout, folder), { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts")).map((path) => join(checkout, folder, path)));
    const named = files.flatMap((file) => [...readFileSync(file, "utf8").matchAll(/\bfinding\(\s*"([a-z0-9-]+)"|\brule: "([a-z0-9-]+)"/g)].map(([, called, held]) => called ?? held!));
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter((name) => !listed.has(name))).toEqual([]);
});

test("every format of model/ is known to `holdfast lint --kind` and has its rules in the reference", () => {
    const formats = readdirSync(join(checkout, "model"), { withFileTypes: true }).filter((entry) => entry.isDirectory() && existsSync(join(checkout, "model", entry.name, "lint.ts"))).map(({ name }) => name);
    expect([...lintKinds].sort()).toEqual([...formats, "stack"].sort());
    const titles = [...lintRules(checkout).keys()];
    for (const format of formats) expect([format, titles.some((title) => title === format || title === `${format}.conf`)]).toEqual([format, true]);
});

test("settings are listed through lists, unions and maps", () => {
    expect(settings().map(({ path }) => path)).toEqual(expect.arrayContaining(["nodes.NAME.address", "nodes.NAME.fstab[].source", "nodes.NAME.interfaces.stanzas[].name", "nodes.NAME.temperature.warning", "hosts.NAME.roles"]));
});
