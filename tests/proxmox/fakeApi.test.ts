import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { routes } from "../helpers/proxmoxApi/routes";
import { FakeProxmox } from "../helpers/proxmoxApi/server";

let fake: FakeProxmox;
let token: string;
beforeAll(async () => {
    fake = await FakeProxmox.start();
    token = fake.addToken("holdfast@pve!stack", { "/": ["*"] });
    fake.cluster.passwords.set("root@pam", "secret");
    fake.cluster.guests.set(100, { type: "qemu", node: "pve02", name: "wiki", config: { memory: 512 } });
});
afterAll(() => fake.stop());
afterEach(() => {
    fake.fault = undefined;
    fake.cluster.taskEnd = "OK";
    for (const node of fake.cluster.nodes.keys()) fake.cluster.nodes.set(node, true);
});

interface Answer {
    readonly status: number;
    readonly reason: string;
    readonly body: { data: unknown; errors?: unknown };
}

function ask(method: string, path: string, given = "", headers: object = { authorization: `PVEAPIToken=${token}` }) {
    return new Promise<Answer>((resolve, reject) => {
        const call = request(
            `${fake.endpoint}/api2/json/${path}`,
            {
                method,
                ca: fake.certificates.ca,
                headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
            },
            (response) => {
                const parts: Buffer[] = [];
                response.on("data", (part: Buffer) => parts.push(part));
                response.on("end", () =>
                    resolve({
                        status: response.statusCode!,
                        reason: response.statusMessage!,
                        body: JSON.parse(Buffer.concat(parts).toString()) as Answer["body"],
                    }),
                );
            },
        );
        call.on("error", reject).end(given);
    });
}

test("the contract says of every path where its shape comes from", () => {
    const contract = readFileSync(join(__dirname, "../helpers/proxmoxApi/contract.md"), "utf8");
    const said = [...contract.matchAll(/^\| `(\w+ [^`]+)` \| (.*?) \|/gm)].map(([, path]) => path);
    expect(said).toEqual(routes.map(({ method, pattern }) => `${method} ${pattern}`));
});
test("numbers are numbers", async () => {
    await ask("POST", "storage", "storage=b&type=dir&path=/srv/b&shared=0");
    expect((await ask("GET", "storage/b")).body.data).toMatchObject({ storage: "b", type: "dir", shared: 0 });
    expect((await ask("GET", "cluster/status")).body.data).toContainEqual(
        expect.objectContaining({ type: "cluster", nodes: 3, quorate: 1 }),
    );
});
test("no login, a wrong token, a token of nobody", async () => {
    expect(await ask("GET", "version", "", {})).toMatchObject({
        status: 401,
        reason: "No ticket",
        body: { data: null },
    });
    const other = (value: string) => ask("GET", "version", "", { authorization: `PVEAPIToken=${value}` });
    expect(await other("holdfast@pve!stack=1")).toMatchObject({ status: 401, reason: "invalid token value!" });
    expect(await other("x@pve!y=1")).toMatchObject({ status: 401, reason: "no such token 'y' for user 'x@pve'" });
});
test("a ticket reads, and writes with its second half alone", async () => {
    expect(await ask("POST", "access/ticket", "username=root@pam&password=wrong", {})).toMatchObject({
        status: 401,
        reason: "authentication failure",
    });
    const { ticket, CSRFPreventionToken } = (
        await ask("POST", "access/ticket", "username=root@pam&password=secret", {})
    ).body.data as Record<string, string>;
    const cookie = `PVEAuthCookie=${encodeURIComponent(ticket!)}`;
    expect((await ask("GET", "storage", "", { cookie })).status).toBe(200);
    expect(await ask("PUT", "cluster/options", "language=en", { cookie })).toMatchObject({
        status: 401,
        reason: "Permission denied - invalid csrf token",
    });
    expect(
        (await ask("PUT", "cluster/options", "language=en", { cookie, csrfpreventiontoken: CSRFPreventionToken }))
            .status,
    ).toBe(200);
});
test("a privilege that is missing is named, with its path", async () => {
    const auditor = fake.addToken("auditor@pve!a", { "/": ["Sys.Audit"], "/storage": ["Datastore.Allocate"] });
    const headers = { authorization: `PVEAPIToken=${auditor}` };
    expect((await ask("GET", "cluster/options", "", headers)).status).toBe(200);
    expect((await ask("GET", "storage/local", "", headers)).status).toBe(200);
    expect(await ask("PUT", "cluster/options", "language=de", headers)).toMatchObject({
        status: 403,
        reason: "Permission check failed (/, Sys.Modify)",
    });
});
test("wrong parameters are refused by name, and nothing is written", async () => {
    const before = structuredClone(fake.cluster.storages.get("local"));
    expect(await ask("PUT", "storage/local", "shared=maybe&colour=red")).toMatchObject({
        status: 400,
        reason: "Parameter verification failed.",
        body: {
            errors: {
                shared: "type check ('boolean') failed - got 'maybe'",
                colour: expect.stringContaining("not defined in schema"),
            },
        },
    });
    expect(fake.cluster.storages.get("local")).toEqual(before);
    expect(await ask("POST", "storage", "storage=local&type=dir&path=/x")).toMatchObject({
        status: 500,
        reason: "create storage failed: storage ID 'local' already defined",
    });
    expect(await ask("GET", "storage/none")).toMatchObject({ status: 500, reason: "storage 'none' does not exist" });
    expect(await ask("GET", "cluster/backup/none")).toMatchObject({
        status: 400,
        body: { errors: { id: "No such job 'none'" } },
    });
    expect(await ask("GET", "nonsense")).toMatchObject({
        status: 501,
        reason: "Method 'GET /nonsense' not implemented",
    });
});
test("half of the nodes: reads go on, writes do not, and who is away cannot be asked", async () => {
    fake.cluster.nodes.set("pve02", false);
    expect(await ask("GET", "nodes/pve02/qemu/100/config")).toMatchObject({ status: 595, reason: "No route to host" });
    expect((await ask("PUT", "cluster/options", "language=en")).status).toBe(200);
    fake.cluster.nodes.set("pve03", false);
    expect(await ask("PUT", "cluster/options", "language=de")).toMatchObject({
        status: 500,
        reason: "cluster not ready - no quorum?",
    });
    expect((await ask("GET", "cluster/options")).body.data).toMatchObject({ language: "en" });
});
test("what takes a while is a task, which ends well, badly, or not", async () => {
    const begin = async () =>
        encodeURIComponent((await ask("POST", "nodes/pve02/qemu/100/config", "onboot=1")).body.data as string);
    const status = async (upid: string) => (await ask("GET", `nodes/pve02/tasks/${upid}/status`)).body.data;
    expect(await status(await begin())).toMatchObject({
        status: "stopped",
        exitstatus: "OK",
        type: "qmconfig",
        id: "100",
    });
    expect(fake.cluster.guests.get(100)!.config).toEqual({ memory: 512, onboot: 1 });
    fake.cluster.taskEnd = "command failed: exit code 1";
    expect(await status(await begin())).toMatchObject({ exitstatus: "command failed: exit code 1" });
    fake.cluster.taskEnd = undefined;
    const running = await status(await begin());
    expect(running).toMatchObject({ status: "running" });
    expect(running).not.toHaveProperty("exitstatus");
});
