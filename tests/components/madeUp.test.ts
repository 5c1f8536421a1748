/**
 * A concern that nobody has: what the table and the base class give one with two FileSets and a resource of another
 * package.
 */
import type { FileSetArgs } from "../../model/contract/fileSet";
import { ConcernComponent } from "../../components/component";
import { type ConcernDefinition, isFileSet, ofConcern, type PlanArgs } from "../../components/concern";
import { collectStack } from "../../cli/drift/collect";
import { parseDigest } from "../../cli/drift/digest";
import { renderText } from "../../cli/drift/text";
import { summarize } from "../../cli/drift/report";
import { recordRegistrations, valueOf } from "../helpers/registrations";

const file = (concern: string, args: PlanArgs<unknown>): FileSetArgs => ({
    ...ofConcern(concern, args),
    files: { [`/etc/${concern}`]: { content: `${args.node.name}\n` } },
});

const madeUp = {
    component: "MadeUp",
    setting: "madeUp",
    roles: ["node"],
    managed: "where declared",
    sendsMail: false,
    risk: "none",
    files: { "/etc/made-up": {}, "/etc/made-up-drill": {} },
    resolve: () => ({}),
    plan: (args: PlanArgs<unknown>) => [
        file("made-up", args),
        file("made-up-drill", args),
        { type: "proxmoxve:index:File", name: "hook", inputs: { node: args.node.name } },
    ],
} as const satisfies ConcernDefinition;

const args: PlanArgs<unknown> = {
    host: { name: "pve01", address: "192.0.2.11" },
    node: { name: "pve01", address: "192.0.2.11" },
    settings: {},
    fleet: { machines: [] },
};

test("its FileSets and its other resource are children of one component, under names that say so", async () => {
    const { registered } = recordRegistrations();
    const component = new ConcernComponent(madeUp, "pve01-made-up", madeUp.plan(args));
    await Promise.all(component.fileSets.map(({ observed }) => valueOf(observed)));
    await valueOf(component.others["hook"]!.urn);
    expect(registered.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
        "holdfast:components:MadeUp pve01-made-up",
        "holdfast:host:FileSet pve01-made-up",
        "holdfast:host:FileSet pve01-made-up-drill",
        "proxmoxve:index:File pve01-made-up-hook",
    ]);
    expect(Object.keys(component.byConcern)).toEqual(["made-up", "made-up-drill"]);
    expect(registered.find(({ type }) => type === "proxmoxve:index:File")!.inputs).toEqual({ node: "pve01" });
    expect(await valueOf(component.others["hook"]!.urn)).toContain("holdfast:components:MadeUp$proxmoxve:index:File");
    expect(madeUp.plan(args).filter((one) => isFileSet(one))).toHaveLength(2);
});

test("one of other resources alone has no FileSet, and says so to whoever asks for one", async () => {
    const { registered } = recordRegistrations();
    const component = new ConcernComponent(madeUp, "pve01-made-up", madeUp.plan(args).slice(2));
    await valueOf(component.others["hook"]!.urn);
    expect(registered.map(({ type }) => type)).toEqual(["holdfast:components:MadeUp", "proxmoxve:index:File"]);
    expect(() => component.fileSet).toThrow("this concern manages no files");
});

/** What the engine's look says of a resource below the component of pve01's log digest, which is in the table. */
const step = (type: string, name: string, concern: string | undefined, differs: boolean, facts = {}) => ({
    op: differs ? "update" : "refresh",
    urn: `urn:pulumi:prod::holdfast::holdfast:components:HardenedNode$holdfast:components:LogDigest$${type}::${name}`,
    oldState: { type, inputs: concern === undefined ? {} : { host: { name: "pve01" }, concern, files: {} } },
    newState: { type, outputs: { files: {}, observed: { facts } } },
    detailedDiff: differs ? { 'files["/etc/x"]': { kind: "update", inputDiff: false } } : {},
});
const fileSet = "holdfast:host:FileSet";
const drift = (...steps: readonly object[]) =>
    collectStack("prod", parseDigest(JSON.stringify({ steps, diagnostics: [] }))!);

test("drift tells of them as one concern, as bad as the worst, with the facts of all", () => {
    const found = drift(
        step(fileSet, "pve01-log-digest", "log-digest", false, { first: "on time" }),
        step(fileSet, "pve01-digest-archive", "digest-archive", true, { second: "late" }),
    );
    expect(found.nodes.map(({ name, status }) => [name, status])).toEqual([["pve01", "drift"]]);
    expect(found.nodes[0]!.concerns).toEqual([
        { name: "log-digest", status: "drift", facts: { first: "on time", second: "late" }, hazards: [] },
    ]);
    expect(found.nodes[0]!.changes.map(({ concern }) => concern)).toEqual(["log-digest"]);
});

test("a resource of another package that differs is drift of its node and concern, not a machine of its own", () => {
    const found = drift(
        step(fileSet, "pve01-log-digest", "log-digest", false),
        step("proxmoxve:index:File", "pve01-log-digest-hook", undefined, true),
    );
    expect(found.nodes).toMatchObject([
        {
            name: "pve01",
            status: "drift",
            concerns: [{ name: "log-digest", status: "drift" }],
            changes: [{ concern: "log-digest", kind: "resource", subject: "pve01-log-digest-hook" }],
        },
    ]);
    expect(found.status).toBe("drift");
    expect(renderText(summarize([found], new Date(0)))).toContain("pve01-log-digest-hook");
});

test("one that no concern has made stands by itself, as before", () => {
    const stranger = {
        ...step("random:index:Id", "lone", undefined, true),
        urn: "urn:pulumi:prod::holdfast::random:index:Id::lone",
    };
    expect(drift(stranger).nodes).toMatchObject([{ name: "lone", status: "drift" }]);
});
