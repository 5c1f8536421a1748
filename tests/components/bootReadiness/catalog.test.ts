/**
 * What every check of the next boot has: a fault that it was seen to find, a harmless twin, codes of its own, its row
 * in the docs.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bootChecks, seenFaults, withBootChecks } from "../../../scripts/reference/bootChecks";
import { python } from "../../host/node/python";

const checkout = resolve(__dirname, "../../..");
const checks = bootChecks(checkout);
const seen = seenFaults(checkout);
/** What only says something has tests of its own: it finds no fault. */
const saying = ["proof", "kernel-running", "emergency-shell"];
const tests = readdirSync(__dirname)
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(join(__dirname, file), "utf8"))
    .join("\n");

test("each has a test in which it fails, beside one with the fault's harmless twin in which it does not", () => {
    const untested = checks.filter(({ name }) => !saying.includes(name) && (seen[name] ?? []).length === 0);
    expect(untested.map(({ name }) => name)).toEqual([]);
    expect(Object.keys(seen).filter((name) => !checks.some((check) => check.name === name))).toEqual([]);
});

test("each code of a fault was seen from the very check that gives it, and no other", () => {
    const given = checks.flatMap(({ name, bad }) => bad.map((code) => `${name}: ${code}`));
    const found = Object.entries(seen).flatMap(([name, faults]) => faults.map(({ code }) => `${name}: ${code}`));
    expect(given.length).toBeGreaterThan(40);
    expect([...new Set(found)].sort()).toEqual([...given].sort());
    for (const name of saying) expect(checks.find((check) => check.name === name)?.bad).toEqual([]);
});

test("no pair of the tests is overlooked here", () => {
    const written = tests.match(/^ {8}says: \[/gm) ?? [];
    expect(Object.values(seen).flat()).toHaveLength(written.length);
});

test("each code of what is no fault, or could not be told, was seen", () => {
    const others = checks.flatMap(({ given, bad }) => given.filter((code) => !bad.includes(code)));
    expect([...new Set(others)].filter((code) => !tests.includes(`"${code}"`))).toEqual([]);
});

test("a code is explained once, and given by nobody who does not mean that", () => {
    const explained = checks.flatMap(({ codes }) => Object.keys(codes));
    expect(explained.length).toBe(new Set(explained).size);
    const given = new Set(checks.flatMap((check) => check.given));
    expect([...given].filter((code) => !explained.includes(code))).toEqual([]);
    expect(explained.filter((code) => !given.has(code))).toEqual([]);
    expect(explained.filter((code) => !code.startsWith("boot-"))).toEqual([]);
});

test("docs/boot-readiness.md lists them (npm run schema writes it)", () => {
    const page = readFileSync(join(checkout, "docs/boot-readiness.md"), "utf8");
    expect(withBootChecks(page, checks, seen)).toBe(page);
    for (const { name } of checks) expect(page).toContain(`| \`${name}\` |`);
});

test("each group is a fact of the plan, and a check that breaks down is unknown and keeps no other from being heard", async () => {
    const groups = [...new Set(checks.map(({ group }) => group))];
    const plan = readFileSync(join(checkout, "components/bootReadiness/plan.ts"), "utf8");
    for (const group of groups.filter((each) => each !== "proof")) expect(plan).toContain(`"${group}"`);
    const told = await python<Record<string, [string, string]>>(`
from concerns.bootReadiness.node import audit, machine
from concerns.bootReadiness.node.checks import own_name
def broken(machine):
    raise ValueError("out of order")
own_name.check = broken
answer = {name: [each.state, each.code] for name, each in audit.audit_of(machine.Machine("/nonexistent")).items()}`);
    expect(told["own-name"]).toEqual(["unknown", "boot-check-failed"]);
    expect(Object.keys(told)).toEqual(checks.map(({ name }) => name));
    expect(told["pve-cluster-masked"]).toEqual(["skipped", "boot-no-proxmox"]);
});

test("a group's fact is ok, what is bad, what could not be told, or that there is nothing to tell", async () => {
    const fact = (states: Readonly<Record<string, string>>) =>
        python<[string, string, string]>(
            `
from concerns.bootReadiness.node import audit
from look.verdict import Verdict
audit.audit_for_look = lambda: {module.replace("_", "-"): Verdict(given.get(module, "ok"), "boot-x", f"{module} text") for module in audit.CHECKS}
answer = audit.group("name")[:3]`,
            states,
        );
    expect(await fact({})).toEqual(["ok", "seen", "ok"]);
    expect(await fact({ own_name: "skipped" })).toEqual(["ok", "seen", "ok"]);
    expect(await fact({ own_name: "bad", cloud_init: "unknown" })).toEqual([
        "bad",
        "boot-bad",
        "own-name: own_name text; cloud-init: cloud_init text",
    ]);
    expect(await fact({ cloud_init: "unknown", fstab_sources: "bad" })).toEqual([
        "unknown",
        "boot-untold",
        "unknown: cloud-init: cloud_init text",
    ]);
});
