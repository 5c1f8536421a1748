/**
 * The way to a node over a real sshd: who is let in, who is refused and in which words, and what a cut connection does.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import type { ConnectOptions } from "../../host/connection";
import { NodeClient } from "../../host/nodeClient";
import { identityOf, type Spec } from "../../host/observation";
import type { Lab, LabNode } from "../../lab";
import type { HostArgs } from "../../model/contract/fileSet";
import { CuttingProxy, type Cut } from "../helpers/cuttingProxy";
import { openTestLab, readNodeFile } from "../helpers/lab";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";
import { runs } from "../helpers/soak";
import { planRescueAccess } from "../../components/rescueAccess";

jest.setTimeout(300_000);

const nothing = { facts: false, sourced: [] };
const hostname: Spec = { files: { "/etc/hostname": {} }, packages: [], units: [], facts: {} };

const penalties = "/etc/ssh/sshd_config.d/penalties.conf";

let lab: Lab;
let node: LabNode;
let jump: LabNode;
let hostKey: string;
let folder: string;
const clients: NodeClient[] = [];

beforeAll(async () => {
    lab = await openTestLab();
    [node, jump] = lab.nodes as [LabNode, LabNode];
    hostKey = await node.hostKey();
    folder = mkdtempSync(join(tmpdir(), "holdfast-ssh-"));
    // Wrong keys and cut connections are the point here: OpenSSH 9.8 and later would turn us away for them.
    for (const each of lab.nodes)
        await each.exec([
            "sh",
            "-c",
            `echo 'PerSourcePenalties no' > ${penalties}; sshd -t || rm ${penalties}; systemctl reload ssh`,
        ]);
});
afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    for (const each of lab.nodes) await each.exec(["sh", "-c", `rm -f ${penalties}; systemctl reload ssh`]);
});

const file = (name: string): string => join(folder, name);
beforeEach(() => {
    process.env["HOLDFAST_IDENTITY_FILE"] = lab.identityFile;
    process.env["HOLDFAST_SSH_CONFIG"] = file("config");
    delete process.env["SSH_AUTH_SOCK"];
    useConfig();
    writeFileSync(file("known_hosts"), "");
});
afterEach(() => {
    for (const each of clients.splice(0)) each.end();
});

function useConfig(more = ""): void {
    writeFileSync(
        file("config"),
        `${more}\nHost *\n    UserKnownHostsFile ${file("known_hosts")}\n    GlobalKnownHostsFile /dev/null\n    IdentityFile ${file("none")}\n`,
    );
}

function clientOf(host: Partial<HostArgs> = {}, options: Partial<ConnectOptions> = {}): NodeClient {
    const client = new NodeClient(
        { name: node.name, address: node.ssh.host, port: node.ssh.port, hostKey, ...host },
        { credentials: {}, allowUnknownHostKey: false, timeout: 20, ...options },
    );
    clients.push(client);
    return client;
}

async function nameOf(client: NodeClient): Promise<string | undefined> {
    return (await client.read("test", hostname)).files["/etc/hostname"]?.content?.trim();
}

async function newKey(name: string, passphrase = ""): Promise<string> {
    rmSync(file(name), { force: true });
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", file(name)]);
    return file(name);
}

/** Puts `content` at `path`, as an Update would. */
async function put(
    client: NodeClient,
    concern: string,
    path: string,
    content: string,
    tell: (message: string) => void = () => undefined,
) {
    const spec: Spec = { files: { [path]: {} }, packages: [], units: [], facts: {} };
    const looked = await client.look(concern, spec, nothing, ({ message }) => tell(message));
    const live = looked.seen.files[path]!;
    if (live.content === content) return looked.commit();
    return looked.commit({
        id: createHash("sha256")
            .update(`${path}${live.content ?? ""}>${content}`)
            .digest("hex")
            .slice(0, 16),
        client: "test",
        files: { [path]: { was: identityOf(live), content, mode: "0644", owner: "root", group: "root" } },
        packages: [],
        units: {},
        validate: [],
        activate: [],
        verify: [],
    });
}

describe("the host key", () => {
    test("that is pinned lets us in, whatever known_hosts says", async () => {
        appendFileSync(file("known_hosts"), `[${node.ssh.host}]:${node.ssh.port} ${await jump.hostKey()}\n`);
        expect(await nameOf(clientOf())).toBe(node.name);
    });

    test("that is not the pinned one is refused, with both fingerprints", async () => {
        await expect(nameOf(clientOf({ hostKey: await jump.hostKey() }))).rejects.toThrow(
            /pve01: host key changed: .* offers SHA256:\S+, expected SHA256:\S+ from the key pinned in the stack/,
        );
    });

    test("that differs from known_hosts is refused, with the opt-in for unknown ones too", async () => {
        appendFileSync(file("known_hosts"), `[${node.ssh.host}]:${node.ssh.port} ${await jump.hostKey()}\n`);
        await expect(nameOf(clientOf({ hostKey: undefined }, { allowUnknownHostKey: true }))).rejects.toThrow(
            "host key changed",
        );
    });

    test("of another type than the known one is refused, not taken for unknown", async () => {
        appendFileSync(
            file("known_hosts"),
            `[${node.ssh.host}]:${node.ssh.port} ssh-rsa ${Buffer.from("\0\0\0\x07ssh-rsa").toString("base64")}\n`,
        );
        await expect(nameOf(clientOf({ hostKey: undefined }, { allowUnknownHostKey: true }))).rejects.toThrow(
            /no host key of the pinned or known type|host key changed/,
        );
    });

    test("that is listed nowhere is refused, with the line to pin", async () => {
        await expect(nameOf(clientOf({ hostKey: undefined }))).rejects.toThrow(`then set ssh.hostKey: "${hostKey}"`);
        expect(readFileSync(file("known_hosts"), "utf8")).toBe("");
    });

    test("that is unknown is remembered with the opt-in, once, and then checked like any other", async () => {
        expect(await nameOf(clientOf({ hostKey: undefined }, { allowUnknownHostKey: true }))).toBe(node.name);
        expect(readFileSync(file("known_hosts"), "utf8")).toBe(`[${node.ssh.host}]:${node.ssh.port} ${hostKey}\n`);
        expect(await nameOf(clientOf({ hostKey: undefined }))).toBe(node.name);
    });

    test("that is revoked is refused", async () => {
        appendFileSync(file("known_hosts"), `@revoked [${node.ssh.host}]:${node.ssh.port} ${hostKey}\n`);
        await expect(nameOf(clientOf({ hostKey: undefined }, { allowUnknownHostKey: true }))).rejects.toThrow(
            "marks as revoked",
        );
    });
});

describe("the key to log in with", () => {
    test("that no node knows is refused, with what was tried", async () => {
        process.env["HOLDFAST_IDENTITY_FILE"] = await newKey("stranger");
        await expect(nameOf(clientOf())).rejects.toThrow(
            `pve01: root@${node.ssh.host} port 2222 accepts none of the keys: ${file("stranger")}; put the public key into its authorized_keys`,
        );
    });

    test("is the stack's secret where there is one", async () => {
        process.env["HOLDFAST_IDENTITY_FILE"] = file("none");
        expect(
            await nameOf(clientOf({}, { credentials: { privateKey: readFileSync(lab.identityFile, "utf8") } })),
        ).toBe(node.name);
    });

    test("is named where it is encrypted and there is no passphrase", async () => {
        const key = await newKey("encrypted", "a passphrase");
        process.env["HOLDFAST_IDENTITY_FILE"] = key;
        await expect(nameOf(clientOf())).rejects.toThrow(
            /pve01: no key to log in to .*encrypted \(not usable: .*passphrase.*set holdfast:privateKeyPassphrase, or add the key to an agent\)/,
        );
        await expect(nameOf(clientOf({}, { credentials: { passphrase: "a passphrase" } }))).rejects.toThrow(
            "accepts none of the keys",
        );
    });

    test("is missing: the error says what to do", async () => {
        process.env["HOLDFAST_IDENTITY_FILE"] = file("none");
        await expect(nameOf(clientOf())).rejects.toThrow(
            /no key to log in .*none \(no such file\).*start an agent, set holdfast:privateKey/,
        );
    });

    describe("in an agent", () => {
        let agent: execa.ExecaChildProcess;
        beforeAll(async () => {
            agent = execa("ssh-agent", ["-D", "-a", file("agent")], { reject: false });
            await once(agent.stdout!, "data");
            const environment = { env: { SSH_AUTH_SOCK: file("agent") } };
            await execa("ssh-add", ["-q", await newKey("other")], environment);
            await execa("ssh-add", ["-q", lab.identityFile], environment);
        });
        afterAll(async () => {
            agent.kill();
            await agent;
        });
        beforeEach(() => {
            process.env["HOLDFAST_IDENTITY_FILE"] = file("none");
            process.env["SSH_AUTH_SOCK"] = file("agent");
        });

        test("is found among others", async () => {
            expect(await nameOf(clientOf())).toBe(node.name);
        });

        test("is not offered where IdentitiesOnly names another one", async () => {
            useConfig(`Host *\n    IdentitiesOnly yes\n    IdentityFile ${file("other.pub")}`);
            await expect(nameOf(clientOf())).rejects.toThrow("accepts none of the keys");
            useConfig(`Host *\n    IdentitiesOnly yes\n    IdentityFile ${lab.identityFile}.pub`);
            expect(await nameOf(clientOf())).toBe(node.name);
        });

        test("that does not answer is named among what was tried", async () => {
            const dead = createServer((socket) => socket.destroy()).listen(file("dead"));
            await once(dead, "listening");
            process.env["SSH_AUTH_SOCK"] = file("dead");
            await expect(nameOf(clientOf())).rejects.toThrow("the SSH agent, which does not answer");
            dead.close();
        });
    });
});

describe("a host that cannot be asked", () => {
    test("refuses: the error names the node, the port and what to look at", async () => {
        await expect(nameOf(clientOf({ port: 9 }))).rejects.toThrow(
            `pve01: root@${node.ssh.host} port 9 refuses connections; is the node up and sshd running there?`,
        );
    });

    test("accepts and never answers: given up after the configured time", async () => {
        const sockets: Socket[] = [];
        const mute = createServer((socket) => void sockets.push(socket)).listen(0, "127.0.0.1");
        await once(mute, "listening");
        const { port } = mute.address() as { port: number };
        await expect(nameOf(clientOf({ address: "127.0.0.1", port }, { timeout: 1 }))).rejects.toThrow(
            "did not answer within 1 s",
        );
        for (const socket of sockets) socket.destroy();
        mute.close();
    });

    test("is no SSH server", async () => {
        const web = createServer((socket) =>
            socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"),
        ).listen(0, "127.0.0.1");
        await once(web, "listening");
        await expect(
            nameOf(clientOf({ address: "127.0.0.1", port: (web.address() as { port: number }).port })),
        ).rejects.toThrow(/^pve01: root@127\.0\.0\.1 port \d+ closes connections at once: it is no SSH server/);
        web.close();
    });

    test("has a name that does not resolve", async () => {
        await expect(nameOf(clientOf({ address: "pve99.invalid" }))).rejects.toThrow(
            "the name does not resolve here; give ssh.host an address",
        );
    });

    test("calls itself otherwise than the stack: nothing is written there", async () => {
        const client = clientOf({ name: "pve77" });
        await expect(put(client, "test", "/etc/holdfast-ssh-name", "x\n")).rejects.toThrow(
            `pve77: the host at ${node.ssh.host} calls itself pve01`,
        );
        expect((await node.exec(["test", "-e", "/etc/holdfast-ssh-name"], { reject: false })).exitCode).toBe(1);
    });
});

describe("a user other than root", () => {
    test("goes through sudo, and writes as root", async () => {
        const { result, seen } = await put(clientOf({ user: "ops" }), "sudo", "/etc/holdfast-ssh-sudo", "by ops\n");
        expect(result.outcome).toBe("applied");
        expect(seen.files["/etc/holdfast-ssh-sudo"]).toMatchObject({ owner: "root", content: "by ops\n" });
        await node.exec(["rm", "/etc/holdfast-ssh-sudo"]);
    });

    test("without sudo is refused, with the remedy", async () => {
        await expect(nameOf(clientOf({ user: "nosudo" }))).rejects.toThrow(
            /^pve01: the remote command ended: sudo -n is refused: [^]*give the user NOPASSWD for \/usr\/bin\/python3, or connect as root$/,
        );
    });

    test("who is told not to use sudo may look, but not write", async () => {
        const client = clientOf({ user: "ops", sudo: false });
        expect(await nameOf(client)).toBe(node.name);
        expect((await put(client, "test", "/etc/holdfast-ssh-denied", "x\n")).result).toMatchObject({
            outcome: "failed",
            message: expect.stringContaining("not root on the node") as string,
        });
    });

    test("may have login scripts that chatter, with and without a final newline", async () => {
        const before = await readNodeFile(node, "/root/.bashrc").catch(() => "");
        await node.exec(["tee", "/root/.bashrc"], { input: "echo Welcome to 12 nodes\necho 7\nprintf 'no newline'\n" });
        expect(await nameOf(clientOf())).toBe(node.name);
        expect((await put(clientOf(), "chatter", "/etc/holdfast-ssh-chatter", "x\n")).result.outcome).toBe("applied");
        await node.exec(["tee", "/root/.bashrc"], { input: before });
        await node.exec(["rm", "/etc/holdfast-ssh-chatter"]);
    });
});

describe("~/.ssh/config", () => {
    test("gives host name, port, user, key and a jump host", async () => {
        process.env["HOLDFAST_IDENTITY_FILE"] = "";
        useConfig(
            `Host node-behind\n    HostName ${node.address}\n    Port 22\n    User ops\n    IdentityFile ${lab.identityFile}\n    ProxyJump jumper\n` +
                `Host jumper\n    HostName ${jump.ssh.host}\n    Port ${jump.ssh.port}\n    User root\n    IdentityFile ${lab.identityFile}\n`,
        );
        writeFileSync(
            file("known_hosts"),
            `${node.address} ${hostKey}\n[${jump.ssh.host}]:${jump.ssh.port} ${await jump.hostKey()}\n`,
        );
        const through = await acceptedOn(jump, () =>
            nameOf(clientOf({ address: "node-behind", port: undefined, hostKey: undefined })),
        );
        expect(through).toEqual({ value: node.name, accepted: 1 });
    });

    test("is overridden by the stack's own jump host, whose key is checked too", async () => {
        const proxy = { host: jump.ssh.host, port: jump.ssh.port, user: "nosudo", hostKey: await jump.hostKey() };
        expect(await nameOf(clientOf({ address: node.address, port: 22, proxy }))).toBe(node.name);
        await expect(
            nameOf(clientOf({ address: node.address, port: 22, proxy: { ...proxy, hostKey } })),
        ).rejects.toThrow(`pve01: host key changed: ${jump.ssh.host}`);
    });

    test("names a jump host that cannot reach the node", async () => {
        const proxy = { host: jump.ssh.host, port: jump.ssh.port, hostKey: await jump.hostKey() };
        await expect(nameOf(clientOf({ address: node.address, port: 9, proxy }))).rejects.toThrow(
            `pve01: the jump host ${jump.ssh.host} cannot reach ${node.address} port 9`,
        );
    });

    test("gives the alias under which known_hosts lists the key", async () => {
        useConfig(`Host ${node.ssh.host}\n    HostKeyAlias the-first-node`);
        writeFileSync(file("known_hosts"), `the-first-node ${hostKey}\n`);
        expect(await nameOf(clientOf({ hostKey: undefined }))).toBe(node.name);
    });
});

describe("a node's one connection", () => {
    const concerns = ["one", "two", "three"].map((name) => [name, `/etc/holdfast-ssh-${name}`] as const);
    afterAll(() => node.exec(["sh", "-c", "rm -f /etc/holdfast-ssh-* /var/lib/holdfast/managed/*"]));

    test("carries the transactions of all FileSets that come together, with one remote command", async () => {
        const client = clientOf({ user: "ops" });
        const pushed = await acceptedOn(node, () =>
            sudoOn(node, () => Promise.all(concerns.map(([name, path]) => put(client, name, path, "content\n")))),
        );
        expect(pushed).toMatchObject({ accepted: 1, value: { commands: 1 } });
    });

    test("answers for all of them with one remote command", async () => {
        const client = clientOf({ user: "ops" });
        const read = (name: string, path: string) =>
            client.read(name, { files: { [path]: {} }, packages: [], units: [], facts: {} });
        const seen = await acceptedOn(node, () =>
            sudoOn(node, () => Promise.all(concerns.map(([name, path]) => read(name, path)))),
        );
        expect(seen).toMatchObject({ accepted: 1, value: { commands: 1 } });
        expect(seen.value.value.map(({ files }, index) => files[concerns[index]![1]]?.content)).toEqual([
            "content\n",
            "content\n",
            "content\n",
        ]);
    });

    test("carries more FileSets than sshd allows sessions", async () => {
        const client = clientOf();
        const many = Array.from({ length: 14 }, (_, index) => `many${index}`);
        const results = await Promise.all(many.map((name) => put(client, name, `/etc/holdfast-ssh-${name}`, "x\n")));
        expect(results.map(({ result }) => result.outcome)).toEqual(many.map(() => "applied"));
    });

    test("is made anew after it broke", async () => {
        const client = clientOf();
        await nameOf(client);
        await node.exec(["pkill", "-f", "sshd.*root@notty"]);
        expect((await put(client, "again", "/etc/holdfast-ssh-again", "x\n")).result.outcome).toBe("applied");
    });
});

describe("root's key in pmxcfs", () => {
    const keys = "/root/.ssh/authorized_keys";
    // A folder stands for the file system here. The real one, which another file of tests may have left running, lets
    // nobody change an owner, and its root cannot be moved away.
    beforeAll(() =>
        node.exec([
            "sh",
            "-c",
            `systemctl stop pve-cluster; mkdir -p /etc/pve/priv && cp -p ${keys} /etc/pve/priv/authorized_keys && cp -p ${keys} ${keys}.kept && ln -sfn /etc/pve/priv/authorized_keys ${keys}`,
        ]),
    );
    afterAll(() =>
        node.exec([
            "sh",
            "-c",
            `mv ${keys}.kept ${keys}; rm -rf /etc/pve/priv ${keys}2 /etc/holdfast-ssh-key; rm -f /etc/ssh/sshd_config.d/keys.conf`,
        ]),
    );

    test("is copied nowhere by a push that nobody asked for it", async () => {
        await put(clientOf(), "key", "/etc/holdfast-ssh-key", "x\n");
        expect((await node.exec(["test", "-e", `${keys}2`], { reject: false })).exitCode).toBe(1);
    });

    const rescue = async (rescueKeys: readonly string[]) =>
        pushFileSet(
            lab,
            planRescueAccess({ host: await hostOf(node), node: identity(), settings: { keys: rescueKeys } }),
        );
    const identity = () => ({ name: node.name, address: node.address });
    const ownKey = () => readFileSync(`${lab.identityFile}.pub`, "utf8").trim();

    test("lets us in when pmxcfs is down, once it is declared; one that nobody declared is told", async () => {
        const stranger = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW1wbGVleGFt visitor";
        await node.exec(["tee", "-a", keys], { input: `${stranger}\n` });
        const { observed } = await rescue([ownKey()]);
        expect(observed.facts).toMatchObject({
            "rescue keys": "read by sshd",
            "root's keys": "in pmxcfs",
            "root's other keys": expect.stringMatching(/^visitor \(SHA256:[^)]{43}\)$/),
        });
        await node.exec(["mv", "/etc/pve/priv", "/etc/pve/gone"]);
        expect(await nameOf(clientOf())).toBe(node.name);
        await node.exec(["mv", "/etc/pve/gone", "/etc/pve/priv"]);
    });

    test("goes where the list is empty", async () => {
        await rescue([]);
        expect((await node.exec(["test", "-e", `${keys}2`], { reject: false })).exitCode).toBe(1);
    });

    test("is not taken for a way in where sshd does not read that file", async () => {
        await node.exec(["tee", "/etc/ssh/sshd_config.d/keys.conf"], {
            input: "AuthorizedKeysFile .ssh/authorized_keys\n",
        });
        await expect(rescue([ownKey()])).rejects.toThrow(/sshd does not read \/root\/\.ssh\/authorized_keys2/);
    });
});

describe("a connection that is cut", () => {
    const path = "/etc/holdfast-ssh-cut";
    /** Every so many bytes of what a whole push sends and receives; under `npm run soak` close to all. */
    const samples = runs(20);
    const content = (name: string): string => `${name}\n${"x".repeat(20_000)}\n`;
    afterAll(() => Promise.all(lab.nodes.map((each) => each.exec(["rm", "-f", path]))));

    async function pushThrough(target: LabNode, proxy: CuttingProxy, what: string) {
        return put(
            clientOf({ name: target.name, address: "127.0.0.1", port: proxy.port, hostKey: await target.hostKey() }),
            "cut",
            path,
            content(what),
        );
    }

    test.each(["upload", "download"] as const)(
        "anywhere in the %s leaves the old file or the new one, an honest answer, and a node that the next push heals",
        async (direction) => {
            const whole = await CuttingProxy.start(node.ssh);
            await pushThrough(node, whole, `whole ${direction}`);
            const length = whole.passed[direction];
            whole.stop();
            const cuts = Array.from({ length: samples }, (_, index): Cut => ({
                direction,
                after: Math.round(((index + 0.5) * length) / samples),
            }));
            // The nodes share the work, each with its own every so many cuts.
            const outcomes = await Promise.all(
                lab.nodes.map((target, lane) =>
                    cutEach(
                        target,
                        cuts.filter((_, index) => index % lab.nodes.length === lane),
                    ),
                ),
            );
            // The plan is the last that goes up; nearly all that comes down comes after it.
            expect(outcomes.flat()).toContain(direction === "upload" ? "refused" : "applied");
        },
    );

    test("before the plan arrived is not mistaken for the same work done earlier", async () => {
        const direct = () => clientOf();
        await put(direct(), "cut", path, content("new"));
        await node.exec(["rm", path]);
        const whole = await CuttingProxy.start(node.ssh);
        await pushThrough(node, whole, "new");
        whole.stop();
        await node.exec(["rm", path]);
        const proxy = await CuttingProxy.start(node.ssh, { direction: "upload", after: whole.passed.upload - 1000 });
        expect((await pushThrough(node, proxy, "new")).result.outcome).toBe("unknown");
        proxy.stop();
        expect((await put(direct(), "cut", path, content("new"))).result.outcome).toBe("applied");
    });

    async function cutEach(target: LabNode, cuts: readonly Cut[]): Promise<string[]> {
        const outcomes: string[] = [];
        await put(
            clientOf({ name: target.name, address: target.ssh.host, hostKey: await target.hostKey() }),
            "cut",
            path,
            content("old"),
        );
        for (const cut of cuts) {
            const wanted = `${cut.direction} ${cut.after}`;
            const before = await readNodeFile(target, path);
            const proxy = await CuttingProxy.start(target.ssh, cut);
            const outcome = await pushThrough(target, proxy, wanted).then(
                ({ result }) => result.outcome,
                (error: unknown) => (error as Error).message,
            );
            proxy.stop();
            const after = await readNodeFile(target, path);
            if (outcome === "applied") expect(after).toBe(content(wanted).trimEnd());
            else {
                expect(after).toBe(before);
                if (outcome !== "unknown") expect(outcome).toMatch(new RegExp(`^${target.name}: `));
            }
            expect(
                (
                    await put(
                        clientOf({ name: target.name, address: target.ssh.host, hostKey: await target.hostKey() }),
                        "cut",
                        path,
                        content(wanted),
                    )
                ).result.outcome,
            ).toBe(outcome === "applied" ? "unchanged" : "applied");
            expect(
                (
                    await target.exec([
                        "sh",
                        "-c",
                        "ls -A /etc /etc/holdfast/journal | grep -c 'holdfast-ssh-cut.holdfast' || true",
                    ])
                ).stdout,
            ).toBe("0");
            outcomes.push(outcome === "applied" ? "applied" : "refused");
        }
        return outcomes;
    }
});

/** How many logins the node's sshd accepted meanwhile. */
async function acceptedOn<T>(target: LabNode, work: () => Promise<T>): Promise<{ value: T; accepted: number }> {
    const { value, lines } = await journalled(target, "_COMM=sshd + _COMM=sshd-session", work);
    return { value, accepted: lines.filter((line) => line.includes("Accepted publickey")).length };
}

/** How many commands sudo ran on the node meanwhile. */
async function sudoOn<T>(target: LabNode, work: () => Promise<T>): Promise<{ value: T; commands: number }> {
    const { value, lines } = await journalled(target, "_COMM=sudo", work);
    return { value, commands: lines.filter((line) => line.includes("COMMAND=")).length };
}

async function journalled<T>(
    target: LabNode,
    match: string,
    work: () => Promise<T>,
): Promise<{ value: T; lines: string[] }> {
    const { stdout } = await target.exec(["journalctl", "--lines=0", "--show-cursor", "--quiet"]);
    const cursor = /cursor: (.*)$/m.exec(stdout)?.[1];
    if (cursor === undefined) throw new Error(`no cursor in ${stdout}`);
    const value = await work();
    await target.exec(["journalctl", "--sync"]);
    const said = await target.exec([
        "journalctl",
        `--after-cursor=${cursor}`,
        "--output=cat",
        "--quiet",
        ...match.split(" "),
    ]);
    return { value, lines: said.stdout.split("\n") };
}
