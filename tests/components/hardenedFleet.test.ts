import { ownPrograms } from "../../programs";
import { hardenFleet } from "../../components/hardenedFleet";
import { planHostsFile } from "../../components/hosts";
import { concernNames, concerns } from "../../components/table";
import { parseFleet } from "../../components/fleet";
import { hostKey, readFixture, threeNodes } from "../fixtures/fleet/threeNodes";
import { type Recorder, recordRegistrations, valueOf } from "../helpers/registrations";

let recorder: Recorder;
let nodes: ReturnType<typeof hardenFleet>;
const named = (name: string) => recorder.registered.filter((registration) => registration.name === name);
const fileSet = (name: string) => named(name).find(({ type }) => type === "holdfast:host:FileSet")!.inputs;

beforeAll(async () => {
    recorder = recordRegistrations();
    nodes = hardenFleet(parseFleet(threeNodes(), readFixture).fleet!);
    await Promise.all(
        Object.values(nodes).flatMap(({ fileSets }) =>
            Object.values(fileSets).map(({ observed }) => valueOf(observed)),
        ),
    );
});

/** Concerns that every node has by default, and the mail that they send. */
const watching = concernNames.filter((concern) => concerns[concern].managed === "by default" || concern === "mail");
const isWatching = (name: string) => watching.some((concern) => name.endsWith(`-${concern}`));

test("names and types are those of the contract", () => {
    expect(
        recorder.registered
            .filter(({ name }) => !isWatching(name))
            .map(({ type, name }) => `${type} ${name}`)
            .sort(),
    ).toEqual([
        "holdfast:components:Fstab pve01-fstab",
        "holdfast:components:Fstab pve03-fstab",
        "holdfast:components:HardenedNode pve01",
        "holdfast:components:HardenedNode pve02",
        "holdfast:components:HardenedNode pve03",
        "holdfast:components:HostsFile pve01-hosts",
        "holdfast:components:HostsFile pve02-hosts",
        "holdfast:components:HostsFile pve03-hosts",
        "holdfast:components:NetworkGuard pve01-network-guard",
        "holdfast:components:NetworkGuard pve02-network-guard",
        "holdfast:components:NetworkInterfaces pve01-interfaces",
        "holdfast:components:NetworkInterfaces pve02-interfaces",
        "holdfast:host:FileSet pve01-fstab",
        "holdfast:host:FileSet pve01-hosts",
        "holdfast:host:FileSet pve01-interfaces",
        "holdfast:host:FileSet pve01-network-guard",
        "holdfast:host:FileSet pve02-hosts",
        "holdfast:host:FileSet pve02-interfaces",
        "holdfast:host:FileSet pve02-network-guard",
        "holdfast:host:FileSet pve03-fstab",
        "holdfast:host:FileSet pve03-hosts",
    ]);
});

test("every node is watched", () => {
    for (const concern of watching) {
        // pve03 has no smartd: its settings say false.
        for (const node of concern === "smartd" ? ["pve01", "pve02"] : ["pve01", "pve02", "pve03"])
            expect(named(`${node}-${concern}`).map((registration) => registration.type)).toEqual([
                `holdfast:components:${concerns[concern].component}`,
                "holdfast:host:FileSet",
            ]);
    }
});

test("each FileSet knows how to reach its node, and who the node is", () => {
    expect(fileSet("pve01-interfaces")).toMatchObject({
        concern: "interfaces",
        host: { name: "pve01", address: "192.0.2.11", port: 2222, user: "root", hostKey },
        node: {
            name: "pve01",
            domain: "example.test",
            address: "192.0.2.11",
            address6: "2001:db8::11",
            aliases: ["pve01-mgmt"],
        },
        maintenance: false,
    });
});

test("a node under maintenance is marked in all its FileSets", () => {
    expect([fileSet("pve03-hosts").maintenance, fileSet("pve03-fstab").maintenance]).toEqual([true, true]);
});

test("a node under maintenance stays in its peers' hosts files", () => {
    expect(fileSet("pve01-hosts").files).toMatchObject({
        "/etc/hosts": { content: expect.stringContaining("\n192.0.2.13 pve03.example.test pve03\n") },
    });
});

test("risky concerns, the hosts file among them, wait for the canary, and harmless ones for nothing", () => {
    const at = (event: string) => recorder.events.indexOf(event);
    expect(at("end pve02-interfaces")).toBeGreaterThan(-1);
    expect(at("start pve01-fstab")).toBeGreaterThan(at("end pve02-interfaces"));
    expect(at("start pve01-interfaces")).toBeGreaterThan(at("end pve02-interfaces"));
    expect(at("start pve03-fstab")).toBeGreaterThan(at("end pve01-fstab"));
    expect(at("start pve01-hosts")).toBeGreaterThan(at("end pve02-hosts"));
    expect(at("start pve03-hosts")).toBeGreaterThan(at("end pve01-hosts"));
    const harmless = ["pve01-node-exporter", "pve03-node-exporter"].map((name) => at(`start ${name}`));
    expect(Math.min(...harmless)).toBeGreaterThan(-1);
    expect(Math.max(...harmless)).toBeLessThan(at("end pve02-interfaces"));
});

test("credentials are no part of any input", () => {
    // An own program is the same on every node, and has the names of Wi-Fi's options.
    const programs = new Set<unknown>(ownPrograms().values());
    const inputs = JSON.stringify(recorder.registered, (_, value: unknown) => (programs.has(value) ? "" : value));
    expect(inputs).not.toMatch(/privateKey|password/i);
});

test("nodes come by name in the order of the fleet, with what was observed", async () => {
    expect(Object.keys(nodes)).toEqual(["pve01", "pve02", "pve03"]);
    expect(await valueOf(nodes.pve01!.hostsFile.fileSet.observed)).toEqual({ facts: { seen: "pve01-hosts" } });
});

test("what a concern leaves behind is the fleet's to say, and a node's own word wins", async () => {
    const { fleet } = parseFleet(
        {
            ...threeNodes(),
            onDelete: "restore",
            nodes: { ...threeNodes().nodes, pve02: { ...threeNodes().nodes.pve02, onDelete: "keep" } },
        },
        readFixture,
    );
    expect(fleet!.nodes.map(({ onDelete }) => onDelete)).toEqual(["restore", "keep", "restore"]);
    expect(
        planHostsFile({ ...fleet!.nodes[0]!, node: fleet!.nodes[0]!.identity, peers: [], settings: undefined }),
    ).toMatchObject({ onDelete: "restore" });
    expect(fileSet("pve01-hosts")["onDelete"]).toBe("keep");
});
