/** What is done to the nodes themselves: the floor to compare with, and the way back to the incidents' state. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import type { Lab, LabNode } from "../lab";
import { concerns } from "../components/table";

const files = ["/etc/hosts", "/etc/fstab", "/etc/network/interfaces"];

/** Seconds for OpenSSH to print the three files of every node, all nodes at once, each over a connection of its own. */
export async function timeFloor(lab: Lab): Promise<number> {
    const started = process.hrtime.bigint();
    await Promise.all(lab.nodes.map((node) => execa("ssh", [...sshOptions(lab, node), "cat", ...files])));
    return Number(process.hrtime.bigint() - started) / 1e9;
}

export function sshOptions(lab: Lab, node: LabNode): string[] {
    const options = [
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "StrictHostKeyChecking=yes",
        `UserKnownHostsFile=${lab.knownHostsFile}`,
    ];
    return [
        "-F",
        "none",
        "-i",
        lab.identityFile,
        ...options.flatMap((option) => ["-o", option]),
        "-p",
        String(node.ssh.port),
        `root@${node.ssh.host}`,
    ];
}

const managed = Object.values(concerns).flatMap(({ files: paths }) => Object.keys(paths));

/** Keeps every file that a concern may replace as it is now, for `restoreFiles`. */
export async function keepFiles(lab: Lab): Promise<void> {
    const script = 'for file; do test ! -e "$file" || cp --archive --parents -t /root "$file"; done';
    await Promise.all(lab.nodes.map((node) => node.exec(["sh", "-ec", script, "sh", ...managed])));
}

/** Milliseconds of CPU, children's too, that the watchdog's program takes for one run over a whole `sensors -j`. */
export async function watchdogCpu({ nodes: [node] }: Lab): Promise<number> {
    const readings = await readFile(join(__dirname, "..", "tests", "fixtures", "thermal", "sensors.json"), "utf8");
    const script =
        "mkdir -p /run/bench && cat >/run/bench/sensors.json && /usr/local/lib/holdfast/temperature --rehearse /run/bench >/dev/null; times";
    const { stdout } = await node!.exec(["sh", "-c", script], { input: readings });
    return [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
        (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
        0,
    );
}

const watchUnits =
    "smartmontools prometheus-node-exporter holdfast-ipmi ipmievd holdfast-temperature.timer holdfast-sel.timer holdfast-nvme-selftest-short.timer holdfast-nvme-selftest-long.timer";
/** Of Holdfast itself, for a shell. */
export const traces = "/etc/holdfast /var/lib/holdfast /run/holdfast /usr/local/lib/holdfast";

/** As before Holdfast's first visit: the old files, and nothing of ours. */
export async function restoreFiles(lab: Lab): Promise<void> {
    const script = `systemctl disable --now ${watchUnits} 2>/dev/null; rm -f -- "$@"; rm -rf ${traces}; cp --archive -t / /root/etc; systemctl daemon-reload`;
    await Promise.all(lab.nodes.map((node) => node.exec(["sh", "-c", script, "sh", ...managed])));
}

/** It had failed over the incidents' hosts file, and what lies in /etc/pve is looked at. */
export async function startPmxcfs(lab: Lab): Promise<void> {
    await Promise.all(lab.nodes.map((node) => node.exec(["systemctl", "restart", "pve-cluster.service"])));
}
