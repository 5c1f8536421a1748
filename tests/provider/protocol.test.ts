/** The plugin over gRPC, as the engine speaks to it. No node is there: whoever would contact one fails. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { referTo } from "../../model/contract/ownProgram";
import { programText } from "../../programs";
import { executable, Plugin, secret, unknown, urn, type Failed } from "../helpers/plugin";
import { keyPair } from "../helpers/talkingNode";

const sound = "127.0.0.1 localhost\n192.0.2.11 pve01.example.test pve01\n";
const host = {
    name: "pve01",
    address: "127.0.0.1",
    port: 1,
    user: "root",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILRZHS+g9MVPDHYKwG2rjsCgAqpEniuRTvg4Sj9W217r",
};
const file = { content: sound, mode: "0644", owner: "root", group: "root" };
const args = {
    host,
    concern: "hosts",
    files: { "/etc/hosts": file },
    node: { name: "pve01", domain: "example.test", address: "192.0.2.11" },
};
const state = { ...args, observed: { facts: {} } };

/** Shared by tests that leave it as it was; `fresh` groups get one for each test. */
let plugin: Plugin;
let started: Plugin | undefined;
/** Stands where sshd would, counts who comes, and never answers. */
let listener: Server;
let visitors = 0;
const sockets = new Set<Socket>();

beforeAll(async () => {
    listener = createServer((socket) => {
        visitors++;
        sockets.add(socket);
        socket.on("error", () => undefined);
    }).listen(0, "127.0.0.1");
    await once(listener, "listening");
    host.port = (listener.address() as { port: number }).port;
});
afterAll(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
});
beforeEach(async () => {
    visitors = 0;
    plugin = started ??= await Plugin.start({
        SSH_AUTH_SOCK: "",
        HOLDFAST_SSH_CONFIG: "/dev/null",
        HOLDFAST_IDENTITY_FILE: "/nonexistent",
    });
    plugin.forgetLog();
});
const fresh = (): void => {
    afterEach(stopPlugin);
};
afterAll(stopPlugin);

async function stopPlugin(): Promise<void> {
    await started?.stop();
    started = undefined;
}

describe("start and configuration", () => {
    fresh();
    test("answers handshake, attach and configure, and takes secrets and previews", async () => {
        expect((await plugin.handshake()).getAcceptSecrets()).toBe(true);
        await plugin.attach();
        expect(await plugin.configure({ fleet: JSON.stringify({ nodes: {} }) })).toMatchObject({
            acceptsecrets: true,
            supportspreview: true,
        });
    });

    test("passes the configuration through, and never asks for a replacement for it", async () => {
        const config = { fleet: JSON.stringify({ domain: "example.test" }), privateKey: secret("old") };
        expect(await plugin.checkConfig(config)).toEqual(config);
        expect(await plugin.diffConfig(config, { ...config, privateKey: secret("new") })).toMatchObject({
            changes: 1,
            replacesList: [],
        });
    });

    test("refuses a timeout that is none, by its name", async () => {
        await expect(plugin.configure({ connectTimeout: "soon" })).rejects.toThrow(
            "holdfast:connectTimeout: expected seconds between 1 and 600, got soon",
        );
    });

    test("refuses a resource type that is not its own, in Check and in an import", async () => {
        await expect(plugin.check(args, {}, urn.replace("FileSet", "Other"))).rejects.toThrow(
            "has the resource types holdfast:host:FileSet and holdfast:proxmox:Object",
        );
    });
});

describe("Check", () => {
    test("fills in mode, owner and group", async () => {
        const { inputs, failures } = await plugin.check({ ...args, files: { "/etc/hosts": { content: sound } } });
        expect(failures).toEqual({});
        expect(inputs).toEqual(args);
    });

    test("reports every fault at once, each under its property", async () => {
        const { failures } = await plugin.check({
            ...args,
            host: { ...host, port: 99999, hostKey: "none", user: "-oProxyCommand=true" },
            files: {
                "/etc/hosts": { content: sound, mode: "644" },
                "/etc/fstab": { content: "/dev/sdb1 /srv ext4 defaults 0 2\n" },
                "etc/../passwd": { content: "x\n" },
                "/etc/both": { content: "x\n", absent: true },
            },
            units: { "--now.service": { active: true } },
            validate: [{ argv: [] }],
            surprise: true,
        });
        expect(Object.keys(failures).sort()).toEqual(
            [
                "",
                "host.port",
                "host.hostKey",
                "host.user",
                'files["/etc/hosts"].mode',
                'files["/etc/fstab"]',
                'files["etc/../passwd"]',
                'files["/etc/both"]',
                'units["--now.service"]',
                "validate[0].argv",
            ].sort(),
        );
        expect(failures['files["etc/../passwd"]']).toBe("expected an absolute path without . or .. parts");
        expect(failures['files["/etc/fstab"]']).toMatch(/^\/etc\/fstab:1:1: .*\/dev\/sdb1.*\[[a-z-]+\]$/);
    });

    test("judges how a node is reached as the stack's config does", async () => {
        const proxy = { host: "[2001:db8::5]:22", port: 22, user: "Jump" };
        const { failures } = await plugin.check({
            ...args,
            host: { ...host, address: "192.0.2.300", hostKey: host.hostKey.slice(0, -4), proxy },
        });
        expect(failures).toEqual({
            "host.address": expect.stringContaining("expected a valid IPv4 address"),
            "host.hostKey": expect.stringContaining("cut short or damaged"),
            "host.proxy.host": "expected an address without brackets: write 2001:db8::5, and port: 22 beside it",
            "host.proxy.user": "expected a user name",
        });
    });

    test("refuses incident A's line and incident B's line", async () => {
        const stray =
            "27: enx60a4b758ba5b: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast master ovs-system state UP\n";
        const hosts = await plugin.check({
            ...args,
            files: { "/etc/hosts": { content: "127.0.0.1 localhost\n127.0.1.1 pve01.example.test pve01\n" } },
        });
        expect(hosts.failures['files["/etc/hosts"]']).toContain("/etc/hosts:2:30: The node's own name");
        const interfaces = await plugin.check({
            ...args,
            concern: "interfaces",
            files: { "/etc/network/interfaces": { content: `auto lo\niface lo inet loopback\n\n${stray}` } },
        });
        expect(interfaces.failures['files["/etc/network/interfaces"]']).toMatch(/\[stray-line\]/);
    });

    test("refuses a secret in a command: the process list and the node's log would show it", async () => {
        const { failures } = await plugin.check({ ...args, verify: [{ argv: ["login", secret("swordfish")] }] });
        expect(Object.entries(failures)).toEqual([
            ["verify[0].argv[1]", expect.stringContaining("Put it into a file of the FileSet")],
        ]);
    });

    test("shows control characters of what it refuses: the terminal is not to be steered by a file", async () => {
        const content =
            "auto lo\niface lo inet loopback\n\nauto eno1\niface eno1 inet static\n\taddress 192.0.2.11/24\n\tgateway \x1b]0;owned\x07\n";
        const { failures } = await plugin.check({
            ...args,
            concern: "interfaces",
            files: { "/etc/network/interfaces": { content } },
        });
        expect(failures['files["/etc/network/interfaces"]']).toContain("\\x1b]0;owned\\x07");
        expect(failures['files["/etc/network/interfaces"]']).not.toContain("\x1b");
    });

    test("lets values pass that are not known yet, and checks their neighbours all the same", async () => {
        const { inputs, failures } = await plugin.check({
            ...args,
            host: { ...host, address: unknown, port: unknown },
            packages: unknown,
            files: {
                "/etc/hosts": { content: unknown, mode: unknown },
                "/etc/motd": unknown,
                "/etc/issue": { content: "x\n", mode: "999" },
            },
        });
        expect(failures).toEqual({ 'files["/etc/issue"].mode': 'expected four octal digits, "0644"' });
        expect(inputs).toMatchObject({
            files: { "/etc/hosts": { content: unknown, mode: unknown, owner: "root" }, "/etc/motd": unknown },
        });
    });

    test("keeps secrets wrapped, and out of the reasons", async () => {
        const content = "password=correct-horse-battery\n127.0.1.1 pve01\n";
        const { inputs, failures } = await plugin.check({
            ...args,
            files: { "/etc/hosts": { content: secret(content) } },
        });
        expect(inputs).toMatchObject({ files: { "/etc/hosts": { content: secret(content), mode: "0644" } } });
        expect(Object.values(failures).join()).toContain("/etc/hosts:2:11: The node's own name");
        expect(Object.values(failures).join()).not.toContain("correct-horse");
    });

    test("warns of what an import found on the node, in words that do not stop it", async () => {
        const live = {
            ...args,
            imported: true,
            files: {
                "/etc/hosts": { ...file, content: "127.0.0.1 localhost\n127.0.1.1 pve01\n" },
                "/etc/x": { skipped: true, when: "/etc/y" },
                "/etc/link": { instead: "symlink to /etc/z" },
            },
        };
        expect((await plugin.check(live, live)).failures).toEqual({});
        expect(plugin.logged).toContainEqual(
            expect.stringContaining("stands on the node: /etc/hosts:2:11: The node's own name"),
        );
    });

    test("takes `imported` from no program: it switches no lint off", async () => {
        const { failures } = await plugin.check({
            ...args,
            imported: true,
            files: { "/etc/hosts": { content: "127.0.1.1 pve01\n" } },
        });
        expect(Object.keys(failures)).toEqual(expect.arrayContaining(["", 'files["/etc/hosts"]']));
    });

    test.each([
        ["host.address", { host: { ...host, address: "-oProxyCommand=touch /tmp/pwned" } }],
        ["host.user", { host: { ...host, user: "$(touch /tmp/pwned)" } }],
        ["host.name", { host: { ...host, name: "$(touch /tmp/pwned)" } }],
        ["host.proxy.host", { host: { ...host, proxy: { host: "-oProxyCommand=touch" } } }],
        ["concern", { concern: "../../tmp/pwned" }],
        ["packages[0]", { packages: ["$(touch /tmp/pwned)"] }],
        ["packages[0]", { packages: ["-o=Dpkg::Pre-Invoke::=touch"] }],
        ['units["a.service; touch b.service"]', { units: { "a.service; touch b.service": { active: true } } }],
        ['files["/etc/a"].owner', { files: { "/etc/a": { content: "x\n", owner: "$(id)" } } }],
        ['files["/etc/a"].when', { files: { "/etc/a": { content: "x\n", when: "/etc/../$(id)\n" } } }],
        ["verify[0].argv[1]", { verify: [{ argv: ["cat", "/etc/hosts\0/etc/shadow"] }] }],
    ])("refuses a hostile %s", async (property, hostile) => {
        expect(Object.keys((await plugin.check({ ...args, ...hostile })).failures)).toEqual([property]);
    });

    test("refuses another node or concern under the same name", async () => {
        const { failures } = await plugin.check({ ...args, host: { ...host, name: "pve02" }, concern: "fstab" }, args);
        expect(Object.keys(failures)).toEqual(["host.name", "concern"]);
    });
});

describe("Diff", () => {
    const cases: [string, object, object, Record<string, string>][] = [
        ["nothing", {}, {}, {}],
        [
            "a file's content",
            {},
            { files: { "/etc/hosts": { ...file, content: `${sound}# more\n` } } },
            { 'files["/etc/hosts"].content': "update" },
        ],
        [
            "a file's mode",
            { files: { "/etc/hosts": { ...file, mode: "0600" } } },
            {},
            { 'files["/etc/hosts"].mode': "update" },
        ],
        [
            "a file that was removed",
            { files: { "/etc/hosts": { absent: true } } },
            {},
            { 'files["/etc/hosts"]': "update" },
        ],
        [
            "a file that is a link now",
            { files: { "/etc/hosts": { instead: "symlink to /etc/pve/hosts" } } },
            {},
            { 'files["/etc/hosts"].instead': "update" },
        ],
        [
            "a file that is new in the program",
            {},
            { files: { "/etc/hosts": file, "/etc/motd": file } },
            { 'files["/etc/motd"]': "add" },
        ],
        ["a file that the program dropped", {}, { files: {} }, { 'files["/etc/hosts"]': "delete" }],
        [
            "a unit that was stopped",
            { units: { "cron.service": { active: false } } },
            { units: { "cron.service": { active: true } } },
            { 'units["cron.service"].active': "update" },
        ],
        ["a missing package", { packages: [] }, { packages: ["smartmontools"] }, { packages: "update" }],
        [
            "a fact",
            { facts: { resolves: { probe: "resolver", value: "127.0.1.1" } } },
            { facts: { resolves: { probe: "resolver", value: "192.0.2.11" } } },
            { "facts.resolves.value": "update" },
        ],
        [
            "a fact that cannot be checked here",
            { facts: { resolves: { probe: "resolver", value: "not checked: no udev" } } },
            { facts: { resolves: { probe: "resolver", value: "present" } } },
            {},
        ],
        [
            "a changed address",
            {},
            {
                get host() {
                    return { ...host, address: "192.0.2.99" };
                },
            },
            { "host.address": "update" },
        ],
        ["a value that is not known yet", {}, { packages: unknown }, { packages: "update" }],
        [
            "a file whose path holds quotes",
            { files: { '/etc/a "b"': { ...file, mode: "0600" } } },
            { files: { '/etc/a "b"': file } },
            { 'files["/etc/a \\"b\\""].mode': "update" },
        ],
    ];
    test.each(cases)("names %s, and never asks for a replacement", async (_, live, wanted, detailed) => {
        const answer = await plugin.diff({ ...state, ...live }, { ...args, ...wanted });
        expect(answer.detailed).toEqual(detailed);
        expect(answer.changes).toBe(Object.keys(detailed).length > 0);
        expect(answer.replaces).toEqual([]);
    });

    test("lets the engine show inputs where these changed, else state: an expected fact beside the one that was seen", async () => {
        const of = (value: string): object => ({ facts: { resolves: { probe: "resolver", value } } });
        const declared = { ...args, ...of("192.0.2.11") };
        expect(
            (await plugin.diff({ ...state, ...of("127.0.1.1") }, declared, { ...args, ...of("127.0.1.1") })).ofInputs,
        ).toEqual(["facts.resolves.value"]);
        expect((await plugin.diff({ ...state, ...of("127.0.1.1") }, declared, declared)).ofInputs).toEqual([]);
    });

    test("holds back what waits for a node under maintenance, and says what that is", async () => {
        const changed = { ...args, maintenance: true, files: { "/etc/hosts": { ...file, mode: "0600" } } };
        expect((await plugin.diff(state, changed)).changes).toBe(false);
        expect(plugin.logged).toEqual(['pve01: skipped, it is under maintenance; pending: files["/etc/hosts"].mode']);
    });
});

describe("a program of Holdfast's own", () => {
    const path = "/usr/local/lib/holdfast/nvme-selftest";
    const program = programText(path);
    const attributes = { mode: "0755", owner: "root", group: "root" };
    const of = (content: string) => ({ concern: "smartd", files: { [path]: { ...attributes, content } } });
    const itself = referTo(program, program);
    const old = program.replace("\n", "\n# An earlier version.\n");

    test("leaves Check as its digest, like what is previewed, and nothing of it differs then", async () => {
        const { inputs, failures } = await plugin.check({ ...args, ...of(program) });
        expect([inputs, failures]).toEqual([{ ...args, ...of(itself) }, {}]);
        expect((await plugin.create(inputs, true)).state).toMatchObject(of(itself));
        expect((await plugin.diff({ ...state, ...of(itself) }, { ...args, ...of(itself) })).changes).toBe(false);
    });

    test("that stands in full in an earlier Holdfast's state is no difference", async () => {
        expect(
            (await plugin.diff({ ...state, ...of(program) }, { ...args, ...of(itself) }, { ...args, ...of(program) }))
                .changes,
        ).toBe(false);
    });

    test.each([
        ["edited", referTo(program, `${program}exit 0\n`)],
        ["replaced", referTo(program, "#!/bin/sh\n")],
        ["of another version", referTo(old, old)],
    ])("%s differs in its content", async (_, content) => {
        expect((await plugin.diff({ ...state, ...of(content) }, { ...args, ...of(itself) })).detailed).toEqual({
            [`files["${path}"].content`]: "update",
        });
    });

    test("of another version that state and node agree on is no drift, and passes through under maintenance", async () => {
        expect(
            (await plugin.diff({ ...state, ...of(referTo(old, old)) }, { ...args, ...of(referTo(old, old)) })).changes,
        ).toBe(false);
        expect(
            (await plugin.diff({ ...state, ...of(referTo(program, old)) }, { ...args, ...of(referTo(old, old)) }))
                .changes,
        ).toBe(false);
        const kept = await plugin.update(
            { ...state, ...of(referTo(old, old)) },
            { ...args, ...of(itself), maintenance: true },
        );
        expect(kept).toMatchObject({ files: of(referTo(old, old)).files });
    });
});

describe("what contacts nobody", () => {
    fresh();
    afterEach(() => expect(visitors).toBe(0));

    test("the preview of a create, whose observation is not known yet", async () => {
        expect(await plugin.create(args, true)).toEqual({ id: "", state: { ...args, observed: unknown } });
    });

    test("the preview of an update", async () => {
        expect(await plugin.update(state, args, true)).toEqual({ ...args, observed: unknown });
    });

    test("a delete that keeps the files, which it says", async () => {
        await plugin.delete(state);
        expect(plugin.logged).toEqual(["pve01/hosts: its files stay on the node as they are (onDelete: keep)"]);
    });

    test("a delete of a node that has left the stack names the hosts files that the stack keeps", async () => {
        const hostsFile = { file: "nodes/pve02/hosts" };
        const fleet = { nodes: { pve02: { address: "192.0.2.12", hostsFile }, pve03: { address: "192.0.2.13" } } };
        await plugin.configure({ fleet: JSON.stringify(fleet) });
        await plugin.delete(state);
        expect(plugin.logged[1]).toBe(
            "pve01 has left the stack; hosts files that the stack keeps are yours, so delete its line where one stands: nodes/pve02/hosts",
        );
        await plugin.delete({ ...state, host: { ...host, name: "pve02" } }); // a destroy: it is declared still
        await plugin.delete({ ...state, concern: "fstab" });
        await plugin.configure({ fleet: "{}" });
        await plugin.delete(state);
        expect(plugin.logged.slice(2).join("\n")).not.toContain("left the stack");
        expect(plugin.logged).toHaveLength(5);
    });

    test("create, update and read of a node under maintenance, each of which says that it was skipped", async () => {
        const resting = { ...args, maintenance: true };
        expect((await plugin.create(resting)).state).toMatchObject({ files: {} });
        expect(await plugin.update(state, resting)).toEqual(state);
        expect((await plugin.read("pve01/hosts", resting, state)).state).toEqual(state);
        expect(plugin.logged).toHaveLength(3);
        for (const message of plugin.logged) expect(message).toMatch(/^pve01: skipped, it is under maintenance/);
    });

    test("an import that names no declared node, or no concern", async () => {
        await plugin.configure({
            fleet: JSON.stringify({ domain: "example.test", nodes: { pve02: { address: "192.0.2.12" } } }),
        });
        await expect(plugin.read("pve01/hosts")).rejects.toThrow("pve01: this stack declares no such node");
        await expect(plugin.read("pve02/nothing")).rejects.toThrow(
            "cannot import pve02/nothing: expected NODE/CONCERN, with a concern of hosts, fstab, interfaces",
        );
        await expect(plugin.read("pve02/constructor")).rejects.toThrow(
            "cannot import pve02/constructor: expected NODE/CONCERN",
        );
    });

    test("whatever comes after a Cancel", async () => {
        await plugin.cancel();
        await expect(plugin.create(args)).rejects.toThrow("cancelled, so this was not begun");
    });
});

describe("a node that does not answer", () => {
    fresh();
    const key = keyPair().private;

    test("is an error that names it, after the configured time, never `deleted`", async () => {
        await plugin.configure({ connectTimeout: 1, privateKey: key });
        await expect(plugin.read("pve01/hosts", args, state)).rejects.toThrow(
            /pve01: root@127\.0\.0\.1 port \d+ did not answer within 1 s/,
        );
        expect(visitors).toBe(1);
    });

    test("is one error for all that is read of it: nobody waits twice", async () => {
        await plugin.configure({ connectTimeout: 1, privateKey: key });
        const outcomes = await Promise.allSettled(
            ["hosts", "fstab", "interfaces"].map((concern) =>
                plugin.read(`pve01/${concern}`, { ...args, concern }, state),
            ),
        );
        expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
        expect(visitors).toBe(1);
    });

    test("leaves a failed create out of state", async () => {
        await plugin.configure({ connectTimeout: 1, privateKey: key });
        const error = await plugin
            .create({ ...args, files: { "/etc/hosts": { ...file, content: secret(sound) } } })
            .then(
                () => undefined,
                (failure: unknown) => failure as Failed,
            );
        expect(error?.message).toContain("did not answer within 1 s");
        expect(error?.metadata.get("grpc-status-details-bin")).toEqual([]);
    });
});

describe("the end", () => {
    fresh();
    test("comes with SIGINT, the engine's way to say it, at once", async () => {
        const ended = once(plugin.process, "exit");
        plugin.process.kill("SIGINT");
        expect(await ended).toEqual([0, null]);
    });

    test("comes when the engine's end of the pipe closes, at once", async () => {
        const ended = once(plugin.process, "exit");
        plugin.process.stdin!.end();
        expect(await ended).toEqual([1, null]);
    });

    test("comes when the engine is killed and there is no pipe", async () => {
        const engine = spawn("sh", ["-c", `${executable} 127.0.0.1:1 </dev/null & wait`], {
            stdio: ["ignore", "pipe", "inherit"],
        });
        await once(engine.stdout, "data");
        const [pid] = await pluginsBelow(engine.pid!);
        engine.kill("SIGKILL");
        await waitFor(() => !isAlive(pid!));
    });
});

async function pluginsBelow(parent: number): Promise<number[]> {
    const children = (await readFile(`/proc/${parent}/task/${parent}/children`, "utf8")).trim().split(" ").map(Number);
    const commands = await Promise.all(
        children.map(async (pid) => [pid, await readFile(`/proc/${pid}/cmdline`, "utf8")] as const),
    );
    return commands.filter(([, command]) => command.includes("pulumi-resource-holdfast")).map(([pid]) => pid);
}

function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch {
        return false;
    }
}

async function waitFor(condition: () => boolean): Promise<void> {
    for (let tries = 0; !condition(); tries++) {
        if (tries > 100) throw new Error("it did not come within 10 s");
        await delay(100);
    }
}
