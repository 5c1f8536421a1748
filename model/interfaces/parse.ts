/**
 * Grammar of ifupdown2's interfaces(5), with the statements of classic ifupdown that a Proxmox node may still carry.
 */
import { readLogicalLines, type LogicalLine, type Token } from "./lines";

export type { LogicalLine, Token } from "./lines";

export interface Trivia {
    readonly kind: "blank" | "comment";
    readonly line: LogicalLine;
}

/** `auto NAME…`, or `allow-CLASS NAME…`. */
export interface Selection {
    readonly kind: "auto" | "allow";
    readonly line: LogicalLine;
    /**
     * `hotplug`, `ovs`, or the name of an OVS bridge; absent for `auto`. `allow-auto` is a class like any other, which
     * nothing starts.
     */
    readonly className?: string;
    readonly names: readonly Token[];
}

export interface Source {
    readonly kind: "source" | "source-directory";
    readonly line: LogicalLine;
    readonly patterns: readonly Token[];
}

export interface Option {
    readonly kind: "option";
    readonly line: LogicalLine;
    readonly keyword: Token;
    /** The keyword as ifupdown2 compares it: `_` replaced by `-`. */
    readonly name: string;
    /** Everything after the keyword; empty where there is nothing. */
    readonly value: string;
    readonly values: readonly Token[];
}

/**
 * `iface`, ifupdown2's `vlan` (a VLAN's attributes on a bridge) or classic `mapping`, with its options and comments.
 */
export interface Stanza {
    readonly kind: "iface" | "vlan" | "mapping";
    readonly line: LogicalLine;
    /** Absent in a broken `iface` line without a name. */
    readonly name?: Token;
    readonly family?: Token;
    readonly method?: Token;
    readonly body: readonly (Option | Trivia)[];
}

/** Statements of classic ifupdown that ifupdown2 does not know, and lines that are no statement at all. */
export interface Unknown {
    readonly kind: "unknown";
    readonly line: LogicalLine;
}

export type Item = Trivia | Selection | Source | Stanza | Unknown;

export interface InterfacesDocument {
    readonly items: readonly Item[];
}

/** Statements of classic ifupdown's interfaces(5) that end a stanza there; ifupdown2 has none of them. */
const classicStatements = new Set(["no-auto-down", "no-scripts", "rename", "template"]);

/** Any text parses; what makes no sense becomes `unknown` or an odd option, for the lints to judge. */
export function parseInterfaces(content: string): InterfacesDocument {
    const lines = readLogicalLines(content);
    const items: Item[] = [];
    for (let index = 0; index < lines.length;) {
        const item = parseStatement(lines[index]!);
        index += 1;
        if (isStanza(item)) {
            const body: (Option | Trivia)[] = [];
            while (index < lines.length && !isStatement(lines[index]!)) body.push(parseBodyLine(lines[index++]!));
            items.push({ ...item, body });
        } else {
            items.push(item);
        }
    }
    return { items };
}

export function isStanza(item: Item): item is Stanza {
    return item.kind === "iface" || item.kind === "vlan" || item.kind === "mapping";
}

/** `iface` stanzas only, in the order of the file. */
export function ifaceStanzas(document: InterfacesDocument): (Stanza & { readonly name: Token })[] {
    return document.items.filter(
        (item): item is Stanza & { readonly name: Token } => item.kind === "iface" && item.name !== undefined,
    );
}

export function optionsOf(stanza: Stanza): Option[] {
    return stanza.body.filter((entry) => entry.kind === "option");
}

/** The form in which ifupdown2 compares option names: `bridge_ports` and `bridge-ports` are the same. */
export function normalizeKeyword(keyword: string): string {
    return keyword.replaceAll("_", "-");
}

function isStatement(line: LogicalLine): boolean {
    const keyword = line.tokens[0]?.text;
    if (keyword === undefined || keyword.startsWith("#")) return false;
    return parseStatement(line).kind !== "unknown" || classicStatements.has(keyword);
}

function parseStatement(line: LogicalLine): Item {
    const trivia = parseTrivia(line);
    if (trivia) return trivia;
    const [keyword, ...rest] = line.tokens;
    const text = keyword!.text;
    if (text === "auto") return { kind: "auto", line, names: rest };
    if (text.startsWith("allow-")) return { kind: "allow", line, className: text.slice("allow-".length), names: rest };
    if (text === "source" || text === "source-directory") return { kind: text, line, patterns: rest };
    if (text === "iface") return { kind: "iface", line, name: rest[0], ...familyAndMethod(rest), body: [] };
    if (text === "vlan" || text === "mapping") return { kind: text, line, name: rest[0], body: [] };
    return { kind: "unknown", line };
}

function familyAndMethod(rest: readonly Token[]): Pick<Stanza, "family" | "method"> {
    const [, family, method] = rest;
    if (family?.text === "inherits") return {};
    return method?.text === "inherits" ? { family } : { family, method };
}

function parseTrivia(line: LogicalLine): Trivia | undefined {
    if (line.tokens.length === 0) return { kind: "blank", line };
    return line.tokens[0]!.text.startsWith("#") ? { kind: "comment", line } : undefined;
}

function parseBodyLine(line: LogicalLine): Option | Trivia {
    const trivia = parseTrivia(line);
    if (trivia) return trivia;
    const [keyword, ...values] = line.tokens;
    const value = line.text.slice(keyword!.text.length).trim();
    return { kind: "option", line, keyword: keyword!, name: normalizeKeyword(keyword!.text), value, values };
}
