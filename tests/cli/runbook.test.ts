/** `holdfast runbook`: what the state adds below a page. The command itself runs in tests/lab/runbook.test.ts. */
import { lastSeen, seenSchema } from "../../cli/runbook/lastSeen";
import { pageOf } from "../../cli/runbook/run";
import { parseFleet } from "../../components/fleet";

const fileSet = (id: string, facts?: Record<string, string>) => ({
    type: "holdfast:host:FileSet",
    id,
    outputs: facts ? { observed: { facts }, files: { "/etc/x": { content: "x" } } } : { observed: null },
});
const stateOf = (...resources: object[]) =>
    seenSchema.parse({
        version: 3,
        deployment: {
            manifest: { time: "2026-11-26T22:11:09.1Z", version: "v3" },
            resources: [{ type: "pulumi:pulumi:Stack", outputs: { nodes: {} } }, ...resources],
        },
    });

test("what a look has told, of this node and of what helps at a console, with its day", () => {
    const state = stateOf(
        fileSet("pve01/network-guard", { "proven files": "of 2026-11-20" }),
        fileSet("pve01/temperature", { temperature: "ok" }),
        fileSet("pve01/fstab", { "source UUID=0a1b": "present", "mount /srv/local": "a|b\u001b[2J<i>" }),
        fileSet("pve02/fstab", { "source UUID=9c8d": "absent" }),
        fileSet("pve01/hosts"),
    );
    expect(lastSeen("pve01", state)).toBe(
        `
## As last seen

By the last \`pulumi up\` or refresh on 2026-11-26, in the stack's state; not on the node's own copy of this page.

| | |
|---|---|
| source UUID=0a1b | present |
| mount /srv/local | a\\|b\\x1b[2J&lt;i> |
| proven files | of 2026-11-20 |
`,
    );
});

test("nothing below the page of a node that was never looked at, or of a stack that was never deployed", () => {
    expect(lastSeen("pve03", stateOf(fileSet("pve01/fstab", { mount: "mounted" })))).toBe("");
    expect(lastSeen("pve01", seenSchema.parse({ version: 3, deployment: {} }))).toBe("");
});

test("a node that has no page of its own gets one where it is asked for, one under maintenance too", () => {
    const { fleet } = parseFleet(
        { nodes: { pve01: { address: "192.0.2.11", runbook: false, maintenance: true } } },
        () => "",
    );
    expect(pageOf(fleet!, "pve01")).toContain("# pve01 does not come up\n");
    expect(() => pageOf(fleet!, "pve02")).toThrow("pve02: the stack declares no such node");
});
