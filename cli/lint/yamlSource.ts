/** A YAML text as plain data, with the place of each of its parts. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from "yaml";
import { finding, firstLine, type Finding, type Place } from "../../model/lint/finding";

type Path = readonly PropertyKey[];

const mostErrors = 10;

export interface YamlSource {
    readonly data: unknown;
    /** Of a list's item, or of the key; of what is not there, the place of what would hold it. */
    readonly placeOf: (path: Path) => Place;
}

/** What Pulumi would not read either, as findings; then there is no source. */
export function readYaml(text: string): { readonly source?: YamlSource; readonly findings: readonly Finding[] } {
    const counter = new LineCounter();
    const toPlace = (offset: number): Place => {
        const { line, col } = counter.linePos(offset);
        return line === 0 ? firstLine : { line, column: col };
    };
    try {
        const document = parseDocument(text, { merge: true, lineCounter: counter, prettyErrors: false });
        // One tells what is wrong; what follows from it need not be told a thousand times.
        const findings = document.errors
            .slice(0, mostErrors)
            .map(({ pos, message }) => syntaxFault(toPlace(pos[0]), message));
        if (findings.length > 0) return { findings };
        const placeOf = (path: Path) => toPlace(offsetOf(document, path));
        return { source: { data: document.toJS(), placeOf }, findings };
    } catch (error) {
        // Too many aliases, or lists in lists without end.
        return { findings: [syntaxFault(firstLine, error instanceof Error ? error.message : String(error))] };
    }
}

function syntaxFault(place: Place, message: string): Finding {
    const [first = ""] = message.split("\n");
    return finding("yaml-syntax", "error", place, `This is no YAML that Pulumi could read: ${first}`);
}

function offsetOf(document: Document, path: Path): number {
    let node: unknown = document.contents;
    let offset = startOf(node) ?? 0;
    for (const step of path) {
        const found = below(document, node, step);
        if (!found) break;
        node = found.value;
        offset = found.offset ?? offset;
    }
    return offset;
}

interface Found {
    readonly value: unknown;
    readonly offset: number | undefined;
}

/** @param merged the maps in which this one is merged: none is merged in itself */
function below(
    document: Document,
    holder: unknown,
    step: PropertyKey,
    merged: readonly unknown[] = [],
): Found | undefined {
    const node: unknown = isAlias(holder) ? holder.resolve(document) : holder;
    if (isSeq(node)) {
        const item = typeof step === "number" ? node.items[step] : undefined;
        return item === undefined ? undefined : { value: item, offset: startOf(item) };
    }
    if (!isMap(node) || merged.includes(node)) return undefined;
    const own = node.items.find(
        ({ key }) => isScalar(key) && !isMergeKey(key.value) && String(key.value) === String(step),
    );
    if (own) return { value: own.value, offset: startOf(own.key) };
    for (const { key, value } of node.items) {
        if (!isScalar(key) || !isMergeKey(key.value)) continue;
        for (const source of isSeq(value) ? value.items : [value]) {
            const found = below(document, source, step, [...merged, node]);
            if (found) return found;
        }
    }
    return undefined;
}

/** `<<`, which the library makes a symbol of. */
function isMergeKey(value: unknown): boolean {
    return typeof value === "symbol" || value === "<<";
}

function startOf(node: unknown): number | undefined {
    const { range } = (node ?? {}) as { readonly range?: readonly number[] | null };
    return range?.[0];
}
