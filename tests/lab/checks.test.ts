/** The checks alone on a real node: after a push, by the entry point that a timer starts, and by the client. */
import { planHostsFile } from "../../components/hosts";
import { planFstab } from "../../components/fstab";
import type { Checked } from "../../host/checked";
import { NodeClient } from "../../host/nodeClient";
import type { Lab, LabNode } from "../../lab";
import { readFile } from "node:fs/promises";
import { openTestLab } from "../helpers/lab";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";

jest.setTimeout(180_000);

let lab: Lab;
let node: LabNode;

const entryPoint = ["/usr/bin/python3", "-I", "-S", "-X", "utf8", "/usr/local/lib/holdfast/current/main.py", "check"];

beforeAll(async () => {
    lab = await openTestLab();
    node = lab.nodes[0]!;
    await node.exec(["sh", "-c", "mkdir -p /root/before && cp -a /etc/hosts /etc/fstab /root/before/"]);
    const [host, identity] = [await hostOf(node), { name: node.name, domain: "example.test", address: node.address }];
    const root = { source: `UUID=${node.rootUuid}`, target: "/", fstype: "ext4", passno: 1 };
    await pushFileSet(lab, planHostsFile({ host, node: identity, peers: [] }));
    await pushFileSet(lab, planFstab({ host, node: identity, settings: { entries: [root] } }));
});
afterAll(() => node.exec(["sh", "-c", "cp -a /root/before/* /etc/ && systemctl daemon-reload"]));

async function check(...concerns: string[]): Promise<[number, Checked]> {
    const { exitCode, stdout } = await node.exec([...entryPoint, ...concerns], { reject: false });
    return [exitCode, JSON.parse(stdout) as Checked];
}

test("what was pushed is checked by every check and fact of it, and is well", async () => {
    const [status, { host, state, verdicts }] = await check("hosts", "fstab");
    expect([status, host, state]).toEqual([0, node.name, "ok"]);
    const said = verdicts.map(({ concern, check: name, state: each }) => `${concern}: ${name}: ${each}`);
    expect(said).toEqual(
        expect.arrayContaining([
            `hosts: own-address ${node.name} ${node.address}: ok`,
            `hosts: resolver ${node.name} ${node.address}: ok`,
            `hosts: resolves ${node.name}: ok`,
            "fstab: findmnt {staged:/etc/fstab}: ok",
            "fstab: fstab-generator {staged:/etc/fstab} /: ok",
        ]),
    );
});

test("a fault that somebody makes by hand is told with its code, by the entry point and to a client alike", async () => {
    await node.exec(["sh", "-c", 'echo "127.0.1.1 $(hostname)" >/etc/hosts']);
    const [status, alone] = await check("hosts");
    expect([status, alone.state]).toEqual([2, "bad"]);
    expect(alone.verdicts.find(({ code }) => code === "name-loopback")).toMatchObject({
        concern: "hosts",
        state: "bad",
        text: `${node.name} still resolves to 127.0.1.1`,
    });
    const credentials = { privateKey: await readFile(lab.identityFile, "utf8") };
    const client = new NodeClient(await hostOf(node), { credentials, allowUnknownHostKey: false, timeout: 20 });
    try {
        const { at: _, ...asked } = await client.check(["hosts"]);
        const { at: _at, ...printed } = alone;
        expect(asked).toEqual(printed);
    } finally {
        client.end();
    }
});

test("what it goes by is root's alone", async () => {
    const { stdout } = await node.exec(["stat", "-c", "%a %U:%G", "/var/lib/holdfast/expected"]);
    expect(stdout).toBe("700 root:root");
    const asNobody = await node.exec(
        ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", ...entryPoint],
        {
            reject: false,
        },
    );
    expect([asNobody.exitCode, asNobody.stdout]).toEqual([1, expect.stringContaining('"nothing-expected"')]);
});
