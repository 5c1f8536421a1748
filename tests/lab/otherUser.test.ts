/**
 * Another user of the workstation while Pulumi runs, with the real engine: he gets no word out of the plugin, and a
 * look writes for nobody.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CreateRequest, DeleteRequest, UpdateRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Lab, LabNode } from "../../lab";
import { openTestLab, readNodeFile, toIncidentState } from "../helpers/lab";
import { expectSuccess, fleetOf } from "../helpers/labFleet";
import { PulumiProject } from "../helpers/pulumiProject";

jest.setTimeout(300_000);

const NOBODY = 65534;
/** An HTTP/2 client's first words; a server answers with its settings. */
const greet = `
    const socket = require("node:net").connect(Number(process.argv[1]), "127.0.0.1");
    const end = (word) => { console.log(word); process.exit(0); };
    socket.on("connect", () => socket.write("PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n\\0\\0\\0\\x04\\0\\0\\0\\0\\0"));
    socket.on("data", () => end("answered")).on("close", () => end("closed")).on("error", () => end("closed"));
`;

let lab: Lab;
let node: LabNode;
let project: PulumiProject;
beforeAll(async () => {
    lab = await openTestLab();
    node = lab.nodes[0]!;
    await toIncidentState(lab, node);
    project = await PulumiProject.create(lab);
});
afterAll(async () => {
    await toIncidentState(lab, node);
    await project.remove();
});

test("nobody is refused by a running plugin, and the own user's Create, Update and Delete during a drift run are", async () => {
    await project.pulumi("stack", "init", "test");
    const fleet = await fleetOf(lab, project, [node.name]);
    await project.configure("test", { fleet, connectTimeout: 60 });
    expectSuccess(await project.runPulumi(["up", "--yes", "--skip-preview"]));
    // Where sshd should be somebody is silent, so that the look lasts.
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    Object.assign(fleet.nodes[node.name]!.ssh, { host: "127.0.0.1", port: (silent.address() as AddressInfo).port });
    await project.configure("test", { fleet, connectTimeout: 60 });
    const before = await readNodeFile(node, "/etc/hosts");
    const drift = project.startPulumi(["refresh", "--preview-only", "--expect-no-changes"]);
    try {
        const port = await portOfPlugin(drift.pid!);
        expect(await answerTo(port)).toBe("answered");
        expect(await answerTo(port, NOBODY)).toBe("closed");
        for (const message of await tryToWrite(port))
            expect(message).toContain("this plugin was started by `pulumi refresh`, which only looks");
    } finally {
        drift.kill("SIGKILL");
        sockets.forEach((socket) => socket.destroy());
        silent.close();
        await drift;
    }
    expect(await readNodeFile(node, "/etc/hosts")).toBe(before);
});

async function answerTo(port: number, uid = process.getuid!()): Promise<string> {
    const child = spawn(process.execPath, ["-e", greet, String(port)], {
        uid,
        cwd: "/",
        stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (data: Buffer) => (said += data.toString()));
    await once(child, "close");
    return said.trim();
}

/** What the plugin says to each verb that writes. */
async function tryToWrite(port: number): Promise<string[]> {
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    const host = { name: node.name, address: node.ssh.host, port: node.ssh.port, hostKey: await node.hostKey() };
    const files = { "/etc/hosts": { content: "owned\n", mode: "0644", owner: "root", group: "root" } };
    const wanted = () => Struct.fromJavaScript({ host, concern: "hosts", files });
    const [create, update, remove] = [new CreateRequest(), new UpdateRequest(), new DeleteRequest()];
    create.setProperties(wanted());
    update.setNews(wanted());
    remove.setProperties(Struct.fromJavaScript({ host, concern: "hosts", files, onDelete: "restore" }));
    const failure = (start: (done: (error: ServiceError | null) => void) => unknown) =>
        new Promise<string>((resolve) => {
            start((error) => resolve(error?.message ?? "done"));
        });
    try {
        return [
            await failure((done) => client.create(create, done)),
            await failure((done) => client.update(update, done)),
            await failure((done) => client.delete(remove, done)),
        ];
    } finally {
        client.close();
    }
}

/** The port on which the plugin that the engine `pid` has started listens. */
async function portOfPlugin(pid: number): Promise<number> {
    for (let tries = 0; tries < 300; tries++) {
        if (tries > 0) await delay(100);
        for (const child of await childrenOf(pid)) {
            const command = await readFile(`/proc/${child}/cmdline`, "utf8").catch(() => "");
            const port = command.includes("pulumi-resource-holdfast") ? await listeningPort(child) : undefined;
            if (port !== undefined) return port;
        }
    }
    throw new Error("the engine started no plugin of Holdfast's");
}

async function childrenOf(pid: number): Promise<string[]> {
    const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
    const lists = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => ""));
    return (await Promise.all(lists)).flatMap((list) => list.split(" ").filter(Boolean));
}

async function listeningPort(pid: string): Promise<number | undefined> {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
    for (const line of (await readFile(`/proc/${pid}/net/tcp`, "utf8")).split("\n").slice(1)) {
        const fields = line.trim().split(/\s+/);
        if (fields[3] === "0A" && links.includes(`socket:[${fields[9]}]`))
            return parseInt(fields[1]!.split(":")[1]!, 16);
    }
    return undefined;
}
