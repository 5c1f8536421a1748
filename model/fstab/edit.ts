/**
 * The smallest edits that keep a boot from hanging on a missing disk: only the options field of the entries that need
 * it.
 */
import type { Token } from "../lint/text";
import { canonicalTarget, hardenEntry } from "./entry";
import { encodeField } from "./field";
import { formatFstab, renderOptions } from "./format";
import { parseFstab, type FstabLine } from "./parse";

export interface FstabHardening {
    /** Targets that are essential besides `/`, `/usr`, `/var` and `/boot`. */
    readonly essential?: readonly string[];
}

/**
 * Idempotent; comments and spacing stay byte for byte. Sources stay too: which UUID a device name meant only the node
 * knows.
 */
export function hardenFstab(content: string, { essential = [] }: FstabHardening = {}): string {
    const targets = new Set(essential.map(canonicalTarget));
    return formatFstab(parseFstab(content).map((line) => hardenLine(line, targets)));
}

function hardenLine(line: FstabLine, essential: ReadonlySet<string>): FstabLine {
    if (!line.entry) return line;
    const hardened = hardenEntry(line.entry, { essential: essential.has(canonicalTarget(line.entry.target)) });
    if (hardened === line.entry) return line;
    const previous: Token | undefined = line.fields[3];
    const options: Token = {
        gap: previous?.gap ?? " ",
        column: previous?.column ?? 0,
        text: encodeField(renderOptions(hardened.options)),
    };
    return { ...line, entry: hardened, fields: [...line.fields.slice(0, 3), options, ...line.fields.slice(4)] };
}
