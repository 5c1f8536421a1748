/** A line that glibc reads: what the rules about names work on. */
import { canonicalAddress, familyOf, type Family } from "../values/address";
import type { Token } from "../lint/text";
import type { HostsLine } from "./parse";

export interface HostsMapping {
    readonly line: HostsLine;
    /** Canonical spelling. */
    readonly address: string;
    readonly family: Family;
    readonly names: readonly Token[];
}

/** None for a comment, a blank line, or one whose address is invalid. */
export function mappingOf(line: HostsLine): HostsMapping[] {
    const family = line.address && familyOf(line.address.text);
    return family ? [{ line, address: canonicalAddress(line.address.text), family, names: line.names }] : [];
}
