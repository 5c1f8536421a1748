/** Hosts document to text. */
import type { HostsLine } from "./parse";

/** One address and its names, the canonical one first. */
export interface HostsEntry {
    /** IPv4 or IPv6, without prefix length. */
    readonly address: string;
    readonly names: readonly string[];
}

/** The parsed text, byte for byte, where the document is as `parseHosts` made it. */
export function formatHosts(lines: readonly HostsLine[]): string {
    return lines.map(formatLine).join("");
}

/** A new line in the form that Proxmox's installer writes: single blanks. */
export function renderHostsEntry({ address, names }: HostsEntry): string {
    return [address, ...names].join(" ");
}

function formatLine({ address, names, tail, ending }: HostsLine): string {
    const tokens = address ? [address, ...names] : names;
    return tokens.map(({ gap, text }) => gap + text).join("") + tail + ending;
}
