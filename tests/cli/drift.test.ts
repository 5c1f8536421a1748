import { dataLine } from "../../model/contract/dataLine";
import { skippedLook } from "../../model/contract/skippedLook";
import { readFileSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectStack, stackOf } from "../../cli/drift/collect";
import { parseDigest, type Digest } from "../../cli/drift/digest";
import { renderMarkdown } from "../../cli/drift/markdown";
import { renderMetrics, writeMetrics } from "../../cli/drift/metrics";
import {
    driftJsonSchema,
    driftReport,
    exitStatus,
    isUnderWay,
    summarize,
    type StackDrift,
} from "../../cli/drift/report";
import { renderText } from "../../cli/drift/text";
import { busyLook, describeBusy } from "../../model/contract/busyLook";
import { referTo } from "../../model/contract/ownProgram";

const urnOf = (node: string, concern: string) =>
    `urn:pulumi:prod::holdfast::holdfast:components:HardenedNode$holdfast:host:FileSet::${node}-${concern}`;
const checkedAt = new Date("2026-01-02T03:04:05Z");

interface Look {
    readonly node?: string;
    readonly concern?: string;
    readonly inputs?: Record<string, unknown>;
    readonly outputs?: Record<string, unknown>;
    /** Property paths that differ. */
    readonly differs?: readonly string[];
}

function step({ node = "pve01", concern = "hosts", inputs = {}, outputs = {}, differs = [] }: Look) {
    const type = "holdfast:host:FileSet";
    return {
        op: differs.length > 0 ? "update" : "refresh",
        urn: urnOf(node, concern),
        oldState: { type, inputs: { host: { name: node }, concern, ...inputs } },
        newState: { type, outputs },
        detailedDiff: Object.fromEntries(differs.map((path) => [path, { kind: "update", inputDiff: false }])),
    };
}

function skipped(node: string, concern = "hosts") {
    return { urn: urnOf(node, concern), severity: "warning", message: `warning: ${skippedLook(node)}\n` };
}

function collect(steps: readonly ReturnType<typeof step>[], diagnostics: Digest["diagnostics"] = []): StackDrift {
    return collectStack("prod", parseDigest(JSON.stringify({ steps, diagnostics }))!);
}

function changed(look: Look) {
    return collect([step(look)]).nodes[0]!.changes;
}

const hosts = "127.0.0.1 localhost\n192.0.2.11 pve01\n";
const edited: Look = {
    inputs: { files: { "/etc/hosts": { content: hosts, mode: "0644" } } },
    outputs: { files: { "/etc/hosts": { content: `${hosts}27: eno1: <UP>\n`, mode: "0600" } } },
    differs: ['files["/etc/hosts"].content', 'files["/etc/hosts"].mode'],
};

describe("a change", () => {
    test("of content is a line diff from what is expected to what stands there, with its mode beside it", () => {
        expect(changed(edited)).toEqual([
            {
                concern: "hosts",
                kind: "file",
                subject: "/etc/hosts",
                summary: "1 line added, 0 removed; mode 0600, expected 0644",
                diff: "@@ -1,2 +1,3 @@\n 127.0.0.1 localhost\n 192.0.2.11 pve01\n+27: eno1: <UP>",
            },
        ]);
    });

    test.each<[string, Record<string, unknown>, string, string]>([
        ["a removed file", { absent: true }, 'files["/etc/hosts"]', "is absent"],
        [
            "a symlink in its place",
            { instead: "symlink to /etc/pve/hosts" },
            'files["/etc/hosts"].instead',
            "is a symlink to /etc/pve/hosts, expected a plain file",
        ],
        [
            "another owner",
            { content: hosts, owner: "www-data" },
            'files["/etc/hosts"].owner',
            "owner www-data, expected root",
        ],
        [
            "secret content",
            { content: "[secret]" },
            'files["/etc/hosts"].content',
            "content differs (not shown: secret or no text)",
        ],
    ])("of a file: %s", (_, found, path, summary) => {
        const content = found["content"] === "[secret]" ? "[secret]" : hosts;
        expect(
            changed({
                inputs: { files: { "/etc/hosts": { content, owner: "root" } } },
                outputs: { files: { "/etc/hosts": found } },
                differs: [path],
            }),
        ).toEqual([{ concern: "hosts", kind: "file", subject: "/etc/hosts", summary }]);
    });

    const program = "#!/bin/sh\nset -eu\n";
    test.each<[string, string, string, string, string | undefined]>([
        [
            "edited",
            referTo(program, program),
            referTo(program, `${program}exit 0\n`),
            "1 line added, 0 removed",
            "@@ -1,2 +1,3 @@\n #!/bin/sh\n set -eu\n+exit 0",
        ],
        [
            "of another version",
            referTo(program, program),
            referTo("x", "x"),
            "is another version of Holdfast's own program",
            undefined,
        ],
        [
            "overwritten",
            referTo(program, program),
            referTo(program, "x\n".repeat(1000)),
            "is another text altogether",
            undefined,
        ],
        [
            "edited, after another version was pushed",
            referTo("x", "x"),
            referTo(program, `${program}exit 0\n`),
            "is no version of Holdfast's own program that is known here",
            undefined,
        ],
        [
            "no longer edited",
            referTo(program, `${program}exit 0\n`),
            referTo(program, program),
            "is no longer what was last seen of it",
            undefined,
        ],
        [
            "edited, in an earlier Holdfast's state",
            program,
            referTo(program, `${program}exit 0\n`),
            "1 line added, 0 removed",
            "@@ -1,2 +1,3 @@\n #!/bin/sh\n set -eu\n+exit 0",
        ],
        [
            "of another version, in an earlier Holdfast's state",
            program,
            referTo("x", "x"),
            "differs from what an earlier Holdfast wrote",
            undefined,
        ],
        [
            "with the very words of a reference to it",
            program,
            referTo(program, program),
            "differs from what an earlier Holdfast wrote",
            undefined,
        ],
    ])("of a program of Holdfast's own: %s", (_, expected, content, summary, diff) => {
        const file = "/usr/local/lib/holdfast/mail";
        const look = {
            inputs: { files: { [file]: { content: expected } } },
            outputs: { files: { [file]: { content } } },
            differs: [`files["${file}"].content`],
        };
        expect(changed(look)).toEqual([
            { concern: "hosts", kind: "file", subject: file, summary, ...(diff !== undefined && { diff }) },
        ]);
    });

    test("of another file is its lines, whatever they say", () => {
        const content = `${referTo(program, program)}\n`;
        const { summary, diff } = changed({
            inputs: { files: { "/etc/hosts": { content: hosts } } },
            outputs: { files: { "/etc/hosts": { content } } },
            differs: ['files["/etc/hosts"].content'],
        })[0]!;
        expect([summary, diff]).toEqual(["1 line added, 2 removed", expect.stringContaining(`+${content.trim()}`)]);
    });

    test("of a file that must not be there", () => {
        expect(
            changed({
                inputs: { files: { "/etc/x": { absent: true } } },
                outputs: { files: { "/etc/x": { content: "" } } },
                differs: ['files["/etc/x"]'],
            })[0]!.summary,
        ).toBe("is there, expected absent");
    });

    test("of a unit, a package, a fact and the connection is one line each", () => {
        const look: Look = {
            concern: "smartd",
            inputs: {
                units: { "smartd.service": { active: true, enabled: true } },
                packages: ["smartmontools", "mailutils"],
                facts: { "resolves pve01": { value: "192.0.2.11" } },
                host: { name: "pve01", address: "192.0.2.11" },
            },
            outputs: {
                units: { "smartd.service": { active: false, enabled: false } },
                packages: ["mailutils"],
                facts: { "resolves pve01": { value: "loopback 127.0.1.1" } },
                host: { name: "pve01", address: "192.0.2.99" },
            },
            differs: [
                'units["smartd.service"].active',
                'units["smartd.service"].enabled',
                "packages",
                'facts["resolves pve01"].value',
                "host.address",
            ],
        };
        expect(changed(look).map(({ kind, subject, summary }) => `${kind} ${subject}: ${summary}`)).toEqual([
            "unit smartd.service: stopped, expected running; disabled, expected enabled",
            "package smartmontools: not installed",
            "fact resolves pve01: loopback 127.0.1.1, expected 192.0.2.11",
            "connection address: 192.0.2.99 at the last up, now 192.0.2.11",
        ]);
    });

    test("says when the file was written and perhaps by whom, from the provider's data lines alone", () => {
        const said = (message: string) =>
            collect([step(edited)], [{ urn: urnOf("pve01", "hosts"), severity: "info", message }]).nodes[0]!.changes[0];
        const modified = "2026-01-01T10:00:00.000Z";
        const line = (path: string, by?: string) => dataLine({ told: "written", path, modified, by });
        expect(said(`${line("/etc/hosts")}\n`)).toMatchObject({ modified });
        expect(said(`info: ${line("/etc/hosts", "root from 192.0.2.5")}\n`)).toMatchObject({
            modified,
            by: "root from 192.0.2.5",
        });
        for (const other of [
            line("/etc/hosts.allow"),
            `/etc/hosts: last written ${modified}`,
            line("/etc/hosts").replace(modified, "yesterday"),
            line("/etc/hosts").replace("}", ""),
        ])
            expect(said(other)).not.toHaveProperty("modified");
    });
});

describe("the verdict", () => {
    const clean = step({ node: "pve02" });
    const unreachable = {
        urn: urnOf("pve03", "hosts"),
        severity: "error",
        message: "error: Preview failed: pve03: root@192.0.2.13 port 22 refuses connections\n",
    };
    const general = { severity: "error", message: "error: preview failed\n" };

    test("is clean, 0, where nothing differs", () => {
        const stack = collect([clean]);
        expect([stack.status, exitStatus[summarize([stack], checkedAt).verdict]]).toEqual(["clean", 0]);
    });

    test("is drift, 2, where one node differs", () => {
        const stack = collect([clean, step(edited)]);
        expect([
            stack.status,
            stack.nodes.map(({ name, status }) => `${name} ${status}`),
            exitStatus[stack.status],
        ]).toEqual(["drift", ["pve01 drift", "pve02 clean"], 2]);
    });

    test("is unknown, 1, where a node cannot be reached, and the drift of the others is there all the same", () => {
        const stack = collect([clean, step(edited), step({ node: "pve03" })], [unreachable, general]);
        expect([stack.status, exitStatus[stack.status], stack.error]).toEqual(["unknown", 1, undefined]);
        expect(stack.nodes.map(({ name, status, reason = "" }) => `${name} ${status} ${reason}`)).toEqual([
            "pve01 drift ",
            "pve02 clean ",
            "pve03 unreachable pve03: root@192.0.2.13 port 22 refuses connections",
        ]);
        expect(stack.nodes[0]!.changes).toHaveLength(1);
    });

    test("is unknown where the engine itself fails, with its reason", () => {
        const locked = collect([], [{ severity: "error", message: "error: the stack is locked\n" }]);
        expect(locked).toEqual({ name: "prod", status: "unknown", error: "the stack is locked", nodes: [] });
        expect(renderText(summarize([locked], checkedAt))).toBe("error: the stack is locked\n");
    });

    test("of a node under maintenance is skipped, and neither drift nor unknown", () => {
        const stack = collect([step({}), clean], [skipped("pve01")]);
        expect([stack.status, stack.nodes[0]]).toEqual([
            "clean",
            {
                name: "pve01",
                status: "skipped",
                reason: "under maintenance, not contacted",
                changes: [],
                concerns: [{ name: "hosts", status: "skipped", facts: {}, hazards: [] }],
            },
        ]);
    });

    test("of which a part was skipped is never clean", () => {
        const stack = collect([step({}), step({ concern: "fstab" }), clean], [skipped("pve01")]);
        expect([stack.status, stack.nodes[0]]).toEqual([
            "unknown",
            expect.objectContaining({ name: "pve01", status: "unreachable", reason: "hosts: not looked at" }),
        ]);
    });

    test("goes by what this run did, not by a flag that an earlier `up` left in state", () => {
        const look = step({ ...edited, inputs: { ...edited.inputs, maintenance: true } });
        expect(collect([look]).nodes[0]).toMatchObject({ status: "drift", concerns: [{ status: "drift" }] });
    });

    test("unknown of one stack wins over drift of another", () => {
        const stacks = [collect([step(edited)]), collect([step({ node: "pve03" })], [unreachable])];
        expect(summarize(stacks, checkedAt).verdict).toBe("unknown");
    });

    test("counts another resource of the stack that differs", () => {
        const other = {
            ...step({ differs: ["triggers"] }),
            urn: "urn:pulumi:prod::holdfast::command:remote:Command::redeploy",
        };
        expect(collect([other])).toMatchObject({
            status: "drift",
            nodes: [{ name: "redeploy", changes: [{ kind: "resource", subject: "command:remote:Command" }] }],
        });
    });
});

test("what the engine counts and its steps do not show is drift of another provider's resources", () => {
    const bridged = (name: string) => ({
        op: "refresh",
        urn: `urn:pulumi:prod::holdfast::proxmoxve:backup/job:Job::${name}`,
        oldState: { type: "proxmoxve:backup/job:Job" },
        detailedDiff: null,
    });
    const steps = [step(edited), bridged("weekly"), bridged("nightly")];
    const look = (update: number) =>
        collectStack("prod", parseDigest(JSON.stringify({ steps, changeSummary: { same: 9, update } }))!);
    expect(look(1).nodes.map(({ name }) => name)).toEqual(["pve01"]);
    const { status, nodes } = look(2);
    expect(status).toBe("drift");
    expect(nodes[1]).toMatchObject({
        name: "other providers",
        status: "drift",
        changes: [
            { subject: "nightly, weekly", summary: expect.stringMatching(/^1 of these differs; `pulumi refresh/) },
        ],
    });
    // Of FileSets every difference is told: without others the count says nothing more.
    expect(collectStack("prod", { steps: [step(edited)], diagnostics: [], changes: 2 }).nodes).toHaveLength(1);
});

test("what one node's files make our own code stumble over says nothing of the others", () => {
    const poison = new Proxy({}, { get: (_, key) => (key === "content" ? fail() : undefined) });
    const fail = () => {
        throw new RangeError("Maximum call stack size exceeded");
    };
    const steps = [step({ node: "pve01" }), step({ node: "pve02" }), step({ node: "pve03", concern: "fstab" })];
    const files = Object.defineProperty({}, "/etc/fstab", { enumerable: true, get: () => poison });
    steps[2]!.newState.outputs["files"] = files;

    const { status, nodes } = collectStack("prod", { steps, diagnostics: [] });

    expect(status).toBe("unknown");
    expect(nodes.map(({ name, status }) => [name, status])).toEqual([
        ["pve01", "clean"],
        ["pve02", "clean"],
        ["pve03", "unreachable"],
    ]);
    expect(nodes[2]!.reason).toContain("Maximum call stack size exceeded");
});

describe("a concern", () => {
    test("has the facts that were seen, and the lints of the live files", () => {
        const outputs = {
            files: { "/etc/hosts": { content: "127.0.0.1 localhost\n127.0.1.1 pve01\n" } },
            observed: { facts: { "resolves pve01": "loopback 127.0.1.1" } },
        };
        const [concern] = collect([step({ inputs: { node: { name: "pve01", address: "192.0.2.11" } }, outputs })])
            .nodes[0]!.concerns;
        expect(concern).toMatchObject({
            name: "hosts",
            status: "clean",
            facts: { "resolves pve01": "loopback 127.0.1.1" },
        });
        expect(concern!.hazards.map(({ file, line, severity, rule }) => `${file}:${line} ${severity} ${rule}`)).toEqual(
            ["/etc/hosts:1 error missing-own-name", "/etc/hosts:2 error own-name-on-loopback"],
        );
    });
});

describe("the engine's digest", () => {
    test("names its stack", () => {
        expect(stackOf(parseDigest(JSON.stringify({ steps: [step({})] }))!)).toBe("prod");
    });

    test.each(["", "error: no stack", "[]", '{"steps": 1}'])("that is none: %j", (text) => {
        expect(parseDigest(text)).toBeUndefined();
    });

    test("counts a resource once, though it is named when its look begins and when it ends", () => {
        const begun = { ...step({}), op: "refresh" };
        expect(collect([begun, step(edited), begun]).nodes[0]!.changes).toHaveLength(1);
    });
});

describe("text", () => {
    test("is grouped by node, then file; clean nodes are only counted", () => {
        const report = summarize([collect([step(edited), step({ node: "pve02" })])], checkedAt);
        expect(renderText(report)).toBe(
            "pve01: drift\n  /etc/hosts: 1 line added, 0 removed; mode 0600, expected 0644\n    @@ -1,2 +1,3 @@\n     127.0.0.1 localhost\n     192.0.2.11 pve01\n    +27: eno1: <UP>\n2 nodes: 1 clean, 1 drift\n",
        );
    });
});

describe("control characters of a node's file", () => {
    const raw = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
    const hostile = "a\x1b[2J\x07\r\x9b1A\u202eb\u2066\tc";
    const shown = "a\\x1b[2J\\x07\\x0d\\x9b1A\\u202eb\\u2066\tc";
    const report = summarize(
        [
            {
                ...collect(
                    [
                        step({
                            ...edited,
                            outputs: { files: { "/etc/hosts": { content: `${hosts}${hostile}\n`, mode: hostile } } },
                        }),
                        step({
                            concern: hostile,
                            inputs: { units: { [hostile]: { active: true } } },
                            outputs: { units: { [hostile]: {} } },
                            differs: [`units["${hostile}"].active`],
                        }),
                        step({ node: "pve02" }),
                    ],
                    [{ urn: urnOf("pve02", "hosts"), severity: "error", message: hostile }],
                ),
                error: hostile,
            },
        ],
        checkedAt,
    );

    test("are shown, not sent, in text and markdown", () => {
        for (const text of [renderText(report), renderMarkdown(report)]) {
            expect(text).not.toMatch(raw);
            expect(text).toContain(`+${shown}\n`);
        }
        expect(renderText(report)).toContain(`error: ${shown}\n`);
        expect(renderText(report)).toContain(`pve02: could not be looked at: ${shown}\n`);
        expect(renderText(report)).toContain(`  ${shown}: nothing, expected running\n`);
        expect(renderMarkdown(report)).toContain(`\`\`\`text\n${shown}\n\`\`\`\n`);
    });

    test("are as they are in json", () => {
        expect(report.stacks[0]!.nodes[0]!.changes.map(({ diff }) => diff).join("\n")).toContain(`+${hostile}`);
        expect(report.stacks[0]!.error).toBe(hostile);
    });
});

describe("markdown", () => {
    test("has the verdict first and every node that is not clean before any diff", () => {
        const text = renderMarkdown(summarize([collect([step(edited), step({ node: "pve02" })])], checkedAt));
        expect(text.split("\n").slice(0, 6)).toEqual([
            "## ⚠️ Drift",
            "",
            "2 nodes: 1 clean, 1 drift",
            "",
            "| node | | what |",
            "|---|---|---|",
        ]);
        expect(text).toContain(
            "```diff\n@@ -1,2 +1,3 @@\n 127.0.0.1 localhost\n 192.0.2.11 pve01\n+27: eno1: <UP>\n```",
        );
    });

    test("of a clean run is the verdict and the count", () => {
        expect(renderMarkdown(summarize([collect([step({})])], checkedAt))).toBe("## ✅ No drift\n\n1 node: 1 clean\n");
    });

    const nodes = (count: number, lines: number) =>
        Array.from({ length: count }, (_, index) => {
            const content = Array.from(
                { length: lines },
                (_line, line) => `line ${line} of ${index} ${"x".repeat(60)}\n`,
            ).join("");
            return step({
                ...edited,
                node: `pve${index}`,
                outputs: { files: { "/etc/hosts": { content, mode: "0644" } } },
                differs: ['files["/etc/hosts"].content'],
            });
        });

    test.each([
        [1, 50_000],
        [300, 100],
        [3000, 1],
    ])(
        "of %i nodes with %i changed lines each stays under 64,000 characters, and says what was cut",
        (count, lines) => {
            const text = renderMarkdown(summarize([collect(nodes(count, lines))], checkedAt));
            expect(text.length).toBeLessThan(64_000);
            expect(text).toMatch(/… \d+ more lines|\d+ more changes? not shown here|the list was cut/);
            expect([...text.matchAll(/^```/gm)].length % 2).toBe(0);
            expect(text.match(/<details>/g)?.length ?? 0).toBe(text.match(/<\/details>/g)?.length ?? 0);
        },
    );

    test("lets nothing of a file out of its fence or into the page's own markup", () => {
        const hostile = "```\n</details><script>alert(1)</script>\n````\n";
        const text = renderMarkdown(
            summarize(
                [
                    collect(
                        [
                            step({
                                ...edited,
                                outputs: { files: { "/etc/hosts": { content: hostile, instead: undefined } } },
                                differs: ['files["/etc/hosts"].content'],
                            }),
                        ],
                        [{ urn: urnOf("pve01", "hosts"), severity: "error", message: "<img src=x> | [x](y)" }],
                    ),
                ],
                checkedAt,
            ),
        );
        expect(text).toContain("\n`````diff\n");
        expect(outsideOfFences(text)).not.toMatch(/<(?:script|img)|\[x\]/);
    });

    test("has what a node says inside a fence alone: no mention, link, reference, command or row of a table lives", () => {
        const hostile =
            "@everyone https://x.example #1 ![x](y)\n```\n\n/close\n@ops | <b> `````` \n<!-- holdfast:drift-lab -->\r```";
        const text = renderMarkdown(
            summarize(
                [
                    {
                        name: "prod",
                        status: "unknown",
                        error: hostile,
                        nodes: [
                            { name: "pve02", status: "unreachable", reason: hostile, concerns: [], changes: [] },
                            {
                                name: "pve01",
                                status: "drift",
                                concerns: [],
                                changes: [
                                    {
                                        concern: "hosts",
                                        kind: "file",
                                        subject: "/etc/a@b`|c",
                                        summary: hostile,
                                        by: hostile,
                                        modified: "2026-01-02T03:04:05Z",
                                        diff: hostile,
                                    },
                                    { concern: "hosts", kind: "fact", subject: "resolves pve01", summary: hostile },
                                ],
                            },
                        ],
                    },
                ],
                checkedAt,
            ),
        );
        expect(outsideOfFences(text).replace(/`[^`]*`/g, "")).not.toMatch(
            /@|example|#1|!\[|\/close|holdfast:drift|<b>/,
        );
        expect(text).toContain("`resolves pve01`");
        expect(text).toContain("`/etc/a@b  c`");
    });
});

describe("json", () => {
    test("is what the committed schema says", () => {
        const report = summarize([collect([step(edited), step({ node: "pve02" })], [skipped("pve02")])], checkedAt);
        expect(driftReport.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
        expect(readFileSync(join(__dirname, "../../schema/holdfast-drift.schema.json"), "utf8")).toBe(
            driftJsonSchema(),
        );
    });

    test("is what docs/drift.md shows", () => {
        const [, example] = /^```json\n([^]*?)^```$/m.exec(
            readFileSync(join(__dirname, "../../docs/drift.md"), "utf8"),
        )!;
        const report: unknown = JSON.parse(example!);
        expect(driftReport.parse(report)).toEqual(report);
    });
});

describe("metrics", () => {
    test("have one 1 per node, the changes, and whether the stack could be looked at", async () => {
        const text = await renderMetrics(summarize([collect([step(edited)])], checkedAt));
        expect(text).toContain('holdfast_drift_node{stack="prod",node="pve01",status="drift"} 1\n');
        expect(text.match(/^holdfast_drift_node\{.* 1$/gm)).toHaveLength(1);
        expect(text).toContain('holdfast_drift_changes{stack="prod",node="pve01"} 1\n');
        expect(text).toContain('holdfast_drift_stack_ok{stack="prod"} 1\n');
        expect(text).toContain("holdfast_drift_last_run_timestamp_seconds 1767323045\n");
    });

    test("name a stack as it is called, whatever is in the name", async () => {
        const report = summarize([{ ...collect([step({})]), name: 'a"b\\c\nd' }], checkedAt);
        expect(await renderMetrics(report)).toContain('{stack="a\\"b\\\\c\\nd"} 1\n');
    });

    test("replace the file by a rename, readable by all", async () => {
        const folder = await mkdtemp(join(tmpdir(), "drift-"));
        try {
            const file = join(folder, "holdfast_drift.prom");
            await writeMetrics(file, summarize([], checkedAt));
            await writeMetrics(file, summarize([collect([step({})])], checkedAt));
            expect(await readFile(file, "utf8")).toContain('status="clean"} 1');
            expect(statSync(file).mode & 0o777).toBe(0o644);
        } finally {
            await rm(folder, { recursive: true });
        }
    });
});

describe("Holdfast's own work", () => {
    const said = (message: string) => [{ urn: urnOf("pve01", "hosts"), severity: "warning", message }];
    const busy = { by: "ops@workstation", since: 1767323045 };
    const message = (state: "running" | "left open") =>
        `${busyLook("pve01", state)}${describeBusy({ ...busy, state })}`;

    test("under way on a node: could not tell, nobody is blamed, and no way back is advised", () => {
        const report = summarize([collect([step(edited)], said(message("running")))], checkedAt);
        expect([report.verdict, isUnderWay(report)]).toEqual(["unknown", true]);
        expect(renderText(report)).toMatch(
            /^pve01: could not tell: a transaction is under way \(since 2026-01-02T03:04:05Z, by ops@workstation\)/,
        );
        expect(renderText(report)).not.toContain("perhaps by");
        expect(renderMarkdown(report)).toMatch(/<!-- holdfast: under way -->\n$/);
        expect(renderMarkdown(report)).not.toContain("up --refresh");
    });

    test("cut off there is for somebody to settle", () => {
        const report = summarize([collect([step(edited)], said(message("left open")))], checkedAt);
        expect([report.verdict, isUnderWay(report)]).toEqual(["unknown", false]);
        expect(renderText(report)).toContain("was cut off (2026-01-02T03:04:05Z)");
    });

    test("excuses no other node: one that cannot be reached is told", () => {
        const report = summarize(
            [
                collect(
                    [step(edited), step({ node: "pve02" })],
                    [
                        ...said(message("running")),
                        { urn: urnOf("pve02", "hosts"), severity: "error", message: "no route" },
                    ],
                ),
            ],
            checkedAt,
        );
        expect(isUnderWay(report)).toBe(false);
    });
});

/** As CommonMark reads it: a fence ends at a line of as many backticks or more, and nothing else. */
function outsideOfFences(markdown: string): string {
    let fence: string | undefined;
    const outside: string[] = [];
    for (const line of markdown.split(/\r\n|\r|\n/)) {
        const [, ticks, info = ""] = /^ {0,3}(`{3,})([^`]*)$/.exec(line) ?? [];
        if (fence === undefined && ticks !== undefined) fence = ticks;
        else if (fence === undefined) outside.push(line);
        else if (ticks !== undefined && ticks.length >= fence.length && info.trim() === "") fence = undefined;
    }
    expect(fence).toBeUndefined();
    return outside.join("\n");
}
