/** What fills the page in: this node's own values, from the stack alone. No secret is among them. */
import { type FstabEntry, isEssential, parseFstab, renderFstabEntry } from "../../model/fstab";
import { canonicalTarget, isMountedAtBoot, isOnDevice, isSwap } from "../../model/fstab/entry";
import { renderHostsEntry } from "../../model/hosts/format";
import { entriesOf } from "../../model/hosts/names";
import type { HostArgs } from "../../model/contract/fileSet";
import { bracketed } from "../../model/values/address";
import type { BackupPlace, ConcernArgs, FleetView, MachineView } from "../concern";
import { commandLine, shellWord } from "../commands/plan";
import type { OwnCommand } from "../commands/settings";
import { planFstab } from "../fstab/plan";
import type { FstabSettings } from "../fstab/settings";
import { planNetworkInterfaces } from "../interfaces/plan";
import type { InterfacesSettings } from "../interfaces/settings";
import { type ByHand, byHand } from "./network";
import type { RunbookSettings } from "./settings";

export interface RunbookArgs extends ConcernArgs {
    readonly settings?: RunbookSettings;
    /** With the node itself, whose other concerns fill the page in; without it the page says what is not declared. */
    readonly fleet?: FleetView;
}

/** @returns what the template wants: every field is there, `false` where there is nothing to say */
export function pageOf(args: RunbookArgs): object {
    const { node, host, settings, fleet = { machines: [] } } = args;
    const own = fleet.machines.find(({ identity }) => identity.name === node.name);
    const ssh = sshTo({ ...host, address: own?.host?.address ?? host.address });
    return {
        name: node.name,
        bmc: own?.bmc === undefined ? false : { host: own.bmc, url: `https://${bracketed(own.bmc)}` },
        ssh: `ssh ${ssh.words}`,
        tell: [...(own?.mail?.to ?? ["root"]), ...(settings?.tell ?? [])].join("; "),
        hosts: entriesOf(node).map(renderHostsEntry),
        addresses: entriesOf(node).map(({ address }) => address),
        fstab: own?.fstab ? mountsOf(args, own.fstab as FstabSettings) : false,
        network: own?.interfaces ? networkOf(args, own.interfaces as InterfacesSettings) : false,
        guard: own?.networkGuard !== undefined,
        cluster: fleet.machines.filter(({ roles }) => roles.includes("node")).length > 1,
        restore: own?.configBackup
            ? {
                  target: own.configBackup.target,
                  destination: ssh.destination,
                  options: accessTo(own.configBackup),
              }
            : false,
        ...clusterOf(fleet, node.name),
        docker: fleet.machines.filter(({ roles }) => roles.includes("docker")).map((each) => dockerHost(each, fleet)),
        redeploys: fleet.machines.filter(({ docker }) => docker !== undefined).map(redeploy),
    };
}

function mountsOf(args: RunbookArgs, settings: FstabSettings): object {
    const content = planFstab({ ...args, settings }).files["/etc/fstab"]?.content ?? "";
    const entries = parseFstab(content).flatMap(({ entry }) => (entry ? [entry] : []));
    const essential = new Set("file" in settings ? settings.essential.map(canonicalTarget) : []);
    const isNeeded = (entry: FstabEntry) => isEssential(entry) || essential.has(canonicalTarget(entry.target));
    const onDisks = entries.filter((entry) => isOnDevice(entry) && isMountedAtBoot(entry));
    return {
        lines: entries.map(renderFstabEntry),
        disks: onDisks.map((entry) => ({
            source: shellWord(entry.source),
            target: isSwap(entry) ? "swap" : entry.target,
            kind: isNeeded(entry) ? "the boot needs it" : "the boot goes on without it",
        })),
        // What the emergency shell has mounted already, and what mount(8) would not take.
        mounts: onDisks
            .filter((entry) => !isSwap(entry) && entry.target !== "/")
            .map(({ source, target, fstype }) => ({
                source: shellWord(source),
                target: shellWord(target),
                fstype: shellWord(fstype),
            })),
    };
}

function networkOf(args: RunbookArgs, settings: InterfacesSettings): ByHand | false {
    const { files } = planNetworkInterfaces({ ...args, settings });
    return byHand(files["/etc/network/interfaces"]?.content ?? "", args.node) ?? false;
}

/** What the cluster's declared part knows of the order: storages first, then guests. */
function clusterOf({ proxmox }: FleetView, name: string): object {
    const storages = Object.entries(proxmox?.storages ?? {}).filter(([, { nodes }]) => nodes?.includes(name) ?? true);
    const guests = Object.entries(proxmox?.guests ?? {}).filter(([, { onboot }]) => onboot !== false);
    const places = guests.map(([id, { order, up }]) => ({ id, order: order ?? Infinity, up: up ?? 0 }));
    places.sort((one, other) => one.order - other.order || Number(one.id) - Number(other.id));
    return {
        storages: storages.map(([storage, { path }]) => `${storage} (${path})`).join(", "),
        guests: places.map(({ id, up }) => (up > 0 ? `${id} (then ${up} s)` : id)).join(", "),
    };
}

/** How the target is opened from another machine, with the files that hold what opens it. */
function accessTo({ target, port = 22 }: BackupPlace): string {
    const files = ["--password-file FILE"];
    if (target.startsWith("sftp:")) files.push("--key-file FILE", "--known-hosts FILE");
    else if (!target.startsWith("/")) files.push("--login-file FILE");
    if (target.startsWith("sftp:") && port !== 22) files.push(`--repository-port ${port}`);
    return files.join(" ");
}

/** As `restore` is reached: ssh alone, without the stack. */
function redeploy({ identity, host, docker }: MachineView): object {
    const { destination } = sshTo(host ?? { name: identity.name, address: identity.address });
    const names = docker?.deployments.map(({ name }) => name).join(", ") ?? "";
    return {
        line: `npx holdfast redeploy ${identity.name} --host ${destination}`,
        names: names === "" ? "none" : names,
    };
}

function dockerHost({ identity, host }: MachineView, { commands = [] }: FleetView): object {
    const target = host ?? { name: identity.name, address: identity.address };
    const { words } = sshTo(target);
    // The shell here takes the outer quotes, the one there the inner ones.
    const there = (command: Parameters<typeof commandLine>[0]) => {
        const line = commandLine(command);
        return `ssh ${words} ${line.includes("'") ? shellWord(line) : line}`;
    };
    return {
        name: identity.name,
        list: there({ argv: ["docker", "ps", "--all"], host: target, environment: {} }),
        deployments: commands
            .filter((command) => command.host?.name === identity.name)
            .map((command) => ({ name: command.name, line: `${given(command)}${there(command)}` })),
    };
}

/** Before the line that reads it; a secret stands on no page. */
function given({ stdin }: Pick<OwnCommand, "stdin">): string {
    if (stdin === undefined) return "";
    if (typeof stdin !== "string") return `pulumi config get holdfast:${stdin.secret} | `;
    return `printf '%s\\n' ${stdin.replace(/\n$/, "").split("\n").map(shellWord).join(" ")} | `;
}

/** For a terminal, and as one word for what takes only that. */
function sshTo({ address, user = "root", port = 22, proxy }: HostArgs): { words: string; destination: string } {
    const jump =
        proxy &&
        `${proxy.user === undefined ? "" : `${proxy.user}@`}${bracketed(proxy.host)}${proxy.port === undefined ? "" : `:${proxy.port}`}`;
    const words = [
        ...(jump === undefined ? [] : ["-J", jump]),
        ...(port === 22 ? [] : ["-p", String(port)]),
        `${user}@${address}`,
    ];
    const destination = port === 22 ? `${user}@${address}` : `ssh://${user}@${bracketed(address)}:${port}`;
    return { words: words.join(" "), destination };
}
