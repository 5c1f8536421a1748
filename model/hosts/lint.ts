/** Rules for /etc/hosts. Each says what glibc or pmxcfs does with the fault (tried with glibc 2.36), and what to do. */
import { canonicalAddress, familyOf, isLoopback, withoutZone } from "../values/address";
import { at, finding, firstLine, type Finding, type Place, type Severity } from "../lint/finding";
import type { LintContext } from "../lint/lintContext";
import { lintText, strayLine } from "../lint/text";
import { lintNodeNames } from "./lintNodeNames";
import { mappingOf, type HostsMapping } from "./mapping";
import { canonicalName } from "./names";
import { parseHosts, type HostsLine } from "./parse";

export function lintHosts(content: string, context: LintContext): Finding[] {
    const lines = parseHosts(content);
    const mappings = lines.flatMap(mappingOf);
    return [
        ...lintText(content, { strict: true }),
        ...lines.flatMap(lintLine),
        ...lintLocalhost(mappings),
        ...lintDuplicateNames(mappings),
        ...lintNodeNames(mappings, context),
    ];
}

function lintLine(line: HostsLine): Finding[] {
    const { address, names, number } = line;
    if (!address) return [];
    const place = at(number, address);
    const stray = strayLine([address, ...names].map(({ gap, text }) => gap + text).join("") + line.tail);
    if (stray) return [finding("stray-line", "error", place, `This line is ${stray}, not a hosts entry. Delete it.`)];
    if (!familyOf(address.text)) return [invalidAddress(address.text, place)];
    if (names.length === 0)
        return [
            finding(
                "missing-name",
                "error",
                place,
                `The address ${address.text} has no name. Add one, or delete the line.`,
            ),
        ];
    return names.flatMap((name) => {
        // `0.0.0.0 0.0.0.0` stands in well-known blocklists, and says what is so anyway.
        const isAddress = familyOf(withoutZone(name.text)) !== undefined;
        if (isAddress && canonicalAddress(name.text) !== canonicalAddress(address.text))
            return [
                finding(
                    "address-as-name",
                    "error",
                    at(number, name),
                    `'${name.text}' is an address and stands where a name belongs. Write one address and its names per line, or delete the line.`,
                ),
            ];
        const fault = isAddress ? undefined : nameFault(name.text);
        return fault
            ? [finding("invalid-name", fault.severity, at(number, name), `'${name.text}' ${fault.message}`)]
            : [];
    });
}

/** glibc passes over a line whose first word is no address; macOS ships one with a zone, which harms nothing. */
function invalidAddress(text: string, place: Place): Finding {
    const invalid = (severity: Severity, message: string) => finding("invalid-address", severity, place, message);
    const blank = invisibleBlank(text);
    if (blank !== undefined)
        return invalid(
            "error",
            `'${text}' holds ${blank}, so the line is ignored. Write an ordinary blank in its place.`,
        );
    if (familyOf(withoutZone(text)))
        return invalid(
            "warning",
            `glibc ignores a line whose address has a zone (${text}). Write the address without '%…', or delete the line.`,
        );
    if (/^[\d.]+\/\d+$|^[\da-fA-F.]*:[\da-fA-F:.]*\/\d+$/.test(text))
        return invalid("error", `'${text}' has a prefix length, so the line is ignored. Write the address alone.`);
    return invalid(
        "error",
        `'${text}' is not an IP address, so the line is ignored. Write ADDRESS NAME [NAME…], or delete the line.`,
    );
}

/**
 * Blanks to the eye, and part of the word to glibc: they come with text copied from a web page or a word processor.
 * Without those that join or part letters in some scripts.
 */
function invisibleBlank(text: string): string | undefined {
    const found = /[\u00a0\u00ad\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]/.exec(text)?.[0];
    return found && `the invisible blank U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** A name that no program asks for harms nothing but itself: an error only where several names have become one. */
function nameFault(name: string): { severity: Severity; message: string } | undefined {
    const blank = invisibleBlank(name);
    if (blank !== undefined)
        return {
            severity: "error",
            message: `holds ${blank}, which joins what stands on both sides of it to one name. Write an ordinary blank in its place.`,
        };
    if (/[^\x21-\x7e]/.test(name))
        return { severity: "warning", message: "is not ASCII, and resolvers look up the xn-- form. Write that form." };
    if (/[^A-Za-z0-9._-]/.test(name)) {
        const remedy = name.includes("*")
            ? "glibc knows no patterns. Write each name out."
            : /:\d+$/.test(name)
              ? "a port has no place here. Write the name alone."
              : "no program asks for it. Use letters, digits, '-' and '.', and blanks between names.";
        return { severity: /[,;]/.test(name) ? "error" : "warning", message: `cannot be a host name: ${remedy}` };
    }
    const labels = name.replace(/\.$/, "").split(".");
    if (labels.includes("")) return { severity: "error", message: "has an empty label. Remove the extra dot." };
    if (name.length > 253 || labels.some((label) => label.length > 63))
        return {
            severity: "error",
            message: "is too long: at most 63 characters per label and 253 in all. Shorten it.",
        };
    if (name.endsWith("."))
        return {
            severity: "warning",
            message: "is found only when it is asked for with its final dot. Remove the dot.",
        };
    if (labels.some((label) => /^-|-$/.test(label)))
        return {
            severity: "warning",
            message: "has a label that starts or ends with '-', which DNS forbids. Rename it.",
        };
    return undefined;
}

function lintLocalhost(mappings: readonly HostsMapping[]): Finding[] {
    const found = mappings.some(
        ({ address, names }) => isLoopback(address) && names.some(({ text }) => canonicalName(text) === "localhost"),
    );
    if (found) return [];
    return [
        finding(
            "missing-localhost",
            "error",
            firstLine,
            "No loopback address is named localhost. Add the line '127.0.0.1 localhost'.",
        ),
    ];
}

/** A warning: glibc hands out both addresses, and some people balance load that way. */
function lintDuplicateNames(mappings: readonly HostsMapping[]): Finding[] {
    const first = new Map<string, HostsMapping>();
    return mappings.flatMap((mapping) =>
        mapping.names.flatMap(({ text, column }) => {
            const key = `${mapping.family} ${canonicalName(text)}`;
            const earlier = first.get(key);
            if (!earlier) first.set(key, mapping);
            if (!earlier || earlier.address === mapping.address) return [];
            const message = `'${text}' stands for ${earlier.address} on line ${earlier.line.number} and for ${mapping.address} here. Keep one of them.`;
            return [finding("duplicate-name", "warning", { line: mapping.line.number, column }, message)];
        }),
    );
}
