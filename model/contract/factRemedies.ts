/**
 * What it means for people that a fact is not as declared though all was pushed, and what they can do about it: no `up`
 * can.
 */
import { showControls } from "../lint/controls";
import type { FactArgs } from "./fileSet";
import type { factCodes, Verdict } from "./verdict";

type Code = keyof typeof factCodes;
/** @param found what the node says; @param wanted what is declared */
type Remedy = (args: readonly string[], found: string, wanted: string) => string;

/** Where the node could not tell. */
const untold: Partial<Record<Code, string>> = {
    "docker-silent": "Look at: systemctl status docker, and ask by hand: /usr/local/lib/holdfast/redeploy --state",
    "guard-silent": "Look at: /etc/holdfast/network-guard check, and push the concern again with `pulumi up --refresh`",
    "mail-does-not-say": "Ask it by hand: /usr/local/lib/holdfast/mail --fate",
    "network-never-started": "Look at: systemctl status networking",
    "no-reading": "The next run may have one; else look at: journalctl -t holdfast",
    "no-such-probe": "Another version of Holdfast wrote the node's program: run `pulumi up` again",
    "probe-failed": "Look at what it says; the other facts are as told",
};

/** By probe, where the node told. Every probe of which a concern declares a value is here. */
export const remedies: Readonly<Record<string, Remedy>> = {
    source: ([source, target = "its target"]) =>
        `${source} is not on this node, so nothing can be mounted on ${target}: the next boot goes on without it if its entry says nofail, and stops if not. Plug the disk in; if it is gone for good, take its entry out of the node's fstab in the stack`,
    mount: ([target]) =>
        `${target} is not mounted, and the node is declared to need it. Mount it there and read what that says: mount ${target}`,
    resolver: ([name], found, wanted) =>
        `the node resolves ${name} to ${found} and not to ${wanted}, though its hosts file says so: something is asked before that file. Look at the line hosts: of /etc/nsswitch.conf, and at: getent ahosts ${name}`,
    "interfaces-pending": () =>
        "/etc/network/interfaces.new waits there: a change of the Proxmox GUI that the next Apply or boot puts in the place of the declared file. Take it over into the stack, or press Revert in the GUI",
    "nic-name": ([name, mac], found) =>
        found === "no such card"
            ? `no card has the MAC address ${mac} of ${name}: it was taken out, or it is dead. Plug it in, or correct nics of the node in the stack`
            : `the card ${mac} is to be ${name}, and is ${found}: the next boot may call it otherwise. Correct that file on the node, or nics of the node in the stack`,
    "sourced-files": (_, found) =>
        `a file that the interfaces file sources is not sound: ${found} It is not Holdfast's: mend it on the node`,
    "network-files": (_, found) =>
        `the network's files are damaged: ${found} They are neither reloaded nor booted with until that is mended on the node, or by \`pulumi up --refresh\` where the stack has the file`,
    "files-put-back": (_, found) =>
        `${found}. Look at what was put aside, correct the stack or the node, then say on the node that it has been seen to: /etc/holdfast/network-guard clear`,
    ipmievd: (_, found) => `${found}, so the BMC's events are not written down. Look at: systemctl status ipmievd`,
    sel: (_, found) =>
        `the BMC's event log: ${found}; a full one notes nothing any more. Keep what it holds, then clear it: ipmitool sel save FILE, ipmitool sel clear`,
    docker: ([what], found) =>
        what === "disk"
            ? `Docker's disk: ${found}, so no container can be made or written to. What may go: docker system df, docker image prune`
            : `the Docker daemon ${found}. Look at: systemctl status docker, and journalctl -u docker`,
    "docker-deployment": ([name], found) =>
        `the deployment ${name}: ${found}. What is gone or stopped: npx holdfast redeploy HOST ${name}; what does not stay up: docker logs CONTAINER, on the host`,
    "last-run": ([stamp], found) =>
        `what runs by a timer is ${found === "never" ? "not known to have run" : found} (it leaves its time at ${stamp}). Look at: systemctl list-timers --all 'holdfast-*', and journalctl -t holdfast`,
    "boot-looked-at": (_, found) =>
        `the node asks itself every night whether it would survive a reboot; that is ${found}. Look at: systemctl status holdfast-boot-readiness.timer holdfast-boot-readiness.service`,
    "boot-readiness": (_, found) =>
        `the next boot: ${found}. What each check looks at, and its remedy: npx holdfast ready, docs/boot-readiness.md`,
    exporter: ([port], found) =>
        `the metrics on port ${port}: ${found}. Look at: systemctl status prometheus-node-exporter, and systemctl show -p IPAddressDeny prometheus-node-exporter`,
    monitoring: (_, found) =>
        `monitoring: ${found}, so nobody may be watched. Look at: systemctl status prometheus prometheus-alertmanager prometheus-blackbox-exporter. With monitoring.config: drop-ins your own prometheus.yml needs rule_files: [/etc/prometheus/holdfast/*.rules.yml] and the jobs of /etc/prometheus/holdfast/scrape.yml (from 2.43 on by scrape_config_files)`,
    "root-alone": ([folder], found) =>
        `${folder}: ${found}, so root does not write there. Give it and what is above it to root: chown root:root, chmod go-w`,
    "rescue-keys-read": (_, found) =>
        `sshd and the declared rescue keys: ${found}, so they may let nobody in while pmxcfs is down. Look at: sshd -T | grep -i authorizedkeysfile`,
    "backup-drill": (_, found) =>
        `backups that this node restores on trial: ${found}. A backup that differs is none: look at journalctl -t holdfast, and make a new one on that node (systemctl start holdfast-config-backup)`,
    "config-backup": (_, found) =>
        `the last backup of the node's configuration: ${found}; the last good one is still there. What it said: journalctl -t holdfast; again: systemctl start holdfast-config-backup`,
    "smartd-coverage": (_, found) =>
        `smartd does not watch ${found}. A disk that came while smartd ran: systemctl restart smartmontools; one that is gone or was never there: correct smartd.devices in the stack`,
    "self-tests": (_, found) =>
        `the disks' self-tests are ${found}: smartd should have started one two days ago. Look at: journalctl -u smartmontools`,
};

/** One line. @param verdict absent where nothing was answered about it; @param found as it stands in state */
export function explainFact(name: string, fact: FactArgs, found: string, verdict: Verdict | undefined): string {
    const { probe, args = [], value = "" } = fact;
    const advice = verdict?.state === "unknown" ? untold[verdict.code as Code] : undefined;
    if (verdict === undefined || verdict.state === "unknown")
        return line(
            `whether '${name}' is '${value}' could not be told${found === "unknown" ? "" : `: ${found}`}. ${advice ?? "Look at the node"}`,
        );
    const remedy = remedies[probe];
    return line(remedy ? remedy(args, found, value) : `'${name}' is '${found}' and not '${value}'. Look at the node`);
}

/** A node's words are in it. */
function line(text: string): string {
    return showControls(text.replace(/\s+/g, " "));
}
