/**
 * What is secret: by path, by value, and what of a secret's text tells it. Pure; wrapping and masking are in `wire.ts`.
 */
import { definitionOf, isConcern } from "../components/table";

export interface Decoded<T> {
    readonly value: T;
    /** Paths to values that are secret: whatever stands there on the way back is wrapped again. */
    readonly secrets: readonly (readonly string[])[];
}

/** Characters from which on a secret is looked for inside of words. A shorter one counts where it stands by itself. */
const SHORT = 4;
/** Characters of a line, and of a word in it, that tell a secret when they stand in a message by themselves. */
const TELLING_LINE = 4;
const TELLING_WORD = 8;

/** `password=…`, `pass …`, `"token": "…"`: the value alone, of any length. */
const BY_KEY =
    /(?:^|[\s{,;"'_.-])(?:\w*(?:password|passwd|passphrase|secret|token)|pass|api[_-]?key)["']?[ \t]*[=: \t][ \t]*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"'][^\n]*))/gim;
/** `smtp://user:…@relay`, and postfix's `relay user:…`. */
const BY_PLACE = [/:\/\/[^\s:@/]+:([^\s@/]+)@/g, /^\S+[ \t]+[^\s:=]+:(\S+)$/gm];
/** Lines of a secret file that name no secret: a comment, or who logs in where. */
const PUBLIC_LINE =
    /^\s*(?:[#;]|["']?(?:user|username|login|from|host|port|account|defaults|auth|tls\w*|logfile|maildomain)\b)/i;

/** Paths to what a concern's row calls secret, whoever wrote it, and whether or not the program said so. */
export function markedPaths(value: unknown): string[][] {
    const { concern, files } = isRecord(value) ? value : {};
    if (typeof concern !== "string" || !isConcern(concern) || !isRecord(files)) return [];
    const rows: Readonly<Record<string, { readonly secret?: true }>> = definitionOf(concern).files;
    return Object.entries(files).flatMap(([path, file]) =>
        rows[path]?.secret && isRecord(file) && file["content"] !== undefined ? [["files", path, "content"]] : [],
    );
}

/** Each secret's own text, and the passwords in it: what wraps a value that has it in another place. */
export function secretTexts(given: readonly Decoded<unknown>[]): string[] {
    const whole = wholeTexts(given).map((text) => text.trim());
    return distinct([...whole, ...whole.flatMap(passwordsIn)]);
}

/** What is taken out of a message: besides, the lines and longer words of a secret that stand nowhere in plain text. */
export function tellingTexts(given: readonly Decoded<unknown>[]): string[] {
    const plain = given.map(({ value, secrets }) => plainText(value, secrets)).join("\n");
    const lines = wholeTexts(given)
        .flatMap((text) => text.split("\n"))
        .map((line) => line.trim())
        .filter((line) => !PUBLIC_LINE.test(line));
    const words = lines.flatMap(valuesOf);
    const parts = [
        ...lines.filter((line) => line.length >= TELLING_LINE),
        ...words.filter((word) => word.length >= TELLING_WORD),
    ];
    return distinct([...secretTexts(given), ...parts.filter((part) => !plain.includes(part))]);
}

/** The words of a line without the setting that it begins with. */
function valuesOf(line: string): string[] {
    const words = line.split(/[\s=:,;"']+/).filter(Boolean);
    return words.length > 1 && /^[a-z][a-z_.-]*$/i.test(words[0]!) ? words.slice(1) : words;
}

/** Whether a text has a secret in it; a short one counts only by itself. */
export function isTelling(text: string, secrets: readonly string[]): boolean {
    return secrets.some((secret) => text.includes(secret) && (secret.length >= SHORT || aloneIn(secret).test(text)));
}

export function withoutSecrets(text: string, secrets: readonly string[]): string {
    // The longest first: a part of a secret must not break up the whole.
    return [...secrets]
        .sort((a, b) => b.length - a.length)
        .reduce(
            (masked, secret) =>
                secret.length >= SHORT
                    ? masked.split(secret).join("[secret]")
                    : masked.replace(aloneIn(secret), "[secret]"),
            text,
        );
}

function aloneIn(secret: string): RegExp {
    return new RegExp(`(?<![\\p{L}\\p{N}])${secret.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")}(?![\\p{L}\\p{N}])`, "gu");
}

function passwordsIn(text: string): string[] {
    const byKey = [...text.matchAll(BY_KEY)].map(([, ...found]) => found.find(Boolean) ?? "");
    const byPlace = BY_PLACE.flatMap((pattern) => [...text.matchAll(pattern)].map(([, found = ""]) => found));
    return [...byKey, ...byPlace].map((found) => found.trim().replace(/["',;}]+$/, ""));
}

function wholeTexts(given: readonly Decoded<unknown>[]): string[] {
    return given.flatMap(({ value, secrets }) => secrets.flatMap((path) => textsIn(at(value, path))));
}

function at(value: unknown, path: readonly string[]): unknown {
    return path.reduce<unknown>((item, key) => (item as Record<string, unknown> | undefined)?.[key], value);
}

function textsIn(value: unknown): string[] {
    if (value !== null && typeof value === "object") return Object.values(value).flatMap(textsIn);
    return typeof value === "string" || typeof value === "number" ? [String(value)] : [];
}

/** Everything that came in without being secret, keys included. */
function plainText(value: unknown, secrets: Decoded<unknown>["secrets"]): string {
    const hidden = new Set(secrets.map((path) => JSON.stringify(path)));
    const texts: string[] = [];
    const walk = (item: unknown, path: string[]): void => {
        if (hidden.has(JSON.stringify(path))) return;
        if (item !== null && typeof item === "object")
            for (const [key, each] of Object.entries(item)) {
                texts.push(key);
                walk(each, [...path, key]);
            }
        else if (typeof item === "string") texts.push(item);
    };
    walk(value, []);
    return texts.join("\n");
}

function distinct(texts: readonly string[]): string[] {
    return [...new Set(texts)].filter(Boolean);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
    return value !== null && typeof value === "object" && !Array.isArray(value);
}
