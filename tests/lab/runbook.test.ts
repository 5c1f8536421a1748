/**
 * The page where it is needed, and incident A's recovery by it: a node whose database and guests are gone and whose
 * name gives a loopback address is brought back by the page's commands alone. The commands for the emergency shell are
 * run in a virtual machine (vmRunbook.test.ts).
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import type { LabNode } from "../../lab";
import { nothingByDefault } from "../../components/table";
import { type BackupLab, closeBackupLab, makeKey, openBackupLab, openStore } from "../helpers/backupLab";
import { readNodeFile, sshArguments } from "../helpers/lab";
import { fleetOf, type FleetConfig } from "../helpers/labFleet";
import { PulumiProject } from "../helpers/pulumiProject";
import { commandsOf, isElsewhere } from "../helpers/runbook";

jest.setTimeout(300_000);

const path = "/etc/holdfast/runbook.md";

let all: BackupLab;
let node: LabNode;
let project: PulumiProject;
let fleet: FleetConfig;
let configure: (declared: FleetConfig) => Promise<void>;

const sh = async (script: string) => (await node.exec(["sh", "-c", script])).stdout;
/** All that /etc/pve holds, by content. */
const pve = () => sh("cd /etc/pve && find . -type f ! -name '.*' -exec sha256sum {} + | sort -k2");

beforeAll(async () => {
    all = await openBackupLab();
    ({ node } = all);
    const key = await makeKey();
    await openStore(all.store, key);
    project = await PulumiProject.create(all.lab);
    const { nodes, ...rest } = await fleetOf(all.lab, project, [node.name]);
    const defaults = {
        ...nothingByDefault,
        runbook: { tell: ["on call: extension 4711"] },
        configBackup: {
            target: `sftp:keeper@${all.store.address}:/srv/backup`,
            hostKey: await all.store.hostKey(),
        },
    };
    fleet = { ...rest, defaults, nodes: { [node.name]: { ...nodes[node.name]!, ...{ bmc: "192.0.2.111" } } } };
    await project.pulumi("stack", "init", "book");
    configure = (declared) =>
        project.configure("book", { fleet: declared, backupPassword: "correct horse", backupKey: key.private });
    await configure(fleet);
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "book");
});
afterAll(async () => {
    await project.remove();
    await sh(
        `rm -rf ${path} /etc/hosts.before /etc/motd.d/holdfast-runbook /etc/systemd/system/emergency.service.d /etc/systemd/system/rescue.service.d ${standIns.map(([name]) => `/usr/local/sbin/${name}`).join(" ")} /tmp/started; systemctl daemon-reload`,
    );
    await closeBackupLab(all);
});

test("holdfast runbook writes the node's own page, and below it what the state knows", async () => {
    const folder = join(project.folder, "pages");
    const { exitCode, stdout, stderr } = await project.holdfast("runbook", "--stack", "book", "-o", folder);
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: `${folder}/${node.name}.md\n`, stderr: "" });
    const written = await readFile(join(folder, `${node.name}.md`), "utf8");
    const own = `${await readNodeFile(node, path)}\n`;
    expect(written.slice(0, own.length)).toBe(own);
    expect(own).toContain("BMC 192.0.2.111");
    expect(written.slice(own.length)).toMatch(/^\n## As last seen\n[^]*^\| resolves pve01 \| 192\.0\.2\.11 \|$/m);
    expect(written).not.toMatch(/correct horse|PRIVATE KEY/);
    expect(await project.holdfast("runbook", "pve09", "--stack", "book")).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining("pve09: the stack declares no such node; it has pve01"),
    });
});

test("whoever logs in is told where it is", async () => {
    const ssh = await execa("ssh", ["-tt", ...(await sshArguments(all.lab, node))], { input: "exit\n", reject: false });
    expect(ssh.stdout).toContain("pve01 does not come up, or /etc/pve is empty? What to do, step by step: " + path);
});

test("systemd takes the greeting of both shells", async () => {
    for (const mode of ["emergency", "rescue"]) {
        const shown = await sh(`systemctl show --property=ExecStartPre ${mode}.service`);
        expect(shown).toContain(`/bin/echo ; argv[]=/bin/echo pve01: what to do now, step by step: more ${path}`);
    }
});

test("an older page is drift, by its line, and the next up brings the new one", async () => {
    await sh(`sed -i s/192.0.2.111/192.0.2.112/ ${path}`);
    const { exitCode, stdout } = await project.holdfast("drift", "--stack", "book");
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/\/etc\/holdfast\/runbook\.md: 1 line added, 1 removed/);
    const moved = { ...fleet, nodes: { [node.name]: { ...fleet.nodes[node.name]!, bmc: "192.0.2.113" } } };
    await configure(moved);
    expect(await project.pulumi("up", "--yes", "--diff", "--refresh", "--stack", "book")).toMatch(
        /^ *- .*BMC 192\.0\.2\.112.*\n *\+ .*BMC 192\.0\.2\.113/m,
    );
    expect(await readNodeFile(node, path)).toContain("BMC 192.0.2.113");
});

/** Of Proxmox's own commands, which no registry has: they read /etc/pve, as the real ones do. */
const standIns: readonly [name: string, script: string][] = [
    ["pvesm", "sed -n 's/^dir: /active /p' /etc/pve/storage.cfg"],
    ["qm", "ls /etc/pve/qemu-server"],
    ["pct", "ls /etc/pve/lxc"],
    ["pvenode", "ls /etc/pve/qemu-server /etc/pve/lxc | grep conf | sort >/tmp/started"],
];

test("incident A: database and guests gone, 127.0.1.1 in /etc/hosts; back by the page's commands alone", async () => {
    for (const [name, script] of standIns)
        await node.exec(["sh", "-c", 'cat >"$0"; chmod 755 "$0"', `/usr/local/sbin/${name}`], {
            input: `#!/bin/sh\n${script}\n`,
        });
    const whole = await pve();
    expect(whole.split("\n").length).toBeGreaterThan(8);
    const page = await readNodeFile(node, path);
    await sh(
        `systemctl stop pve-cluster; rm -f /var/lib/pve-cluster/config.db*; sed -i '/${node.address} /d; /${node.address6} /d' /etc/hosts; printf '127.0.1.1 ${node.name}.example.test ${node.name}\\n' >>/etc/hosts; systemctl start pve-cluster; true`,
    );
    expect(await sh("systemctl is-active pve-cluster || true; mountpoint -q /etc/pve || echo empty")).toBe(
        "failed\nempty",
    );

    const began = Date.now();
    const steps = ["/etc/hosts", "pmxcfs", "Restore", "Storages"];
    const typed = steps.flatMap((step) => commandsOf(page, step)).filter((line) => !isElsewhere(line));
    for (const line of typed) {
        // A daemon that a command starts keeps what it was given as its output: a file, so that nobody waits for it.
        const { exitCode, stdout: said } = await node.exec(
            ["bash", "-c", `{ ${line}\n} >/tmp/said 2>&1; status=$?; cat /tmp/said; exit $status`],
            { reject: false, timeout: 120 },
        );
        expect({ line, exitCode, said }).toEqual({ line, exitCode: 0, said });
    }
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    console.log(`incident A by the runbook: ${typed.length} commands, ${seconds} s\n${typed.join("\n")}`);

    expect(await pve()).toBe(whole);
    expect(await sh("systemctl is-active pve-cluster; cat /tmp/started")).toBe(
        "active\n100.conf\n101.conf\n102.conf\n200.conf",
    );
    expect(await sh(`getent ahosts ${node.name} | cut -d' ' -f1 | sort -u`)).toBe(
        [node.address, node.address6].sort().join("\n"),
    );
});
