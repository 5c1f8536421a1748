/**
 * Between Pulumi's property values and plain data: the only place that knows secrets and unknowns.
 * Sources: the special signatures of @pulumi/pulumi/runtime/rpc and sdk/go/common/resource/plugin/rpc.go.
 */
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { showControls } from "../model/lint/controls";
import { isUnknown, SECRET, SIGNATURE } from "../model/contract/engineWords";
import { inFull, shorten } from "./ownPrograms";
import type { FileState } from "./fileState";

export interface Decoded<T> {
    readonly value: T;
    /** Paths to values that are secret: they are wrapped again on the way back. */
    readonly secrets: readonly (readonly string[])[];
}

export function decode<T>(message: Struct | undefined): Decoded<T> {
    const secrets: string[][] = [];
    const unwrap = (value: unknown, path: string[]): unknown => {
        if (Array.isArray(value)) return value.map((item, index) => unwrap(item, [...path, String(index)]));
        if (value === null || typeof value !== "object") return value;
        const record = value as Record<string, unknown>;
        if (record[SIGNATURE] === SECRET) {
            secrets.push(path);
            return unwrap(record["value"], path);
        }
        return Object.fromEntries(Object.entries(record).map(([key, item]) => [key, unwrap(item, [...path, key])]));
    };
    return {
        value: withFiles(unwrap(message?.toJavaScript() ?? {}, []) as Record<string, unknown>, inFull) as T,
        secrets,
    };
}

/** Wraps again what came in secret, wherever it still stands. */
export function encode(value: object, secrets: Decoded<unknown>["secrets"] = []): Struct {
    const marked = new Set(secrets.map((path) => JSON.stringify(path)));
    const wrap = (item: unknown, path: string[]): unknown => {
        const plain = Array.isArray(item)
            ? item.map((each, index) => wrap(each, [...path, String(index)]))
            : item !== null && typeof item === "object"
              ? Object.fromEntries(
                    Object.entries(item)
                        .filter(([, each]) => each !== undefined)
                        .map(([key, each]) => [key, wrap(each, [...path, key])]),
                )
              : item;
        return marked.has(JSON.stringify(path)) ? { [SIGNATURE]: SECRET, value: plain } : plain;
    };
    return Struct.fromJavaScript(wrap(withFiles(value, shorten), []) as Parameters<typeof Struct.fromJavaScript>[0]);
}

/** What nobody has checked yet may have any shape, and what is not known yet has no text. */
function withFiles(value: object, change: (target: string, file: FileState) => FileState): object {
    const { files } = value as { files?: unknown };
    if (!isRecord(files)) return value;
    const changed = Object.entries(files).map(([target, file]) => [
        target,
        isRecord(file) && (file["content"] === undefined || isText(file["content"])) ? change(target, file) : file,
    ]);
    return { ...value, files: Object.fromEntries(changed) as object };
}

function isText(value: unknown): boolean {
    return typeof value === "string" && !isUnknown(value);
}

/**
 * Takes secret text out of a message: whole, line by line, and word by word. A word of a line that names a password is secret
 * however short it is, any other from eight characters on. A setting's name is none, nor a comment, nor who logs in where: a
 * user called `holdfast` must not make `[secret]` of `/usr/local/lib/holdfast`.
 */
export function mask(message: string, ...given: readonly Decoded<unknown>[]): string {
    const texts = given.flatMap(({ value, secrets }) =>
        secrets.flatMap((path) =>
            textsIn(path.reduce<unknown>((item, key) => (item as Record<string, unknown> | undefined)?.[key], value)),
        ),
    );
    const lines = texts.flatMap((text) => text.split("\n")).map((line) => line.trim());
    const passwords = lines.filter((line) => NAMES_A_SECRET.test(line)).flatMap(valuesOf);
    const others = lines.filter((line) => !IS_HARMLESS.test(line));
    const anywhere = [
        ...texts.map((text) => text.trim()),
        ...others.filter(isTelling(4)),
        ...passwords.filter(isTelling(4)),
        ...others.flatMap(valuesOf).filter(isTelling(8)),
    ].map((part) => [part, literally(part)] as const);
    // Three letters stand in many a word.
    const alone = passwords.map((part) => [part, `(?<!\\w)${literally(part)}(?!\\w)`] as const);
    // The longest first: a part of a secret must not break up the whole.
    return [...anywhere, ...alone]
        .filter(([part]) => part !== "")
        .sort(([a], [b]) => b.length - a.length)
        .reduce((masked, [, pattern]) => masked.replace(new RegExp(pattern, "g"), "[secret]"), message);
}

const NAMES_A_SECRET = /^[^#]*(?:pass|secret|token|credential|\bkey\b)/i;
const IS_HARMLESS = /^(?:[#;]|(?:user|username|login|from|host|port)\b)/i;

/** The words of a line without the setting that it begins with. */
function valuesOf(line: string): string[] {
    const words = line.split(/[\s=:,;"']+/).filter(Boolean);
    return words.length > 1 && /^[a-z][a-z_.-]*$/i.test(words[0]!) ? words.slice(1) : words;
}

function literally(text: string): string {
    return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** What a person or a log may see of a message: no secret, and nothing that steers a terminal. */
export function tellable(message: string, ...given: readonly Decoded<unknown>[]): string {
    return showControls(mask(message, ...given));
}

function isTelling(shortest: number) {
    return (part: string) => part.length >= shortest;
}

function textsIn(value: unknown): string[] {
    if (value !== null && typeof value === "object") return Object.values(value).flatMap(textsIn);
    return typeof value === "string" || typeof value === "number" ? [String(value)] : [];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
    return value !== null && typeof value === "object" && !Array.isArray(value);
}
