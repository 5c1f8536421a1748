/** `holdfast rehearse --live`: what a node tells and sends of itself over a real sshd, and what stays there. */
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import execa from "execa";
import { Commands } from "../../cli/rehearse/interrupt";
import { fetchNode } from "../../cli/rehearse/fromNode";
import { parseFleet } from "../../components/fleet";
import { openBootCopy } from "../../host/bootCopy";
import type { ConnectOptions } from "../../host/connection";
import type { Lab, LabNode } from "../../lab";
import type { HostArgs } from "../../model/contract/fileSet";
import { openTestNode } from "../helpers/lab";
import { hostOf } from "../helpers/pushFileSet";

jest.setTimeout(300_000);

let lab: Lab;
let node: LabNode;
let host: HostArgs;
let connect: ConnectOptions;
let folder: string;

const canary = "/etc/holdfast-rehearsal-canary";

beforeAll(async () => {
    ({ lab, node } = await openTestNode(1));
    host = await hostOf(node);
    connect = {
        credentials: { privateKey: await readFile(lab.identityFile, "utf8") },
        allowUnknownHostKey: false,
        timeout: 20,
    };
    folder = await mkdtemp(join(tmpdir(), "holdfast-fetch-"));
    await node.exec([
        "sh",
        "-ec",
        `mkdir -p ${canary}/shut /usr/local/etc /srv/guests/images /boot
        echo open >${canary}/open; echo secret >${canary}/rootonly; chmod 600 ${canary}/rootonly
        echo secret >${canary}/shut/in; chmod 700 ${canary}/shut
        printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\\n' >${canary}/readable-key
        cp ${canary}/readable-key /usr/local/etc/readable-key
        echo image >/srv/guests/images/disk; echo log >/var/log/canary`,
    ]);
});
afterAll(async () => {
    await node.exec(["rm", "-rf", canary, "/usr/local/etc/readable-key", "/srv/guests", "/var/log/canary"]);
    await rm(folder, { recursive: true, force: true });
});

test("its system comes as a tar: what packages bring and what everybody may read, no key, no password, no data", async () => {
    const copy = await openBootCopy(host, connect);
    const file = join(folder, "system.tar");
    try {
        const { described } = copy;
        expect(described).toMatchObject({ hostname: node.name, port: 22 });
        expect(described.fetch.bytes).toBeGreaterThan(100 << 20);
        await copy.fetch(createWriteStream(file), 2 ** 32);
    } finally {
        copy.end();
    }
    const names = (await execa("tar", ["--list", "-f", file], { maxBuffer: 1 << 28 })).stdout.split("\n");
    const has = (path: string) => names.includes(path) || names.includes(`${path}/`);
    for (const path of [
        "etc/fstab",
        "etc/passwd",
        "usr/bin/bash",
        "etc/hosts",
        canary.slice(1) + "/open",
        "srv/guests/images",
        "var/log",
    ])
        expect([path, has(path)]).toEqual([path, true]);
    for (const path of [
        "etc/shadow",
        "etc/ssh/ssh_host_ed25519_key",
        "etc/ssh/ssh_host_ed25519_key.pub",
        "root/.ssh",
        "srv/guests/images/disk",
        "var/log/canary",
        "usr/local/etc/readable-key",
        ...["rootonly", "shut/in", "readable-key"].map((name) => `${canary.slice(1)}/${name}`),
    ])
        expect([path, has(path)]).toEqual([path, false]);
    expect(names.filter((name) => /^(?:home|proc|sys|dev|run|tmp)\/./.test(name))).toEqual([]);
});

test("a file that goes while the system is fetched is left out; one that cannot be read ends it, by name", async () => {
    const file = join(folder, "changing.tar");
    await node.exec(["sh", "-ec", `echo going >${canary}/going; echo broken >${canary}/broken`]);
    const copy = await openBootCopy(host, connect);
    await node.exec(["rm", `${canary}/going`]);
    await copy.fetch(createWriteStream(file), 2 ** 32).finally(() => copy.end());
    const { stdout } = await execa("tar", ["--list", "-f", file], { maxBuffer: 1 << 28 });
    const names = stdout.split("\n");
    expect(["open", "going"].map((name) => names.includes(`${canary.slice(1)}/${name}`))).toEqual([true, false]);

    const again = await openBootCopy(host, connect);
    // A loop of links cannot be looked at, as a disk that fails cannot be read.
    await node.exec(["sh", "-ec", `mv ${canary} ${canary}.kept; ln -s ${canary} ${canary}`]);
    try {
        await expect(again.fetch(createWriteStream(file), 2 ** 32)).rejects.toThrow(/its files broke off .*: tar: /);
    } finally {
        again.end();
        await node.exec(["sh", "-ec", `rm ${canary}; mv ${canary}.kept ${canary}`]);
    }
});

test("a node that moves is fetched from where it still answers", async () => {
    const nowhere = host.address.replace(/\d+$/, "199");
    const copy = await openBootCopy({ ...host, address: nowhere, former: host.address }, connect);
    expect(copy.described.hostname).toBe(node.name);
    copy.end();
});

test("a pmxcfs that hangs keeps nobody waiting: where other file systems are mounted nobody looks", async () => {
    // With the incident's /etc/hosts it does not start.
    await node.exec(["sh", "-ec", `cp /etc/hosts /tmp/hosts; sed -i 's/^127.0.1.1/${node.address}/' /etc/hosts`]);
    await node.exec(["systemctl", "restart", "pve-cluster"]);
    await node.exec(["pkill", "-STOP", "-x", "pmxcfs"]);
    const file = join(folder, "hung.tar");
    try {
        const copy = await openBootCopy(host, connect);
        await copy.fetch(createWriteStream(file), 2 ** 32).finally(() => copy.end());
    } finally {
        await node.exec(["sh", "-c", "pkill -CONT -x pmxcfs; cp /tmp/hosts /etc/hosts; systemctl stop pve-cluster"]);
    }
    const { stdout } = await execa("tar", ["--list", "-f", file], { maxBuffer: 1 << 28 });
    expect(stdout.split("\n").filter((name) => /^(?:etc\/(?:pve|fstab)|proc)(?:\/|$)/.test(name))).toEqual(
        expect.arrayContaining(["etc/pve/", "etc/fstab", "proc/"]),
    );
});

test("more than was spoken of is cut off", async () => {
    const copy = await openBootCopy(host, connect);
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    await expect(copy.fetch(nowhere, 1 << 20)).rejects.toThrow(
        `${node.name}: sends more than the 1048576 bytes it spoke of`,
    );
    copy.end();
});

test("a node without a kernel, one of another name, and one that nobody answers for are told apart, with what to do", async () => {
    const { nodes } = parseFleet({ nodes: { [node.name]: { address: node.address } } }, () => "").fleet!;
    const machine = { ...nodes[0]!, host };
    const fetching = { connect, folder, most: 2 ** 30, say: () => undefined };
    await expect(fetchNode(new Commands(), machine, fetching)).rejects.toThrow(
        `${node.name}: there is no kernel in its /boot, so it is a container`,
    );
    await expect(openBootCopy({ ...host, name: "pve99" }, connect)).rejects.toThrow(
        `pve99: the host at ${host.address} calls itself ${node.name}`,
    );
    await expect(openBootCopy({ ...host, port: 1 }, connect)).rejects.toThrow("refuses connections");
});
