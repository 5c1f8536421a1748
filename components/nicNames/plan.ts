/** The files and commands. What pins a card's name already, and what the card is, the node's own program finds. */
import type { FactArgs, FileArgs, FileSetArgs } from "../../model/contract/fileSet";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";
import type { NicNamesSettings } from "./settings";

export interface NicNamesArgs extends ConcernArgs {
    readonly settings: NicNamesSettings;
}

const template = "/etc/systemd/network/10-holdfast-NAME.link";
/** Where Proxmox puts its own pins, and where people do. */
const others = ["/usr/local/lib/systemd/network/*.link", "/etc/systemd/network/*.link"];

export function planNicNames(args: NicNamesArgs): FileSetArgs {
    const entries = Object.entries(args.settings.nics);
    const pins = entries.flatMap(([name, mac]) => (mac ? [{ name, mac }] : []));
    const words = pins.map(({ name, mac }) => `${name}=${mac}`);
    return {
        ...ofConcern("nic-names", args),
        files: Object.fromEntries(entries.map(([name, mac]) => [fileOf(name), fileWith(name, mac)])),
        validate: pins.length > 0 ? [{ argv: ["holdfast", "nic-names", ...words] }] : [],
        // The initramfs carries them: the first udev of a boot is its own.
        activate: [{ argv: ["holdfast", "nic-initramfs"], timeout: 1800 }],
        facts: Object.fromEntries(pins.map(({ name, mac }) => [`card ${name}`, pinOf(name, mac)])),
    };
}

function fileOf(name: string): string {
    return template.replace("NAME", name);
}

function fileWith(name: string, mac: string | false): FileArgs {
    if (!mac) return { absent: true };
    return { content: renderFile(template, { name, mac }), yields: { files: others, line: `MACAddress=${mac}` } };
}

function pinOf(name: string, mac: string): FactArgs {
    return { probe: "nic-name", args: [name, mac], value: "pinned" };
}
