/**
 * What each operation costs a node, in what can be counted: connections, remote commands, round trips, bytes.
 * `tests/counts.json` has what it may be; less is welcome there, more is not.
 */
import type { FileSetArgs, HostArgs } from "../../model/contract/fileSet";
import { parseConfiguration } from "../../provider/configuration";
import { FileSetController } from "../../provider/fileSet";
import type { FileSetState } from "../../provider/fileState";
import { Operation } from "../../provider/operation";
import counts from "../counts.json";
import { frame, TalkingNode, type Request } from "../helpers/talkingNode";

const silent = { status: () => undefined, info: () => undefined, warning: () => undefined };
const names = ["pve01", "pve02", "pve03"];
const addressOf = (name: string) => `192.0.2.1${name.at(-1)}`;
const hosts = `127.0.0.1 localhost\n${names.map((name) => `${addressOf(name)} ${name}.example.test ${name}\n`).join("")}`;
const contents: Readonly<Record<string, string>> = {
    "/etc/hosts": hosts,
    "/etc/issue": "Proxmox VE\n",
    "/etc/motd": "declared\n",
};
const fleet = {
    domain: "example.test",
    nodes: Object.fromEntries(names.map((name) => [name, { address: addressOf(name) }])),
};

type Sets = readonly { readonly spec: { readonly files: Readonly<Record<string, unknown>> } }[];

/** A node that has what was pushed to it, or nothing yet. */
class CountedNode {
    private constructor(
        readonly name: string,
        private readonly node: TalkingNode,
        readonly client: ReturnType<TalkingNode["client"]>,
        private readonly requests: Request[],
    ) {}

    static async start(name: string): Promise<CountedNode> {
        const requests: Request[] = [];
        let sets: Sets = [];
        let isThere = false;
        const looks = (given: Sets) =>
            given.map(({ spec }) => ({
                files: Object.fromEntries(Object.keys(spec.files).map((path) => [path, seenAt(path, isThere)])),
                packages: [],
                units: {},
                facts: {},
            }));
        const node = await TalkingNode.saying((request, channel) => {
            requests.push(request);
            if (request["op"] === "read") {
                // All that is managed there, as the node's program does.
                const managed = Object.keys(contents).map((path) => ({ ...empty, files: { [path]: {} } }));
                const specs = request["alone"] ? [request["spec"] as (typeof managed)[number]] : managed;
                const seen = looks(specs.map((spec) => ({ spec })));
                channel.write(
                    frame({
                        observed: specs.map((spec, at) => ({ spec, seen: seen[at] })),
                        hostname: name,
                        ...(request["facts"] === true && { facts }),
                    }),
                );
            } else if (request["op"] === "apply") {
                sets = request["sets"] as Sets;
                channel.write(frame({ looks: looks(sets), hostname: name }));
            } else {
                isThere = true;
                const plans = request["plans"] as { nothing?: true }[];
                plans.forEach((plan, set) => {
                    const outcome = plan.nothing ? "unchanged" : "applied";
                    channel.write(frame({ set, result: { outcome }, seen: looks(sets)[set] }));
                });
            }
        });
        return new CountedNode(name, node, node.client(name), requests);
    }

    /** Since the last time. `requests`: round trips, the looks and plans in them counted together. */
    count() {
        const { connected, commands, bytes } = this.node;
        const requests = this.requests.map(({ op = "plans" }) => op as string);
        this.requests.length = this.node.connected = this.node.commands = this.node.bytes = 0;
        return { connections: connected, commands, requests, bytes };
    }

    fileSets(): FileSetArgs[] {
        return Object.entries(contents).map(([path, content]) => {
            const file = { content, mode: "0644", owner: "root", group: "root" };
            const host = { name: this.name, address: addressOf(this.name) };
            return { host, concern: path.split("/").at(-1)!, files: { [path]: file }, takeOver: true };
        });
    }

    stop(): Promise<void> {
        return this.node.stop();
    }
}

const empty = { files: {}, packages: [], units: [], facts: {} };
const facts = { hostname: "pve01", blockDevices: [], mounts: [], links: [] };

/** What somebody has made of /etc/issue. */
let edited: string | undefined;

function seenAt(path: string, isThere: boolean) {
    const sha256 = "0".repeat(64);
    if (!isThere) return { kind: "absent" };
    const content = path === "/etc/issue" && edited !== undefined ? edited : contents[path];
    return { kind: "file", content, sha256, mode: "0644", owner: "root", group: "root", modified: 1_700_000_000 };
}

let nodes: CountedNode[];
/** As of a new provider process: of an earlier one nothing is known. */
let controller: FileSetController;

beforeEach(async () => {
    process.env["HOLDFAST_SSH_CONFIG"] = "/dev/null";
    nodes = await Promise.all(names.map((name) => CountedNode.start(name)));
    const clientOf = ({ name }: HostArgs) => nodes.find((node) => node.name === name)!.client;
    controller = new FileSetController(
        new Operation({ ...parseConfiguration({ fleet }), client: "test@workstation" }, clientOf),
    );
});
afterEach(() => Promise.all(nodes.map((node) => node.stop())));

const all = () => nodes.flatMap((node) => node.fileSets());
const push = () => Promise.all(all().map((args) => controller.create(args, silent)));
const look = (states: readonly FileSetState[]) =>
    Promise.all(states.map((state) => controller.read("", state, state, silent)));

/** Each node alike, and no more than `counts.json` has. */
function expectCounts(operation: keyof (typeof counts)["of a node with three FileSets"]): void {
    const wanted = counts["of a node with three FileSets"][operation];
    for (const node of nodes) {
        const { bytes, ...counted } = node.count();
        expect({ ...counted, bytes: bytes > wanted.bytes ? bytes : wanted.bytes }).toEqual(wanted);
    }
}

test("a first push of several nodes at once: one of each, their peers' names included", async () => {
    await push();
    expectCounts("a first push");
});

test("a look, and a push after it, go on in one command", async () => {
    await look(all().map((args) => ({ ...args, observed: { facts: {} } })));
    expectCounts("a look");
    await push();
    expectCounts("a push after it");
});

test("a look where a file differs: who wrote it is asked in the same command", async () => {
    const states = (await push()).map(({ state }) => state);
    nodes.forEach((node) => node.count());
    edited = "somebody's\n";
    await look(states).finally(() => (edited = undefined));
    expectCounts("a look where a file differs");
});

test("no change from state asks nobody", async () => {
    const states = (await push()).map(({ state }) => state);
    nodes.forEach((node) => node.count());
    const differences = await Promise.all(all().map((args, at) => controller.diff(states[at]!, args, silent)));
    expect(differences.flat()).toEqual([]);
    expectCounts("no change from state");
});
