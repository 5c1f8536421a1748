/** Adopted nodes in a stack that exists: nothing that stands there goes, comments and order stay. */
import { diffArrays } from "diff";
import { isDeepStrictEqual } from "node:util";
import { isMap, parse, type Document } from "yaml";
import { nothingByDefault } from "../../components/table";
import { canonicalAddress } from "../../model/values/address";
import type { ExistingStack, GivenFleet } from "./existingStack";
import {
    comment,
    fleetPath,
    freshDocument,
    nodeConfig,
    refuseFaults,
    yamlOptions,
    type AdoptedNode,
} from "./stackConfig";

const watchComment =
    " The watch on the hardware is off, so that the first `up` only repairs. Then take these lines out, one at a time.";

/** @param domain of the fleet, for one that has no nodes yet @throws Error with every fault of what comes out */
export function addToStack(
    { text, document: before, fleet, readFile }: ExistingStack,
    adopted: readonly AdoptedNode[],
    domain: string | undefined,
): string {
    const document = before.clone();
    const fresh = freshDocument(adopted, domain, fleet);
    if (fleet === undefined) document.setIn(fleetPath, fresh.getIn(fleetPath, true));
    else {
        const isFirst = Object.keys(fleet.nodes ?? {}).length === 0;
        if (isFirst && fleet.domain === undefined && domain !== undefined)
            document.setIn([...fleetPath, "domain"], domain);
        for (const node of adopted) addNode(document, fresh, fleet, node);
    }
    const { config } = document.toJS() as { config: Record<string, object> };
    refuseFaults(config["holdfast:fleet"]!, adopted, readFile);
    return inTheManner(text, before, document);
}

function addNode(document: Document, fresh: Document, fleet: GivenFleet, node: AdoptedNode): void {
    const { name } = node.identity;
    const path = [...fleetPath, "nodes", name];
    const declared = fleet.nodes?.[name];
    if (declared !== undefined) {
        changeNode(document, path, declared, nodeConfig(node, fleet));
        return;
    }
    document.setIn(path, fresh.getIn(path, true));
    const watch = Object.keys(nothingByDefault).filter((setting) => fleet.defaults?.[setting] !== false);
    for (const setting of watch) document.setIn([...path, setting], false);
    if (watch[0] !== undefined) comment(document, [...path, watch[0]], watchComment);
}

/**
 * Only what adopt has another word for; a further setting of the node's stays, and so does a name that it has already.
 */
function changeNode(document: Document, path: readonly string[], declared: object, found: object): void {
    for (const [key, value] of Object.entries(found) as [string, unknown][]) {
        const given = (declared as Record<string, unknown>)[key];
        if (isSame(given, value)) continue;
        if (Array.isArray(value) && Array.isArray(given)) {
            const names = given as readonly unknown[];
            const more = (value as readonly unknown[]).filter((each) => !names.includes(each));
            if (more.length > 0) set(document, [...path, key], document.createNode([...names, ...more]));
        } else if (isObject(value) && isObject(given)) changeNode(document, [...path, key], given, value);
        else set(document, [...path, key], isObject(value) ? document.createNode(value) : value);
    }
}

function set(document: Document, path: readonly string[], value: unknown): void {
    const holder = document.getIn(path.slice(0, -1), true);
    if (!isMap(holder))
        throw new Error(
            `${path.slice(1).join(".")} is written by an alias or a merge in the stack file, so adopt cannot change it: set it by hand to ${JSON.stringify(value)}`,
        );
    document.setIn(path, value);
}

function isSame(given: unknown, found: unknown): boolean {
    if (typeof given !== "string" || typeof found !== "string") return isDeepStrictEqual(given, found);
    // A host key may stand there with its comment, an address in another spelling.
    return given === found || given.startsWith(`${found} `) || canonicalAddress(given) === canonicalAddress(found);
}

function isObject(value: unknown): value is object {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The YAML library writes a document in one manner of its own (blanks before a comment, breaks of long texts). Lines
 * that the change does not touch are taken from the file as they stand there, wherever the two can be laid side by
 * side.
 */
export function inTheManner(text: string, before: Document, after: Document): string {
    const indent = /\n( {2,8})\S/.exec(text)?.[1]?.length ?? 2;
    const written = after.toString({ ...yamlOptions, indent });
    const own = withBlanksBefore(text);
    const [asWritten, changed] = [before.toString({ ...yamlOptions, indent }), written].map((each) =>
        each.split("\n").filter((line) => line.trim() !== ""),
    );
    if (own.lines.length !== asWritten!.length) return written;
    let line = 0;
    const lines = diffArrays(asWritten!, changed!).flatMap(({ added, removed, value }) => {
        if (added) return value;
        const stands = own.lines.slice(line, line + value.length);
        line += value.length;
        return removed ? [] : stands;
    });
    const result = [...lines, ...own.end].join("\n");
    return isDeepStrictEqual(parse(result, { merge: true }), after.toJS()) ? result : written;
}

/**
 * Each line that says something, with the blank ones before it: those the library drops before a comment at the end of
 * the document, and elsewhere they stay where they are. `end`: what follows the last of them.
 */
function withBlanksBefore(text: string): { readonly lines: readonly string[]; readonly end: readonly string[] } {
    const lines: string[] = [];
    let blanks: string[] = [];
    for (const line of text.split("\n")) {
        if (line.trim() === "") blanks.push(line);
        else {
            lines.push([...blanks, line].join("\n"));
            blanks = [];
        }
    }
    return { lines, end: blanks };
}
