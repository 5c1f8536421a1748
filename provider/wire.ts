/**
 * Between Pulumi's property values and plain data: the only place that knows secrets and unknowns.
 * Sources: the special signatures of @pulumi/pulumi/runtime/rpc and sdk/go/common/resource/plugin/rpc.go.
 */
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { showControls } from "../model/lint/controls";
import { isUnknown, SECRET, SIGNATURE } from "../model/contract/engineWords";
import { inFull, shorten } from "./ownPrograms";
import { isRecord, isTelling, markedPaths, secretTexts, tellingTexts, withoutSecrets, type Decoded } from "./secrets";
import type { FileState } from "./fileState";

export type { Decoded } from "./secrets";
export { isRecord } from "./secrets";

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
    const value = withFiles(unwrap(message?.toJavaScript() ?? {}, []) as Record<string, unknown>, inFull);
    return { value: value as T, secrets: [...secrets, ...markedPaths(value)] };
}

/**
 * Wraps what is secret: what stands where anything secret stood in what came in, what has the text of a secret in it
 * wherever it stands, and what the concern's own row calls so.
 */
export function encode(value: object, ...given: readonly Decoded<unknown>[]): Struct {
    const marked = new Set(
        [...given.flatMap(({ secrets }) => secrets), ...markedPaths(value)].map((path) => JSON.stringify(path)),
    );
    const texts = secretTexts(given);
    const isSecret = (item: unknown, path: string[]): boolean =>
        marked.has(JSON.stringify(path)) ||
        (typeof item === "string" && !isUnknown(item) && isTelling(item, texts)) ||
        // A key cannot be wrapped by itself.
        (isRecord(item) && Object.keys(item).some((key) => isTelling(key, texts)));
    const wrap = (item: unknown, path: string[], within = false): unknown => {
        const hides = !within && path.length > 0 && isSecret(item, path);
        const inner = within || hides;
        const plain = Array.isArray(item)
            ? item.map((each, index) => wrap(each, [...path, String(index)], inner))
            : item !== null && typeof item === "object"
              ? Object.fromEntries(
                    Object.entries(item)
                        .filter(([, each]) => each !== undefined)
                        .map(([key, each]) => [key, wrap(each, [...path, key], inner)]),
                )
              : item;
        return hides ? { [SIGNATURE]: SECRET, value: plain } : plain;
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

/** Takes what tells a secret out of a message. */
export function mask(message: string, ...given: readonly Decoded<unknown>[]): string {
    return withoutSecrets(message, tellingTexts(given));
}

/** What a person or a log may see of a message: no secret, and nothing that steers a terminal. */
export function tellable(message: string, ...given: readonly Decoded<unknown>[]): string {
    return showControls(mask(message, ...given));
}
