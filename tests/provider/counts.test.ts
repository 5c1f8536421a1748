/** What a push costs in what can be counted: connections, remote commands, looks and transaction services of each node. */
import { NodeClient } from "../../host/nodeClient";
import type { FileSetArgs, HostArgs } from "../../model/contract/fileSet";
import { parseConfiguration } from "../../provider/configuration";
import { FileSetController } from "../../provider/fileSet";
import { Operation } from "../../provider/operation";
import { frame, TalkingNode, type Request } from "../helpers/talkingNode";

const silent = { status: () => undefined, info: () => undefined, warning: () => undefined };
const names = ["pve01", "pve02", "pve03"];
const addressOf = (name: string) => `192.0.2.1${name.at(-1)}`;
const hosts = `127.0.0.1 localhost\n${names.map((name) => `${addressOf(name)} ${name}.example.test ${name}\n`).join("")}`;
const contents = { "/etc/hosts": hosts, "/etc/issue": "Proxmox VE\n", "/etc/motd": "declared\n" };

const fleet = {
    domain: "example.test",
    nodes: Object.fromEntries(names.map((name) => [name, { address: addressOf(name) }])),
};

interface Counted {
    readonly node: TalkingNode;
    readonly client: NodeClient;
    readonly requests: Request[];
}

/** A node where nothing stands yet, and every plan is applied. */
async function count(name: string): Promise<Counted> {
    const requests: Request[] = [];
    let sets: { spec: { files: Record<string, unknown> } }[] = [];
    const lookAt = (kind: "absent" | "file") =>
        sets.map(({ spec }) => ({
            files: Object.fromEntries(Object.keys(spec.files).map((path) => [path, seenAt(path, kind)])),
            packages: [],
            units: {},
            facts: {},
        }));
    const node = await TalkingNode.saying((request, channel) => {
        requests.push(request);
        if (request["op"] === "read")
            channel.write(
                frame({ observed: [{ spec: request["spec"], seen: lookAt("absent")[0] ?? nothing }], hostname: name }),
            );
        if (request["op"] === "apply") {
            sets = request["sets"] as typeof sets;
            channel.write(frame({ looks: lookAt("absent"), hostname: name }));
        }
        const plans = (request["plans"] ?? []) as unknown[];
        plans.forEach((_, set) =>
            channel.write(frame({ set, result: { outcome: "applied" }, seen: lookAt("file")[set] })),
        );
    });
    return { node, client: node.client(name), requests };
}

const nothing = { files: {}, packages: [], units: {}, facts: {} };

function seenAt(path: string, kind: "absent" | "file") {
    const content = contents[path as keyof typeof contents];
    const sha256 = "0".repeat(64);
    return kind === "absent" ? { kind } : { kind, content, sha256, mode: "0644", owner: "root", group: "root" };
}

test("a first push of several nodes at once: one connection, command, look and service each, their peers' names included", async () => {
    process.env["HOLDFAST_SSH_CONFIG"] = "/dev/null";
    const nodes = new Map(await Promise.all(names.map(async (name) => [name, await count(name)] as const)));
    try {
        const operation = new Operation(parseConfiguration({ fleet }), ({ name }: HostArgs) => nodes.get(name)!.client);
        const fileSets = names.flatMap((name) =>
            Object.entries(contents).map(([path, content]): FileSetArgs => {
                const file = { content, mode: "0644", owner: "root", group: "root" };
                const concern = path.split("/").at(-1)!;
                return { host: { name, address: addressOf(name) }, concern, files: { [path]: file }, takeOver: true };
            }),
        );
        await Promise.all(fileSets.map((args) => new FileSetController(operation).create(args, silent)));
        const counts = [...nodes.values()].map(({ node, requests }) => ({
            connections: node.connected,
            commands: node.commands,
            requests: requests.map(({ op = "plans", sets, plans }) => [op, ((sets ?? plans) as unknown[]).length]),
        }));
        const once = {
            connections: 1,
            commands: 1,
            requests: [
                ["apply", 3],
                ["plans", 3],
            ],
        };
        expect(counts).toEqual(names.map(() => once));
    } finally {
        await Promise.all([...nodes.values()].map(({ node }) => node.stop()));
    }
});
