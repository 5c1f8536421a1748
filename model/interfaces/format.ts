/** Text of an interfaces file: the same bytes for a parsed one, Proxmox's own style for one made from config. */
import { isRepeated } from "./keywords";
import type { InterfacesDocument } from "./parse";
import { isStanza } from "./parse";

export type OptionValue = string | number | boolean | readonly (string | number)[];

/** One `iface` stanza of the stack config; see CONTRACT.md. */
export interface StanzaConfig {
    readonly name: string;
    readonly auto?: boolean;
    /** Classes of `allow-CLASS` lines: `hotplug`, `ovs`, the name of an OVS bridge. */
    readonly allow?: readonly string[];
    /** `inet` where a method is given without a family. */
    readonly family?: "inet" | "inet6";
    readonly method?: string;
    /** By ifupdown2's names. `true` is written as `yes`; lists become one line or several, as the option takes them. */
    readonly options?: Readonly<Record<string, OptionValue>>;
    /** Written as `#` lines after the options, as Proxmox's GUI does. */
    readonly comments?: readonly string[];
}

export interface InterfacesConfig {
    /** Paths or globs, absolute. */
    readonly source?: readonly string[];
    readonly stanzas: readonly StanzaConfig[];
}

/** Byte-exact for a document that was not edited. */
export function formatInterfaces(document: InterfacesDocument): string {
    return document.items
        .map((item) => item.line.raw + (isStanza(item) ? item.body.map((entry) => entry.line.raw).join("") : ""))
        .join("");
}

/** Throws an Error where a name or value would break out of its line. */
export function renderInterfaces(config: InterfacesConfig): string {
    const stanzas = config.stanzas.map(renderStanza);
    const sources = (config.source ?? []).map((pattern) => `source ${word(pattern, "source")}\n`);
    return [...stanzas, ...(sources.length > 0 ? [sources.join("")] : [])].join("\n");
}

function renderStanza(stanza: StanzaConfig): string {
    const name = word(stanza.name, "name");
    const selections = [
        ...(stanza.auto ? [`auto ${name}`] : []),
        ...(stanza.allow ?? []).map((className) => `allow-${word(className, `allow of ${name}`)} ${name}`),
    ];
    const family = stanza.family ?? (stanza.method === undefined ? undefined : "inet");
    const header = [
        "iface",
        name,
        family,
        stanza.method === undefined ? undefined : word(stanza.method, `method of ${name}`),
    ];
    const options = Object.entries(stanza.options ?? {}).flatMap(([keyword, value]) =>
        renderOption(name, keyword, value),
    );
    const comments = (stanza.comments ?? []).map((comment) => `#${oneLine(comment, `comment of ${name}`)}`);
    const lines = [...selections, header.filter((part) => part !== undefined).join(" "), ...options, ...comments];
    return lines.map((line) => `${line}\n`).join("");
}

function renderOption(name: string, keyword: string, value: OptionValue): string[] {
    const where = `option ${keyword} of ${name}`;
    const texts = (isList(value) ? value : [value]).map((entry) => oneLine(scalar(entry), where));
    const lines = isRepeated(keyword) ? texts : [texts.join(" ")];
    return lines.map((text) => {
        if (text === "")
            throw new Error(`${where}: is empty, and ifupdown2 takes no option without a value; leave it out`);
        return `\t${word(keyword, where)} ${text}`;
    });
}

function isList(value: OptionValue): value is readonly (string | number)[] {
    return Array.isArray(value);
}

function scalar(value: string | number | boolean): string {
    return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
}

function oneLine(text: string, where: string): string {
    if (/[\n\r\0]|\\\s*$/.test(text))
        throw new Error(
            `${where}: '${text}' does not fit on one line; remove the line break, NUL or trailing backslash`,
        );
    return text.trim();
}

function word(text: string, where: string): string {
    if (!/^[^\s#\\][^\s\\]*$/.test(text))
        throw new Error(`${where}: '${text}' is not one word; remove spaces and backslashes`);
    return text;
}
