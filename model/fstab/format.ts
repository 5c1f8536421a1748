/** Fstab document to text. */
import { encodeField } from "./field";
import type { FstabEntry, FstabLine } from "./parse";

/** The parsed text, byte for byte, where the document is as `parseFstab` made it. */
export function formatFstab(lines: readonly FstabLine[]): string {
    return lines
        .map(({ fields, tail, ending }) => fields.map(({ gap, text }) => gap + text).join("") + tail + ending)
        .join("");
}

/** One line without its newline, all six fields, single blanks: the form of Proxmox's installer. */
export function renderFstabEntry({ source, target, fstype, options, dump = 0, passno = 0 }: FstabEntry): string {
    return [source, target, fstype, renderOptions(options)]
        .map(encodeField)
        .concat(String(dump), String(passno))
        .join(" ");
}

/** The options field, not yet escaped; it must not be empty. */
export function renderOptions(options: readonly string[]): string {
    return options.length > 0 ? options.join(",") : "defaults";
}
