import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { diffLines } from "diff";
import { parseDocument } from "yaml";
import type { Lab, LabNode } from "../../lab";
import { nothingByDefault } from "../../components/table";
import { openTestLab, readNodeFile } from "../helpers/lab";
import { PulumiProject } from "../helpers/pulumiProject";

jest.setTimeout(300_000);

const rules = "/etc/udev/rules.d/99-holdfast-fstab.rules";
const managed = ["/etc/hosts", "/etc/fstab", "/etc/network/interfaces"];
let lab: Lab;
let nodes: LabNode[];
let before: Map<string, Record<string, string>>;

/** The files of a node, byte for byte. */
async function contents(node: LabNode): Promise<Record<string, string>> {
    return Object.fromEntries(
        await Promise.all(
            managed.map(async (path): Promise<[string, string]> => [
                path,
                (await node.exec(["cat", path], { strip: false })).stdout,
            ]),
        ),
    );
}

async function put(node: LabNode, path: string, content: string): Promise<void> {
    await node.exec(["sh", "-c", 'cat >"$1"', "sh", path], { input: content });
}

async function breakNode(node: LabNode): Promise<void> {
    await put(node, "/etc/hosts", `127.0.0.1\tlocalhost\n127.0.1.1\t${node.name}.example.test ${node.name}\n# kept\n`);
    await put(
        node,
        "/etc/fstab",
        `UUID=${node.rootUuid} / ext4 errors=remount-ro 0 1\n# PERC RAID-1\n/dev/sdb1 /srv/local ext4 defaults 0 2\n`,
    );
    await put(
        node,
        "/etc/network/interfaces",
        `auto lo\niface lo inet loopback\n\nauto enp1s0\niface enp1s0 inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\taddress ${node.address}/24\n\tgateway 192.0.2.1\n\tbridge-ports enp1s0\n# management\n27: enp1s0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP\n`,
    );
    await node.exec([
        "sh",
        "-c",
        `rm -rf ${rules} /etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg /var/lib/holdfast /usr/local/lib/holdfast`,
    ]);
}

/** Nodes as the incidents left them: whatever an earlier test file did to them. */
beforeAll(async () => {
    lab = await openTestLab();
    nodes = lab.nodes.slice(0, 2);
    before = new Map();
    for (const node of lab.nodes) before.set(node.name, await contents(node));
    for (const node of nodes) await breakNode(node);
});

afterAll(async () => {
    for (const node of lab.nodes)
        for (const [path, content] of Object.entries(before.get(node.name)!)) await put(node, path, content);
});

async function adopt(project: PulumiProject, stack: string, adopted = nodes, ...options: readonly string[]) {
    const targets = adopted.map(({ ssh }) => `${ssh.user}@${ssh.host}:${ssh.port}`);
    const run = await project.holdfast("adopt", ...targets, "--import", "import.json", ...options);
    expect(run).toMatchObject({ exitCode: 0 });
    // What the watch on the hardware adds to a preview is its own tests' matter.
    const config = parseDocument(run.stdout);
    config.setIn(["config", "holdfast:fleet", "defaults"], nothingByDefault);
    await project.write(`Pulumi.${stack}.yaml`, config.toString());
    await project.pulumi("stack", "init", stack);
    await project.pulumi("import", "-f", "import.json", "--generate-code=false", "--yes", "--stack", stack);
    return run;
}

/** Added and removed lines of a preview, without the engine's frame. */
function changes(preview: string): string[] {
    return preview
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => /^[+-] /.test(line))
        .sort();
}

describe("nodes in the incidents' state", () => {
    let project: PulumiProject;
    beforeAll(async () => (project = await PulumiProject.create(lab)));
    afterAll(() => project.remove());

    test("become a stack whose first preview shows the repairs as line diffs, and nothing else", async () => {
        await nodes[0]!.exec(["touch", "/run/before-adopt"]);
        const { stderr } = await adopt(project, "first");
        const [first, second] = nodes.map(({ name }) => name);
        expect(stderr).toContain(
            `${first}:/etc/network/interfaces:13:1: error: This is output of \`ip link\`, not configuration. Delete the line. It is left out of nodes/${first}/interfaces. [stray-line]`,
        );
        expect(stderr).toContain(`${second}:/etc/hosts:2:11: error:`);

        // Logging in leaves its own traces; Holdfast must not.
        const { stdout: written } = await nodes[0]!.exec([
            "find",
            "/etc",
            "/usr",
            "/opt",
            "/root",
            "/var/lib",
            "/srv",
            "-xdev",
            "-newer",
            "/run/before-adopt",
            "-not",
            "-path",
            "/var/lib/systemd/*",
        ]);
        expect(written).toBe("");

        const preview = await project.pulumi("preview", "--diff", "--suppress-outputs", "--stack", "first");
        // The nodes have cloud-init, and adopt has said what becomes of that.
        expect(stderr).toContain(`${first}:/etc/cloud/cloud.cfg:1:1: warning: cloud-init is installed`);
        const fileChanges = changes(preview).filter(
            (line) =>
                !/cloud_init_modules|\[\d+\]|manage_etc_hosts|content: (?:\(yaml\)|"# Managed by Holdfast)|(?:group|mode|owner|absent) +:/.test(
                    line,
                ),
        );
        expect(fileChanges).toEqual(
            nodes
                .flatMap((node, index) => {
                    const other = nodes[1 - index]!;
                    return [
                        `- 127.0.1.1\t${node.name}.example.test ${node.name}`,
                        `+ ${node.address}\t${node.name}.example.test ${node.name}`,
                        `+ ${other.address} ${other.name}.example.test ${other.name}`,
                        "- /dev/sdb1 /srv/local ext4 defaults 0 2",
                        `+ UUID=${node.dataUuid} /srv/local ext4 defaults,nofail,x-systemd.device-timeout=30s,x-systemd.before=pve-guests.service 0 2`,
                        "- 27: enp1s0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP",
                    ];
                })
                .sort(),
        );
        expect(preview).toMatch(/ {4}~ 6 to update\n/);
        expect(preview).not.toMatch(/to create|to delete|to replace/);
    });

    test("after `up` hold the kept files byte for byte, and adopting them again is a stack without changes", async () => {
        await project.pulumi("up", "--yes", "--skip-preview", "--stack", "first");
        for (const node of nodes) {
            for (const path of managed) {
                const kept = await readFile(join(project.folder, "nodes", node.name, path.split("/").at(-1)!), "utf8");
                expect({ path, content: (await node.exec(["cat", path], { strip: false })).stdout }).toEqual({
                    path,
                    content: kept,
                });
            }
        }
        const { stderr } = await adopt(project, "second");
        expect(stderr).not.toMatch(/stray-line|own-name|device-name|missing-nofail/);
        const preview = await project.pulumi(
            "preview",
            "--diff",
            "--suppress-outputs",
            "--expect-no-changes",
            "--stack",
            "second",
        );
        expect(changes(preview)).toEqual([]);
        await project.pulumi("refresh", "--preview-only", "--expect-no-changes", "--stack", "second");
    });
});

describe("a node that joins a stack", () => {
    let project: PulumiProject;
    beforeAll(async () => {
        for (const node of nodes) await breakNode(node);
        project = await PulumiProject.create(lab);
    });
    afterAll(() => project.remove());

    const at = ({ ssh }: LabNode) => `${ssh.user}@${ssh.host}:${ssh.port}`;
    const into = (...more: readonly string[]) => project.holdfast("adopt", ...more, "--stack", "grow");
    const stackFile = () => readFile(join(project.folder, "Pulumi.grow.yaml"), "utf8");
    /** Typed as `adopt` prints them. */
    async function goOn(said: string): Promise<void> {
        const [, steps = ""] = /\nNext[^\n]*:\n([^]*)$/.exec(said) ?? [];
        const script = `set -e\nexport PULUMI_SKIP_CONFIRMATIONS=true\n${steps}`;
        const { exitCode, output } = await project.run("bash", ["-c", script]);
        expect({ exitCode, output: exitCode === 0 ? "" : output }).toEqual({ exitCode: 0, output: "" });
    }

    test("is added where --force says so, shown else; the others, what is set for all and every comment stay", async () => {
        const [first, second] = [nodes[0]!, nodes[1]!];
        const began = await into(at(first), "--import", "first.json");
        expect(began.exitCode).toBe(0);
        await goOn(began.stderr);
        await project.pulumi("up", "--yes", "--skip-preview", "--stack", "grow");
        const before = (await stackFile()).replace(
            "    nodes:",
            "    # Slowly, please.\n    rollout: { batch: 2 }\n    mail: { to: ops@example.test }\n    nodes:",
        );
        await project.write("Pulumi.grow.yaml", before);

        const shown = await into(at(second), "--import", "second.json");
        expect(shown).toMatchObject({ exitCode: 1, stdout: "" });
        expect(shown.stderr).toMatch(new RegExp(`Pulumi\\.grow\\.yaml:\n[^]*\\+ +${second.name}:\n`));
        expect(await stackFile()).toBe(before);
        expect((await project.run("ls", ["second.json", `nodes/${second.name}`])).stdout).toBe("");

        const added = await into(at(second), "--import", "second.json", "--force");
        expect(added.exitCode).toBe(0);
        expect(diffLines(before, await stackFile()).filter(({ removed }) => removed)).toEqual([]);
        await goOn(added.stderr);
        const { stdout } = await project.runPulumi(["preview", "--diff", "--stack", "grow"]);
        expect(stdout).toMatch(new RegExp(`- 127\\.0\\.1\\.1\\t${second.name}`));
        await project.pulumi("up", "--yes", "--skip-preview", "--stack", "grow");

        const again = await into(at(first), at(second));
        expect(again).toMatchObject({ exitCode: 0, stdout: "" });
        expect(again.stderr).toMatch(/^Nothing to change: .*Pulumi\.grow\.yaml$/m);
    });
});

describe("a sound node that Holdfast never touched", () => {
    let project: PulumiProject;
    beforeAll(async () => {
        project = await PulumiProject.create(lab);
        for (const [index, node] of nodes.entries()) {
            const other = nodes[1 - index]!;
            await put(
                node,
                "/etc/hosts",
                `127.0.0.1\tlocalhost\n${node.address} ${node.name}.example.test ${node.name}\n${other.address} ${other.name}.example.test ${other.name}\n`,
            );
            await put(
                node,
                "/etc/fstab",
                `UUID=${node.rootUuid} / ext4 errors=remount-ro 0 1\nUUID=${node.dataUuid} /srv/local ext4 nofail,x-systemd.device-timeout=30s,x-systemd.before=pve-guests.service 0 2\n`,
            );
            await put(
                node,
                "/etc/network/interfaces",
                `auto lo\niface lo inet loopback\n\nauto enp1s0\niface enp1s0 inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\taddress ${node.address}/24\n\tgateway 192.0.2.1\n\tbridge-ports enp1s0\n`,
            );
            // As Proxmox's own installer leaves a node.
            await node.exec([
                "sh",
                "-c",
                `rm -rf ${rules} /var/lib/holdfast /usr/local/lib/holdfast /etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg; mv /etc/cloud /etc/cloud-away`,
            ]);
        }
    });
    afterAll(async () => {
        for (const node of nodes) await node.exec(["mv", "/etc/cloud-away", "/etc/cloud"]);
        await project.remove();
    });

    test("shows no change but the rules for late disks, and no drift", async () => {
        const { stderr } = await adopt(project, "sound");
        expect(stderr).not.toMatch(/repaired by the first/);
        const preview = await project.pulumi("preview", "--diff", "--suppress-outputs", "--stack", "sound");
        expect(preview.match(/~ \/etc\/[^\s:]+/g)).toEqual([`~ ${rules}`, `~ ${rules}`]);
        expect(preview).toMatch(/ {4}~ 2 to update\n/);
        await project.pulumi("refresh", "--preview-only", "--expect-no-changes", "--stack", "sound");
    });
});

/** What one node's files are made of; `is`: what adopt must say of it, besides what it repairs by itself. */
interface State {
    readonly files: (node: LabNode) => Record<string, string>;
    readonly is: readonly string[];
}
const net = (node: LabNode) =>
    `auto lo\niface lo inet loopback\n\nauto enp1s0\niface enp1s0 inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\taddress ${node.address}/24\n\tgateway 192.0.2.1\n\tbridge-ports enp1s0\n`;
const root = (node: LabNode) => `UUID=${node.rootUuid} / ext4 errors=remount-ro 0 1\n`;
const states: [string, State][] = [
    [
        "written on Windows: carriage returns, tabs, no final newline",
        {
            files: (node) => ({
                "/etc/hosts": `127.0.0.1\tlocalhost\r\n127.0.1.1\t${node.name}\r\n# end`,
                "/etc/fstab": `${root(node).trim()}\t# first\n/dev/sdb1\t/srv/local\text4\tdefaults\t0\t2`,
                "/etc/network/interfaces": net(node),
            }),
            is: ["crlf", "missing-final-newline"],
        },
    ],
    [
        "half way through a repair: a commented-out mount, a pending change of the GUI",
        {
            files: (node) => ({
                "/etc/hosts": `127.0.0.1 localhost\n${node.address} ${node.name}\n`,
                "/etc/fstab": `${root(node)}#UUID=${node.dataUuid} /srv/local ext4 defaults 0 2\n`,
                "/etc/network/interfaces": net(node),
                "/etc/network/interfaces.new": net(node).replace("192.0.2.1\n", "192.0.2.254\n"),
            }),
            is: ["commented-out-mount", "pending-interfaces"],
        },
    ],
    [
        "with three kinds of stray lines, and cloud-init that rewrites the hosts file",
        {
            files: (node) => ({
                "/etc/hosts": `127.0.0.1 localhost\n127.0.1.1 ${node.name}\n`,
                "/etc/fstab": root(node),
                "/etc/network/interfaces": `${net(node)}root@${node.name}:~# ip a\nvmbr0            UP             ${node.address}/24\n2: enp1s0: <BROADCAST,UP> mtu 1500\n`,
                "/etc/cloud/cloud.cfg.d/90-site.cfg": "manage_etc_hosts: true\n",
            }),
            is: ["stray-line", "cloud-init-hosts"],
        },
    ],
];

describe.each(states)("a node %s", (_, state) => {
    const extra = ["/etc/network/interfaces.new", "/etc/cloud/cloud.cfg.d/90-site.cfg"];
    let project: PulumiProject;
    beforeAll(async () => {
        project = await PulumiProject.create(lab);
        await breakNode(nodes[0]!);
        for (const [path, content] of Object.entries(state.files(nodes[0]!))) await put(nodes[0]!, path, content);
    });
    afterAll(async () => {
        await nodes[0]!.exec(["rm", "-f", ...extra]);
        await project.remove();
    });

    test("is taken over and repaired; adopted again it has no hazard that a repair could mend, and shows no change", async () => {
        const { stderr } = await adopt(project, "first", nodes.slice(0, 1));
        for (const rule of state.is) expect(stderr).toContain(`[${rule}]`);
        await project.pulumi("preview", "--diff", "--stack", "first");
        await project.pulumi("up", "--yes", "--skip-preview", "--stack", "first");
        await nodes[0]!.exec(["rm", "-f", "/etc/network/interfaces.new"]); // a human's to decide, and drift until then
        await project.pulumi("refresh", "--preview-only", "--expect-no-changes", "--stack", "first");
        const again = await adopt(project, "second", nodes.slice(0, 1), "--force");
        expect(again.stderr).not.toMatch(/repaired by the first|stray-line|own-name|missing-nofail/);
        await project.pulumi("preview", "--expect-no-changes", "--stack", "second");
    });
});

describe("a host that cannot be adopted", () => {
    let project: PulumiProject;
    beforeAll(async () => (project = await PulumiProject.create(lab)));
    afterAll(() => project.remove());

    test("is named, and nothing is written for the others either", async () => {
        const { ssh } = nodes[0]!;
        const run = await project.holdfast("adopt", `root@${ssh.host}:${ssh.port}`, "root@127.0.0.1:1");
        expect(run).toMatchObject({ exitCode: 1, stdout: "" });
        expect(run.stderr).toContain("holdfast: 127.0.0.1: root@127.0.0.1 port 1 refuses connections");
        expect((await project.run("ls", ["nodes"])).exitCode).not.toBe(0);
    });

    test("whose key is not known is refused, and the error says how to compare it", async () => {
        const { ssh } = nodes[0]!;
        await project.write("ssh_config", "Host *\n  UserKnownHostsFile /dev/null\n  GlobalKnownHostsFile /dev/null\n");
        const run = await project.holdfast("adopt", `root@${ssh.host}:${ssh.port}`);
        expect(run).toMatchObject({ exitCode: 1, stdout: "" });
        expect(run.stderr).toMatch(
            /is not known: it offers SHA256:.*Compare on the console.*adopt it with --host-key 'ssh-ed25519 AAAA.*--allow-unknown-host-key/,
        );
    });
});

test("a hosts file that a human has repaired already is left as it is", async () => {
    const node = nodes[0]!;
    const project = await PulumiProject.create(lab);
    try {
        await put(
            node,
            "/etc/hosts",
            `127.0.0.1 localhost\n${node.address} ${node.name}.example.test ${node.name}   # by hand\n`,
        );
        const run = await project.holdfast("adopt", `root@${node.ssh.host}:${node.ssh.port}`);
        expect(run.exitCode).toBe(0);
        expect(await readFile(join(project.folder, "nodes", node.name, "hosts"), "utf8")).toBe(
            (await readNodeFile(node, "/etc/hosts")) + "\n",
        );
    } finally {
        await project.remove();
    }
});

describe("the README's own commands", () => {
    let project: PulumiProject;
    beforeAll(async () => {
        for (const node of lab.nodes) await breakNode(node);
        project = await PulumiProject.create(lab);
        const hosts = lab.nodes.map(
            ({ name, ssh }) =>
                `Host ${name}\n  HostName ${ssh.host}\n  Port ${ssh.port}\n  HostKeyAlias [${ssh.host}]:${ssh.port}\n`,
        );
        await project.write("Pulumi.prod.yaml", await readFile(join(__dirname, "../../Pulumi.prod.yaml"), "utf8"));
        await project.write("ssh_config", `${hosts.join("")}Host *\n  UserKnownHostsFile ${lab.knownHostsFile}\n`);
    });
    afterAll(() => project.remove());

    test("typed as they stand there, take nodes in the incidents' state to a drift run without drift", async () => {
        const readme = await readFile(join(__dirname, "../../README.md"), "utf8");
        const [, block = ""] =
            /## With your own cluster\n\n[^`]*?(?:`[^`\n]+`[^`]*?)*```sh\n([^]*?)```/.exec(readme) ?? [];
        const [installing, ...lines] = block.trim().split("\n");
        expect(installing).toBe("npm ci --ignore-scripts"); // done, or this test would not run
        expect(lines.filter((line) => line.startsWith("npx holdfast adopt"))).toEqual([
            expect.stringContaining(lab.nodes.map(({ name }) => `root@${name}`).join(" ")),
        ]);
        const holdfast = `"${process.execPath}" cli/holdfast.js`;
        const typed = ["set -e", "export PULUMI_SKIP_CONFIRMATIONS=true", ...lines, "npx holdfast drift"]
            .join("\n")
            .replaceAll("npx holdfast", holdfast);
        const { exitCode, stdout, stderr } = await project.run("bash", ["-c", typed]);
        expect({ exitCode, stderr: exitCode === 0 ? "" : stderr + stdout }).toEqual({ exitCode: 0, stderr: "" });
        expect(stdout).toContain(`- 127.0.1.1\t${nodes[0]!.name}.example.test`);
        for (const node of lab.nodes)
            expect(await readNodeFile(node, "/etc/hosts")).toContain(
                `${node.address}\t${node.name}.example.test ${node.name}`,
            );
    });
});
