/**
 * A node that somebody has taken over as root: what its program says is edited on the way out. What it may try, and
 * that each ends as that node's "could not tell", stands in tests/host/hostileNode.test.ts; here a real node does it to
 * a real engine.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Lab, LabNode } from "../../lab";
import { driftReport } from "../../cli/drift/report";
import { openTestLab } from "../helpers/lab";
import { PulumiProject } from "../helpers/pulumiProject";

jest.setTimeout(300_000);

/**
 * In place of the node's python3. `/run/hostile` is Python that may change `message`, or set `raw` to bytes to send
 * instead.
 */
const wrapper = (real: string) => `#!${real}
import json, os, subprocess, sys
if not any("holdfast" in word for word in sys.argv) or not os.path.exists("/run/hostile"):
    os.execv("${real}", ["/usr/bin/python3", *sys.argv[1:]])
child = subprocess.Popen(["${real}", *sys.argv[1:]], stdout=subprocess.PIPE)
said, out = child.stdout, sys.stdout.buffer
out.write(said.readline())
out.flush()
while head := said.readline():
    given = {"message": json.loads(said.read(int(head))), "raw": None}
    exec(open("/run/hostile").read(), given)
    data = json.dumps(given["message"]).encode()
    out.write(given["raw"] or b"%d\\n%s" % (len(data), data))
    out.flush()
`;
const signature = "4dabf18193072939515e22adb298388d";
const ofFacts = (value: string) => `
for each in message.get("observed", []):
    each["seen"]["facts"] = {name: ${value} for name in each["seen"]["facts"]}
`;

let lab: Lab;
let sound: LabNode;
let taken: LabNode;
let real: string;
let project: PulumiProject;
let listener: Server;
let visitors = 0;
const hostsBefore = new Map<LabNode, string>();

beforeAll(async () => {
    listener = createServer((_, answer) => {
        visitors++;
        answer.end("secret of the workstation");
    });
    await new Promise<void>((listening) => listener.listen(0, "127.0.0.1", listening));
    lab = await openTestLab();
    [sound, taken] = [lab.nodes[0]!, lab.nodes[1]!];
    real = (await taken.exec(["readlink", "-f", "/usr/bin/python3"])).stdout;
    for (const each of [sound, taken])
        hostsBefore.set(each, (await each.exec(["cat", "/etc/hosts"], { strip: false })).stdout);
    project = await PulumiProject.create(lab);
    const nodes = Object.fromEntries(
        await Promise.all(
            [sound, taken].map(async (node) => [
                node.name,
                {
                    address: node.address,
                    // In the incidents' state they would not boot, and what they say of it is not what is looked at
                    // here.
                    bootReadiness: false,
                    runbook: false,
                    ssh: { host: node.ssh.host, port: node.ssh.port, hostKey: await node.hostKey() },
                },
            ]),
        ),
    ) as object;
    await project.configure("hostile", { fleet: { domain: "example.test", takeOver: true, nodes } });
    await project.pulumi("stack", "init", "hostile");
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "hostile");
    await taken.exec(
        [
            "sh",
            "-c",
            "cat >/usr/bin/python3.hostile; chmod 755 /usr/bin/python3.hostile; mv /usr/bin/python3.hostile /usr/bin/python3",
        ],
        { input: wrapper(real) },
    );
});
afterAll(async () => {
    await taken.exec(["sh", "-c", `rm -f /run/hostile; ln -sfn ${real} /usr/bin/python3`]);
    for (const [each, input] of hostsBefore) await each.exec(["sh", "-c", "cat >/etc/hosts"], { input });
    listener.close();
    await project.remove();
});

/** What the state keeps of that node. */
async function known(): Promise<unknown> {
    const exported = JSON.parse(await project.pulumi("stack", "export", "--stack", "hostile")) as {
        deployment: { resources: { urn: string; inputs: unknown; outputs: unknown }[] };
    };
    return exported.deployment.resources
        .filter(({ urn }) => urn.includes(`::${taken.name}-`))
        .map(({ urn, inputs, outputs }) => ({ urn, inputs, outputs }));
}

async function says(edit: string): Promise<void> {
    await taken.exec(["sh", "-c", "cat >/run/hostile"], { input: edit });
}

test("untouched, the wrapper changes nothing", async () => {
    await says("");
    expect(await project.holdfast("drift")).toMatchObject({ exitCode: 0, stdout: "2 nodes: 2 clean\n" });
});

test.each([
    [
        "a fact that is an asset of the workstation",
        () => ofFacts(`{"${signature}": "c44067f5952c0a294b673a41bacd8c17", "path": "/etc/hostname"}`),
    ],
    [
        "a fact that is a URL on the workstation's loopback",
        () =>
            ofFacts(
                `{"${signature}": "c44067f5952c0a294b673a41bacd8c17", "uri": "http://127.0.0.1:${(listener.address() as AddressInfo).port}/"}`,
            ),
    ],
    [
        "a fact that is read for ever",
        () => ofFacts(`{"${signature}": "c44067f5952c0a294b673a41bacd8c17", "path": "/dev/zero"}`),
    ],
    ["a fact of 60 MB", () => ofFacts(`"x" * 60_000_000`)],
    ["a frame of 240 MB", () => `raw = b"%d\\n" % (240 << 20) + b"[" * (240 << 20)`],
    [
        "a file that nobody asked for, under a name that steers a terminal",
        () => `message["observed"][0]["seen"]["files"]["/etc/\\x1b[2J"] = {"kind": "absent"}`,
    ],
])("%s: that node is could not tell, the other is judged, and nothing is fetched", async (_, edit) => {
    const before = await known();
    await says(edit());
    const { exitCode, stdout } = await project.holdfast("drift", "--format", "json");
    expect(exitCode).toBe(1);
    const { nodes } = driftReport.parse(JSON.parse(stdout)).stacks[0]!;
    expect(nodes.map(({ name, status }) => `${name} ${status}`)).toEqual([
        `${sound.name} clean`,
        `${taken.name} unreachable`,
    ]);
    expect(nodes[1]!.reason).toContain(`${taken.name}: could not tell: the node `);
    expect(nodes[1]!.reason).not.toMatch(/\p{Cc}/u);
    expect(visitors).toBe(0);
    expect(await known()).toEqual(before);
});

test("an up --refresh stops before it has written, and keeps nothing of what was said", async () => {
    const before = await known();
    await says(ofFacts(`{"${signature}": "c44067f5952c0a294b673a41bacd8c17", "path": "/etc/hostname"}`));
    const { exitCode, output } = await project.runPulumi([
        "up",
        "--refresh",
        "--yes",
        "--skip-preview",
        "--stack",
        "hostile",
    ]);
    expect(exitCode).not.toBe(0);
    expect(output).toContain(`${taken.name}: could not tell: the node `);
    expect(await known()).toEqual(before);
});
