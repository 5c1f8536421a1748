/**
 * Changes of a running network, with real ifupdown2: whatever goes wrong, the node answers again within the window and
 * ten seconds, with the old network, and both sides say so in the same words.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readFile } from "node:fs/promises";
import { planNetworkInterfaces } from "../../components/interfaces/plan";
import { planNicNames } from "../../components/nicNames";
import { toConfirm } from "../../host/confirmation";
import type { NodeClient } from "../../host/nodeClient";
import type { Applied } from "../../host/push";
import type { Plan } from "../../host/observation";
import type { Lab, LabNode } from "../../lab";
import { initialFiles } from "../../lab/initialState";
import { answersSsh, bridgeNamespace, startForward, stopForward } from "../../lab/network";
import { runBound } from "../../vm/processes";
import type { ConfirmArgs } from "../../model/contract/fileSet";
import { clientOf, newId, push, type Push } from "../helpers/crashNode";
import { CuttingProxy } from "../helpers/cuttingProxy";
import { openTestNode, readNodeFile } from "../helpers/lab";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";
import { soak } from "../helpers/soak";

jest.setTimeout(180_000);

const path = "/etc/network/interfaces";
/** Seconds. Less than anybody may set: nothing here waits for a slow switch. */
const window = 8;

let lab: Lab;
let node: LabNode;
let sound: string;
let slot: number;
const clients: NodeClient[] = [];
/** Clients whose connection was cut for good: they go on asking for two minutes, while other tests run. */
const unheard: Promise<unknown>[] = [];

beforeAll(async () => {
    ({ lab, node } = await openTestNode(3));
    sound = initialFiles(node, [], "sound")[path]!;
    slot = Number(node.ssh.host.split(".")[2]);
});
beforeEach(async () => {
    await node.exec(["sh", "-c", `rm -f /usr/local/sbin/ifreload; cat >${path} && ifreload -a`], { input: sound });
});
afterEach(() => clients.splice(0).forEach((client) => client.end()));
afterAll(async () => {
    await Promise.all(unheard);
    await node.exec(["sh", "-c", `rm -f /usr/local/sbin/ifreload; cat >${path}; ifreload -a`], { input: sound });
});

// For the table in docs/network-changes.md: how long somebody who asks all the time is not answered.
if (soak > 1) {
    let watching: { stop(): Promise<number> };
    beforeEach(() => {
        watching = watchSilence();
    });
    afterEach(async () => {
        const name = expect.getState().currentTestName;
        console.log(`silent for ${(await watching.stop()).toFixed(1)} s at most: ${name}`);
    });
}

/** Asks a port on which nobody listens: a refusal is an answer, and sshd turns away who asks it ten times a second. */
const asking = `import socket, sys, time
while True:
    begun = time.time()
    try: socket.create_connection((sys.argv[1], 1), 1)
    except ConnectionRefusedError: print(time.time(), flush=True)
    except OSError: pass
    time.sleep(max(0, begun + 0.2 - time.time()))`;

/** `stop`: the longest time without an answer, in seconds. */
function watchSilence(): { stop(): Promise<number> } {
    const netns = `--net=/run/netns/${bridgeNamespace(slot)}`;
    const asker = spawn("nsenter", [netns, "python3", "-c", asking, node.address], {
        stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    asker.stdout.on("data", (data: Buffer) => (said += data.toString()));
    const ended = new Promise<void>((resolve) => asker.once("close", () => resolve()));
    return {
        async stop() {
            asker.kill();
            await ended;
            const times = said.trim().split("\n").map(Number);
            if (times.length < 2) throw new Error(`${node.name} never answered`);
            return Math.max(...times.slice(1).map((at, index) => at - times[index]!));
        },
    };
}

async function client(): Promise<NodeClient> {
    const made = await clientOf(lab, node);
    clients.push(made);
    return made;
}

/** What the node is told has to hold; confirmed by nobody unless `by` says so. */
function confirmation(more: Partial<ConfirmArgs> = {}): ConfirmArgs {
    return { window, addresses: [], peers: [], probes: [], ...more };
}
const byNobody = (more?: Partial<ConfirmArgs>): Plan["confirm"] => ({ ...confirmation(more), token: "0".repeat(64) });

async function change(content: string, more: Partial<Push> = {}): Promise<Applied> {
    return push(await client(), { files: { [path]: content }, confirm: toConfirm(confirmation()), ...more });
}

/** As the node's own record tells it. */
async function record(): Promise<string> {
    const shown = await node.exec(["python3", "/usr/local/lib/holdfast/current/main.py", "change"]);
    return shown.stdout.split("\n")[0]!;
}

async function addresses(): Promise<string> {
    return (await node.exec(["sh", "-c", "ip -o -4 address show dev vmbr0 | awk '{print $4}'"])).stdout;
}

/** Waits until the node answers, for so many seconds at most; returns how many it took. */
async function untilReachable(seconds: number): Promise<number> {
    const start = performance.now();
    while (performance.now() - start < seconds * 1000) {
        if (await answersSsh(node.ssh.host, node.ssh.port)) return (performance.now() - start) / 1000;
        await delay(200);
    }
    throw new Error(`${node.name} did not answer within ${seconds} s: ${await addresses()}\n${await record()}`);
}

/** Nothing is under way any more: neither a transaction, nor a confirmation that is waited for, nor a revert. */
async function untilDecided(): Promise<void> {
    const quiet =
        "test -z \"$(ls -A /etc/holdfast/journal)\" && ! systemctl is-active -q 'holdfast-transaction-*' 'holdfast-revert-*'";
    for (let tries = 0; tries < (window + 20) * 2; tries++) {
        await delay(500);
        if ((await node.exec(["sh", "-c", quiet], { reject: false })).exitCode === 0) return;
    }
    throw new Error(`nothing is decided: ${await record()}`);
}

async function expectOld(): Promise<void> {
    expect(await readNodeFile(node, path)).toBe(sound.replace(/\n$/, ""));
    expect(await addresses()).toBe(`${node.address}/24`);
    const left = await node.exec([
        "sh",
        "-c",
        "ls -A /etc/holdfast/journal; systemctl list-timers --all --no-legend 'holdfast-revert-*'",
    ]);
    expect(left.stdout).toBe("");
}

/** Packets from and to the node are lost, and its link stays up. */
async function blackHole(isOn: boolean): Promise<void> {
    const set = isOn ? ["nomaster"] : ["master", "br0"];
    await runBound("ip", ["-n", bridgeNamespace(slot), "link", "set", node.name, ...set]);
}

/** Stands before the real one in the node's PATH; `$n` counts its calls. */
async function fakeIfreload(script: string): Promise<void> {
    const text = `#!/bin/sh\nn=$(($(cat /run/ifreload-calls 2>/dev/null || echo 0)+1)); echo $n >/run/ifreload-calls\n${script}\n`;
    await node.exec(
        ["sh", "-c", "rm -f /run/ifreload-calls; cat >/usr/local/sbin/ifreload; chmod 755 /usr/local/sbin/ifreload"],
        { input: text },
    );
}

const other = () => sound.replace(`${node.address}/24`, "192.0.2.99/24");
const second = () => `${sound}\nauto vmbr1\niface vmbr1 inet static\n\taddress 198.51.100.1/24\n\tbridge-ports none\n`;

test("a good change is confirmed over a new connection, stays, and the revert is disarmed", async () => {
    // Longer than the others': it is the node's first push, and the machine may be busy.
    const patient = confirmation({ window: 2 * window });
    const { result } = await change(second(), { confirm: toConfirm(patient) });
    expect(result).toMatchObject({ outcome: "applied", change: { outcome: "confirmed" } });
    expect((await node.exec(["ip", "-br", "address", "show", "vmbr1"])).stdout).toContain("198.51.100.1/24");
    expect(await record()).toContain("CONFIRMED: test@workstation's change of the network");
    await delay(2 * window * 1000);
    expect(await readNodeFile(node, path)).toBe(second().replace(/\n$/, ""));
    expect(
        (
            await node.exec([
                "sh",
                "-c",
                "ls -A /etc/holdfast/journal; systemctl list-timers --all --no-legend 'holdfast-revert-*'",
            ])
        ).stdout,
    ).toBe("");
    await node.exec(["ip", "link", "delete", "vmbr1"]);
});

test("apply: reload in a stack: a good file is confirmed, one without the node's address is an error in typed words", async () => {
    const pushed = async (content: string) =>
        pushFileSet(
            lab,
            planNetworkInterfaces({
                host: await hostOf(node),
                node,
                settings: { file: { path: "nodes/pve03/interfaces", content }, reload: { window: 60, probes: [] } },
            }),
        );
    const state = await pushed(second());
    expect(state.files[path]).toMatchObject({ content: second() });
    expect((await node.exec(["ip", "-br", "address", "show", "vmbr1"])).stdout).toContain("198.51.100.1/24");
    await expect(
        pushed(`${second()}\taddress 198.51.100.2/24\n\tpost-up ip address del ${node.address}/24 dev vmbr0\n`),
    ).rejects.toThrow(
        new RegExp(
            `^${node.name}: the change of the network is reverted: .*own address ${node.address}: it is on no link`,
        ),
    );
    expect(await readNodeFile(node, path)).toBe(second().replace(/\n$/, ""));
    expect(await addresses()).toBe(`${node.address}/24`);
    await node.exec(["ip", "link", "delete", "vmbr1"]);
});

test("a new address that the client cannot reach: the node is back within the window and 10 s, and both say so", async () => {
    const id = newId();
    const { result } = await change(other(), { id });
    expect(result).toMatchObject({
        outcome: "failed",
        code: "not-confirmed",
        undone: { state: "complete" },
        change: { code: "not-confirmed", client: "test@workstation", failed: [], differs: [] },
    });
    // The client comes back as soon as the old address answers, which is after the revert: its confirmation is late.
    expect(["reverted", "too late"]).toContain(result.change!.outcome);
    expect(await record()).toContain(
        `${result.change!.outcome.toUpperCase()}: test@workstation's change of the network (transaction ${id}): nobody confirmed it within ${window} s`,
    );
    await expectOld();
});

test("an address that answered the client before the change, and does not after it, is not confirmed", async () => {
    const at = node.ssh.host.replace(/\d+$/, "98");
    await startForward(slot, `${process.pid}-second`, { host: at, port: node.ssh.port }, "192.0.2.98:22");
    try {
        const two = sound.replace(`${node.address}/24`, (own) => `${own}\n\taddress 192.0.2.98/24`);
        await node.exec(["sh", "-c", `cat >${path} && ifreload -a`], { input: two });
        const events: string[] = [];
        const { result } = await change(sound, {
            confirm: toConfirm(confirmation({ addresses: [at] })),
            on: ({ message }) => events.push(message),
        });
        expect(events.join("\n")).toContain(`not confirmed yet: ${at} answered here before the change`);
        expect(result).toMatchObject({ outcome: "failed", code: "not-confirmed" });
        expect(["reverted", "too late"]).toContain(result.change?.outcome);
        expect(await addresses()).toBe(`${node.address}/24\n192.0.2.98/24`);
        const later = await change(`${two}\nauto vmbr1\niface vmbr1 inet manual\n\tbridge-ports none\n`, {
            confirm: toConfirm(confirmation({ addresses: [at, "192.0.2.97"] })),
        });
        expect(later.result.change?.outcome).toBe("confirmed");
    } finally {
        await stopForward(`${process.pid}-second`);
        await node.exec(["sh", "-c", "ip link delete vmbr1; ip address del 192.0.2.98/24 dev vmbr0; true"]);
    }
});

test("what was confirmed survives a reboot", async () => {
    expect((await change(second())).result.change?.outcome).toBe("confirmed");
    await node.stop();
    await node.start();
    expect(await readNodeFile(node, path)).toBe(second().replace(/\n$/, ""));
    expect((await node.exec(["ip", "-br", "address", "show", "vmbr1"])).stdout).toContain("198.51.100.1/24");
    expect(await record()).toContain("CONFIRMED");
    await node.exec(["ip", "link", "delete", "vmbr1"]);
});

test("a confirmation that meets the revert's timer has one outcome, and the files, the network and both sides agree on it", async () => {
    const told: string[] = [];
    for (let round = 0; round < (soak > 1 ? 40 : 6); round++) {
        const short = 2 + Math.random() * 2;
        const { result } = await change(second(), { confirm: toConfirm(confirmation({ window: short })) });
        await untilDecided();
        const outcome = result.change!.outcome;
        const isNew = (await readNodeFile(node, path)).includes("vmbr1");
        const runs = (await node.exec(["ip", "link", "show", "vmbr1"], { reject: false })).exitCode === 0;
        expect({ outcome, isNew, runs, record: await record() }).toEqual({
            outcome: expect.stringMatching(isNew ? "confirmed" : /^(?:reverted|too late)$/) as string,
            isNew,
            runs: isNew,
            record: expect.stringContaining(outcome.toUpperCase()) as string,
        });
        told.push(outcome);
        await node.exec(["sh", "-c", `cat >${path}; ifreload -a; ip link delete vmbr1 2>/dev/null || true`], {
            input: sound,
        });
    }
    console.log(`confirmations that met the timer: ${told.join(", ")}`);
});

describe("another address for the node itself", () => {
    const moved = "192.0.2.99";
    const mark = `${process.pid}-moved`;
    let at: string;
    beforeAll(async () => {
        at = node.ssh.host.replace(/\d+$/, "99");
        await startForward(slot, mark, { host: at, port: node.ssh.port }, `${moved}:22`);
    });
    afterAll(() => stopForward(mark));

    async function move(content: string, host: { readonly address: string; readonly former: string }) {
        const made = await clientOf(lab, node, host);
        clients.push(made);
        return push(made, { files: { [path]: content }, confirm: toConfirm(confirmation({ window: 40 })) });
    }

    test("is begun over the former one and confirmed over the new one, and so is the way back", async () => {
        const there = await move(other(), { address: at, former: node.ssh.host });
        expect(there.result).toMatchObject({ outcome: "applied", change: { outcome: "confirmed" } });
        expect(await addresses()).toBe(`${moved}/24`);
        const back = await move(sound, { address: node.ssh.host, former: at });
        expect(back.result).toMatchObject({ outcome: "applied", change: { outcome: "confirmed" } });
        await expectOld();
    });

    test("is reverted where only the former one answers", async () => {
        const made = await clientOf(lab, node, { address: at, former: node.ssh.host });
        clients.push(made);
        const { result } = await push(made, { files: { [path]: second() }, confirm: toConfirm(confirmation()) });
        expect(result).toMatchObject({ outcome: "failed", code: "not-confirmed" });
        expect(["reverted", "too late"]).toContain(result.change?.outcome);
        await expectOld();
    });

    test("power cut while nobody can confirm: told by the former one, not waited for until the new one answers", async () => {
        const nowhere = node.ssh.host.replace(/\d+$/, "97");
        const made = await clientOf(lab, node, { address: nowhere, former: node.ssh.host });
        clients.push(made);
        let down: Promise<void> | undefined;
        const cut = async () => {
            await node.kill();
            await node.start();
        };
        const { result, trouble } = await push(made, {
            files: { [path]: second() },
            confirm: toConfirm(confirmation()),
            on: ({ phase }) => {
                if (phase === "confirm") down ??= cut();
            },
        });
        await down;
        expect(result).toMatchObject({ code: "went-down", change: { outcome: "reverted" } });
        expect(trouble).toContain(`no new connection yet: `);
        await expectOld();
    });

    test("is no way to another machine", async () => {
        const stranger = lab.nodes[1]!.ssh.host;
        const made = await clientOf(lab, node, { address: stranger, former: node.ssh.host });
        clients.push(made);
        await expect(push(made, { files: { [path]: second() } })).rejects.toThrow(/host key/);
        await expectOld();
    });
});

test("the connection cut at a random moment: reachable afterwards, and the record says with which network", async () => {
    const seen: Record<string, number> = {};
    for (let round = 0; round < (soak > 1 ? 50 : 10); round++) {
        const proxy = await CuttingProxy.start(node.ssh);
        const made = await clientOf(lab, node, { address: "127.0.0.1", port: proxy.port });
        const pushed = push(made, { files: { [path]: second() }, confirm: toConfirm(confirmation()) }).catch(
            (error: unknown) => error as Error,
        );
        await delay(300 + Math.random() * window * 1000);
        proxy.stop();
        await untilDecided();
        await untilReachable(6);
        const isNew = (await readNodeFile(node, path)).includes("vmbr1");
        const runs = (await node.exec(["ip", "link", "show", "vmbr1"], { reject: false })).exitCode === 0;
        const told = (await record()).split(" ").find((word) => /^[A-Z]{5,}:?$/.test(word)) ?? "nothing";
        expect({ isNew, runs, told }).toEqual({
            isNew,
            runs: isNew,
            told: expect.stringMatching(isNew ? "CONFIRMED" : /^(?:REVERTED|nothing)/) as string,
        });
        seen[told] = (seen[told] ?? 0) + 1;
        made.end();
        unheard.push(pushed);
        await node.exec(
            [
                "sh",
                "-c",
                `rm -f /var/lib/holdfast/results/*; cat >${path}; ifreload -a; ip link delete vmbr1 2>/dev/null || true`,
            ],
            { input: sound },
        );
    }
    console.log(`cut at a random moment: ${JSON.stringify(seen)}`);
}, 1_500_000);

test("the node's own address is gone: its own checks revert at once, without waiting for the window", async () => {
    const { result } = await change(other(), {
        confirm: toConfirm(confirmation({ window: 600, addresses: [node.address] })),
    });
    expect(result).toMatchObject({
        outcome: "failed",
        code: "checks-failed",
        change: {
            outcome: "reverted",
            failed: [{ subject: `own address ${node.address}`, text: `own address ${node.address}: it is on no link` }],
        },
    });
    await expectOld();
});

test("the client killed right after the commit: the node is back by itself", async () => {
    const child = spawn("node", ["-r", "./toolchain/loadTypeScript", "tests/helpers/changeClient.ts"], {
        cwd: join(__dirname, "../.."),
        stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin.end(
        JSON.stringify({
            host: await hostOf(node),
            privateKey: await readFile(lab.identityFile, "utf8"),
            files: { [path]: second() },
            confirm: confirmation(),
        }),
    );
    for await (const line of child.stdout) if (String(line).includes("ifreload")) break;
    child.kill("SIGKILL");
    await delay((window + 10) * 1000);
    expect(await record()).toContain("REVERTED");
    await untilReachable(1);
    await expectOld();
});

test("the connection black-holed: reverted, and told to the client when it is reachable again", async () => {
    let lifted: Promise<void> | undefined;
    const { result } = await change(second(), {
        on: ({ phase, message }) => {
            if (phase !== "verify" || lifted) return;
            if (message.startsWith("what worked"))
                lifted = blackHole(true)
                    .then(() => delay((window + 6) * 1000))
                    .then(() => blackHole(false));
        },
    });
    await lifted;
    expect(result.outcome).toBe("failed");
    expect(["reverted", "too late"]).toContain(result.change?.outcome);
    expect(await record()).toContain(result.change!.outcome.toUpperCase());
    await untilReachable(10);
    await expectOld();
});

test.each([
    ["power cut", () => node.kill()],
    ["reboot", () => node.stop()],
])("%s inside the window: the next boot has the old network", async (_, goDown) => {
    const id = newId();
    let down: Promise<unknown> | undefined;
    const { result } = await change(
        other()
            .replace("192.0.2.99", node.address)
            .concat("\nauto vmbr1\niface vmbr1 inet manual\n\tbridge-ports none\n"),
        {
            id,
            confirm: byNobody({ window: 600 }),
            on: ({ phase, message }) => {
                if (phase === "confirm" && message.startsWith("waiting")) down ??= goDown().then(() => node.start());
            },
        },
    );
    await down;
    expect(result).toMatchObject({
        outcome: "failed",
        code: "went-down",
        change: { outcome: "reverted", code: "went-down" },
    });
    expect(await record()).toContain(
        `REVERTED: test@workstation's change of the network (transaction ${id}): the node went down`,
    );
    await expectOld();
});

test("a port that is not in its bridge though the reload said 0", async () => {
    await node.exec([
        "sh",
        "-c",
        "ip link add port1 type veth peer name port2; ip link set port1 up; ip link set port2 up",
    ]);
    await fakeIfreload(`/usr/sbin/ifreload "$@"; ip link set port1 nomaster; exit 0`);
    const { result } = await change(sound.replace("bridge-ports enp1s0", "bridge-ports enp1s0 port1"));
    expect(result).toMatchObject({
        code: "checks-failed",
        change: { outcome: "reverted", failed: [{ text: "port port1 of vmbr0: it is a port of nothing" }] },
    });
    await node.exec(["ip", "link", "delete", "port1"]);
    await expectOld();
});

test("the first reload of the revert fails: it is tried again", async () => {
    await fakeIfreload(`[ $n = 2 ] && { echo "error: another instance" >&2; exit 1; }; exec /usr/sbin/ifreload "$@"`);
    const { result } = await change(other(), { confirm: toConfirm(confirmation({ addresses: [node.address] })) });
    expect(result.change).toMatchObject({ outcome: "reverted", differs: [] });
    expect((await node.exec(["cat", "/run/ifreload-calls"])).stdout).toBe("3");
    await expectOld();
});

test("the revert itself fails: stuck, with what stands and what to type at the console, which helps", async () => {
    await fakeIfreload(`[ $n = 1 ] && exec /usr/sbin/ifreload "$@"; ip link delete vmbr0; exit 1`);
    const done = change(other(), { confirm: toConfirm(confirmation({ addresses: [node.address] })) });
    let told = "";
    for (let tries = 0; tries < 60 && !told.includes("STUCK"); tries++) {
        await delay(1000);
        told = await record().catch(() => "");
    }
    expect(told).toContain("STUCK");
    const all = (await node.exec(["python3", "/usr/local/lib/holdfast/current/main.py", "change"])).stdout;
    const command = /at the console: (.*)/.exec(all)![1]!;
    await node.exec(["rm", "/usr/local/sbin/ifreload"]);
    expect((await node.exec(["sh", "-c", command])).stdout).toContain("STUCK");
    await untilReachable(10);
    const { result } = await done;
    expect(result).toMatchObject({ outcome: "stuck", change: { outcome: "stuck", console: command } });
    expect(result.change!.differs.map(({ text }) => text)).toContain(
        `address ${node.address}/24 on vmbr0: there is no such link`,
    );
    await expectOld();
});

test("no default gateway, no peer, no probe that ever worked: nothing of it keeps a change from being confirmed", async () => {
    const without = sound.replace(/\tgateway .*\n/g, "");
    await node.exec(["sh", "-c", `cat >${path} && ifreload -a`], { input: without });
    const probes = [{ ping: "192.0.2.77" }, { tcp: "192.0.2.77:53" }, { resolve: "nowhere.example.test" }];
    const confirm = toConfirm(confirmation({ window: 60, peers: ["192.0.2.78"], probes }));
    const { result } = await change(without.concat("\nauto vmbr1\niface vmbr1 inet manual\n\tbridge-ports none\n"), {
        confirm,
    });
    expect(result.change?.outcome).toBe("confirmed");
    await node.exec(["ip", "link", "delete", "vmbr1"]);
});

test("a probe that worked before and not after reverts at once", async () => {
    const probes = [{ ping: "192.0.2.1" }];
    const lost = sound.replace(
        "iface vmbr0 inet static",
        "iface vmbr0 inet static\n\tpost-up ip route replace blackhole 192.0.2.1/32\n\tpre-down true",
    );
    const { result } = await change(lost, { confirm: toConfirm(confirmation({ window: 600, probes })) });
    await node.exec(["sh", "-c", "ip route delete blackhole 192.0.2.1/32 2>/dev/null || true"]);
    expect(result.change).toMatchObject({ outcome: "reverted", code: "checks-failed" });
    expect(result.change!.failed.map(({ subject }) => subject)).toContain("probe ping 192.0.2.1");
});

test("a second change beside one that waits is refused, and told whose it is; other work waits", async () => {
    let waiting!: () => void;
    const waits = new Promise<void>((resolve) => (waiting = resolve));
    const first = change(second(), { confirm: byNobody(), on: ({ phase }) => phase === "confirm" && waiting() });
    await waits;
    await expect(change(other())).rejects.toThrow(
        /nothing was begun beside test@workstation's change of the network \(transaction [0-9a-f]{16}\), which waits for its confirmation for \d+ s at most/,
    );
    const events: string[] = [];
    const beside = push(await client(), {
        files: { "/etc/holdfast-test": "1\n" },
        on: ({ message }) => events.push(message),
    });
    expect((await beside).result.outcome).toBe("applied");
    expect(events.join("\n")).toContain("waiting for test@workstation's change of the network");
    expect((await first).result.change?.outcome).toBe("reverted");
    await node.exec(["rm", "/etc/holdfast-test"]);
    await expectOld();
});

test("a confirmation by somebody who did not begin the change is refused, and the change is reverted", async () => {
    const begun = byNobody();
    const mine = toConfirm(confirmation());
    const events: string[] = [];
    const { result } = await change(second(), {
        confirm: Object.assign(mine, { token: begun!.token }),
        on: ({ message }) => events.push(message),
    });
    expect(events.join("\n")).toContain("only who began it can confirm it");
    expect(result.change?.outcome).toBe("reverted");
    await expectOld();
});

describe("a card's name", () => {
    const folders = ["/etc/systemd/network", "/usr/local/lib/systemd/network"];
    const theirs = "/usr/local/lib/systemd/network/50-pve-enp1s0.link";
    const ours = "/etc/systemd/network/10-holdfast-enp1s0.link";
    let mac: string;
    const files = async () => (await node.exec(["find", ...folders, "-name", "*.link"])).stdout.split("\n").sort();
    const pinned = async (nics: Readonly<Record<string, string | false>>) =>
        pushFileSet(lab, planNicNames({ host: await hostOf(node), node, settings: { nics } }));

    beforeAll(async () => {
        mac = (await node.exec(["cat", "/sys/class/net/enp1s0/address"])).stdout;
        await node.exec(["mkdir", "-p", ...folders]);
        await node.exec(["sh", "-c", `echo '# mine' >/etc/systemd/network/10-mine.link`]);
    });
    afterAll(async () => node.exec(["rm", "-f", ours, theirs, "/etc/systemd/network/10-mine.link"]));

    test("is pinned by its address, taken away again, and what others wrote stays as it is", async () => {
        expect((await pinned({ enp1s0: mac })).observed.facts).toEqual({ "card enp1s0": "pinned" });
        expect(await readNodeFile(node, ours)).toContain(`PermanentMACAddress=${mac}\n\n[Link]\nName=enp1s0`);
        await pinned({ enp1s0: false });
        expect(await files()).toEqual(["/etc/systemd/network/10-mine.link"]);
        await expect(pinned({ lan0: "02:00:5e:10:00:77" })).rejects.toThrow(
            new RegExp(`no card here is lan0 \\(02:00:5e:10:00:77\\): enp1s0 has ${mac}`),
        );
    });

    test("that Proxmox has pinned gets no second pin, and no other name: that is drift", async () => {
        await node.exec(["sh", "-c", `printf '[Match]\nMACAddress=${mac}\n[Link]\nName=enp1s0\n' >${theirs}`]);
        expect(await pinned({ enp1s0: mac })).toMatchObject({
            files: { [ours]: { skipped: true } },
            observed: { facts: { "card enp1s0": "pinned" } },
        });
        expect((await pinned({ lan0: mac })).observed.facts).toEqual({ "card lan0": `pinned as enp1s0 by ${theirs}` });
        expect(await files()).toEqual(["/etc/systemd/network/10-mine.link", theirs]);
    });
});
