/** The rollout in the real engine, without nodes: the provider writes down what it is asked for. */
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { type Machine, parseFleet } from "../../components/fleet";
import { planWaves } from "../../components/rollout";
import { behind } from "../../provider/order";
import { hostKey } from "../fixtures/fleet/threeNodes";
import { PulumiProject } from "../helpers/pulumiProject";
import { runs } from "../helpers/soak";

jest.setTimeout(3_600_000);

let project: PulumiProject;
const record = () => join(project.folder, "record");

beforeAll(async () => {
    project = await PulumiProject.create({ knownHostsFile: "/dev/null", identityFile: "/dev/null" });
    const description = await readFile(join(project.folder, "Pulumi.yaml"), "utf8");
    const provider = resolve(__dirname, "../helpers/recordingProvider");
    await project.write("Pulumi.yaml", description.replace("path: provider", `path: ${provider}`));
    project.environment["RECORD_PUSHES"] = record();
    await project.pulumi("stack", "init", "test");
});
afterEach(() => writeFile(join(project.folder, "fail"), ""));
afterAll(() => project.remove());

interface Step {
    readonly nodes: readonly string[];
    readonly maintenance: readonly string[];
    readonly canary: readonly string[];
    readonly batch: number;
    /** Makes the content of every risky file another one. */
    readonly version: number;
    readonly flag: readonly string[];
}

function fleetOf({ nodes, maintenance, canary, batch, version }: Step) {
    const stanzas = [{ name: "vmbr0", auto: true, method: "static", options: { address: `192.0.2.${version}/24` } }];
    const off = { smartd: false, temperature: false, ipmievd: false, nodeExporter: false };
    return {
        rollout: { canary, batch },
        defaults: { ...off, interfaces: { stanzas } },
        nodes: Object.fromEntries(
            nodes.map((name) => [
                name,
                { address: `192.0.2.1${name.at(-1)!}`, maintenance: maintenance.includes(name) },
            ]),
        ),
    };
}

/** What the provider was asked for, in order: `start pve01/interfaces`. */
async function up(step: Step, fleet = fleetOf(step)): Promise<{ exitCode: number; output: string; events: string[] }> {
    await project.configure("test", { fleet });
    await writeFile(record(), "");
    const { exitCode, output } = await project.runPulumi([
        "up",
        "--yes",
        "--skip-preview",
        "--suppress-outputs",
        ...step.flag,
    ]);
    return { exitCode, output, events: (await readFile(record(), "utf8")).trim().split("\n") };
}

interface State {
    deployment: { resources: { urn: string; dependencies?: string[] }[] };
}

/** pulumi refuses to print a state that is not sound. */
async function state(): Promise<State> {
    return JSON.parse(await project.pulumi("stack", "export")) as State;
}

/** Every wave whole before the next. */
function expectOrder(step: Step, events: readonly string[]): void {
    const waves = planWaves(parseFleet(fleetOf(step), () => "").fleet!);
    const at = (kind: string, wave: readonly Machine[]) =>
        wave.flatMap(({ identity: { name } }) =>
            ["hosts", "interfaces"].map((concern) => events.indexOf(`${kind} ${name}/${concern}`)),
        );
    waves.slice(1).forEach((wave, index) => {
        const before = Math.max(...at("end", waves[index]!));
        for (const begun of at("start", wave)) if (begun >= 0) expect(begun).toBeGreaterThan(before);
    });
}

const calm: Step = {
    nodes: ["pve01", "pve02", "pve03"],
    maintenance: [],
    canary: ["pve02"],
    batch: 1,
    version: 9,
    flag: [],
};

test("canary first, then batch by batch; after a failure nothing further is begun", async () => {
    const { exitCode, events } = await up(calm);
    expect(exitCode).toBe(0);
    expectOrder(calm, events);
    const changed = { ...calm, version: 8 };
    await writeFile(join(project.folder, "fail"), "pve02/interfaces\n");
    for (const flag of [[], ["--continue-on-error"]]) {
        const failed = await up({ ...changed, flag });
        expect(failed.exitCode).not.toBe(0);
        expect(failed.events).toEqual(["start pve02/interfaces", "fail pve02/interfaces"]);
        expect(failed.output).not.toMatch(/promises were still active|unhandled/);
    }
    await writeFile(join(project.folder, "fail"), "");
    const mended = await up(changed);
    expect([mended.exitCode, mended.events.filter((event) => event.startsWith("start"))]).toEqual([
        0,
        ["start pve02/interfaces", "start pve01/interfaces", "start pve03/interfaces"],
    ]);
});

test("where a node's address moves, what asks for that address comes after what gives it", async () => {
    const moving: Step = { ...calm, nodes: ["pve01"], canary: [], version: 7 };
    const fleet = fleetOf(moving);
    Object.assign(fleet.nodes["pve01"]!, { ssh: { former: "192.0.2.11", host: "192.0.2.7", hostKey } });
    const { exitCode, events } = await up(moving, fleet);
    expect(exitCode).toBe(0);
    const at = (event: string) => events.indexOf(event);
    expect(at("end pve01/interfaces")).toBeGreaterThanOrEqual(0);
    expect(at("start pve01/hosts")).toBeGreaterThan(at("end pve01/interfaces"));
});

test("what is asked of all concerns together comes last, also where one of them has failed and the engine goes on", async () => {
    const added: Step = { ...calm, nodes: ["pve01", "pve05"], canary: ["pve01"], version: 6 };
    const last = (node: string, events: readonly string[]) => {
        const own = events.filter((event) => event.includes(` ${node}/`));
        expect(own.slice(-2)).toEqual(["start", "end"].map((word) => `${word} ${node}/boot-readiness`));
    };
    await writeFile(join(project.folder, "fail"), "pve05/interfaces\n");
    const failed = await up({ ...added, flag: ["--continue-on-error"] });
    await writeFile(join(project.folder, "fail"), "");
    expect(failed.exitCode).not.toBe(0);
    expect(failed.events).toContain("fail pve05/interfaces");
    last("pve05", failed.events);
    const another: Step = { ...added, nodes: ["pve01", "pve06"] };
    const { exitCode, events } = await up(another);
    expect(exitCode).toBe(0);
    last("pve06", events);
});

test("a hosts file too: what the canary refuses reaches no other node", async () => {
    expect((await up(calm)).exitCode).toBe(0);
    const grown = { ...calm, nodes: [...calm.nodes, "pve04"] };
    await writeFile(join(project.folder, "fail"), "pve02/hosts\n");
    const failed = await up(grown);
    expect(failed.exitCode).not.toBe(0);
    // What is not risky goes beside the canary, and may have gone before that fails.
    const risky = failed.events.filter((event) => /\/(?:hosts|interfaces|network-guard)$/.test(event));
    expect(risky.filter((event) => !event.includes(" pve02/"))).toEqual([]);
    expect(risky).toContain("fail pve02/hosts");
    await writeFile(join(project.folder, "fail"), "");
    const mended = await up(grown);
    expect(mended.exitCode).toBe(0);
    expectOrder(grown, mended.events);
    expect(mended.events).toEqual(expect.arrayContaining(calm.nodes.map((name) => `end ${name}/hosts`)));
});

test("a state of earlier versions, in which a wave depends on the one before, goes through a targeted up and loses that", async () => {
    expect((await up(calm)).exitCode).toBe(0);
    const earlier = await state();
    const urnOf = (type: string, name: string) =>
        earlier.deployment.resources.find(({ urn }) => urn.endsWith(`${type}::${name}-interfaces`))!;
    urnOf("NetworkInterfaces", "pve01").dependencies = [urnOf("FileSet", "pve02").urn];
    urnOf("NetworkInterfaces", "pve03").dependencies = [urnOf("FileSet", "pve01").urn];
    await project.write("earlier.json", JSON.stringify(earlier));
    await project.pulumi("stack", "import", "--file", "earlier.json");
    for (const flag of [["--target", "**-hosts"], ["--exclude", "**pve01**"], []]) {
        const { exitCode, output, events } = await up({ ...calm, flag });
        expect([exitCode, output, events]).toEqual([0, expect.any(String), [""]]);
    }
    const { resources } = (await state()).deployment;
    expect(resources.flatMap(({ dependencies = [] }) => dependencies)).toEqual([]);
    expect((await up({ ...calm, maintenance: ["pve01"], flag: ["--target", "**-hosts"] })).exitCode).toBe(0);
});

const names = ["pve01", "pve02", "pve03", "pve04"];
const flags = fc.oneof(
    fc.constant([]),
    fc
        .tuple(
            fc.constantFrom("--target", "--exclude"),
            fc.constantFrom("**-hosts", "**-interfaces", ...names.map((name) => `**${name}**`)),
        )
        .map((pair) => [...pair]),
);
const steps = fc
    .record({
        nodes: fc.subarray(names, { minLength: 2 }),
        maintenance: fc.subarray(names),
        canary: fc.subarray(names, { minLength: 1 }),
        batch: fc.constantFrom(1, 2),
        version: fc.integer({ min: 100, max: 199 }),
        flag: flags,
    })
    .map((step): Step => ({ ...step, canary: step.canary.filter((name) => step.nodes.includes(name)) }));

test("no change of maintenance, canary, batch or nodes harms the state, with --target and --exclude", async () => {
    await fc.assert(
        fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 5 }), async (walk) => {
            for (const step of walk) {
                const { exitCode, output, events } = await up(step);
                // A new node whose component is left out: the engine says so, and leaves everything as it is.
                const isRefused =
                    step.flag.length > 0 && /was not specified in --target|untargeted create/.test(output);
                if (exitCode !== 0 && !isRefused) throw new Error(`${JSON.stringify(step)}\n${output}`);
                expectOrder(step, events);
                await state();
            }
            expect((await up({ ...walk.at(-1)!, flag: [] })).exitCode).toBe(0);
            const { resources } = (await state()).deployment;
            expect(resources.flatMap(({ dependencies = [] }) => dependencies)).toEqual([]);
        }),
        { numRuns: runs(1), endOnFailure: true },
    );
});

test("a failure names the nodes that it leaves alone, in the order in which their turn would have come", () => {
    const fleet = { ...fleetOf({ ...calm, maintenance: ["pve03"], nodes: names }) };
    expect(behind(JSON.stringify(fleet), "pve02", "interfaces")).toEqual(["pve01", "pve04"]);
    expect(behind(fleet, "pve01", "interfaces")).toEqual(["pve04"]);
    expect(behind(fleet, "pve02", "hosts")).toEqual(["pve01", "pve04"]);
    expect(behind(fleet, "pve02", "node-exporter")).toEqual([]);
    expect(behind(fleet, "pve09", "interfaces")).toEqual([]);
    expect(behind("no JSON", "pve02", "interfaces")).toEqual([]);
});
