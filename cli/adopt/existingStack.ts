/** The stack file that nodes are added to, and what it declares already. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument, type Document } from "yaml";
import { concerns } from "../../components/table";
import { formatFault, parseFleet } from "../../components/fleet";
import type { NodeIdentity } from "../../model/lint/lintContext";
import type { KeptFormat } from "./keptFiles";
import { readIfThere } from "./projectFiles";

/** `holdfast:fleet` as it stands there; sound, where it declares a node. */
export interface GivenFleet {
    readonly domain?: string;
    readonly ssh?: { readonly user?: string; readonly port?: number };
    readonly defaults?: Readonly<Record<string, unknown>>;
    readonly nodes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface ExistingStack {
    readonly text: string;
    readonly document: Document;
    /** Absent where the file has none. */
    readonly fleet?: GivenFleet;
    /** The nodes that it declares. */
    readonly nodes: readonly NodeIdentity[];
    /** The other machines: their names are taken. */
    readonly hosts: readonly NodeIdentity[];
    /** Reads a file of the project; undefined where there is none. */
    readonly readFile: (path: string) => string | undefined;
}

/**
 * Of `Pulumi.STACK.yaml` in `out`; undefined where there is none.
 * @throws Error where it is no YAML, or has faults of its own: what is added to it could not be judged
 */
export async function readStack(out: string, stack: string): Promise<ExistingStack | undefined> {
    const name = `Pulumi.${stack}.yaml`;
    const text = await readIfThere(join(out, name));
    if (text === undefined) return undefined;
    const document = parseDocument(text, { merge: true });
    if (document.errors[0]) throw new Error(`${name}: ${document.errors[0].message.split("\n")[0]}; mend it first`);
    const { config } = (document.toJS() ?? {}) as { config?: Record<string, unknown> };
    const given = config?.["holdfast:fleet"];
    if (given !== undefined && (typeof given !== "object" || given === null || "secure" in given))
        throw new Error(
            `${name}: holdfast:fleet is no plain YAML there, so nothing can be added to it; write it as such`,
        );
    const fleet = given as GivenFleet | undefined;
    const readFile = (path: string) => readIfPresent(join(out, path));
    if (Object.keys(fleet?.nodes ?? {}).length === 0) return { text, document, fleet, nodes: [], hosts: [], readFile };
    // A kept file that is gone is no reason not to adopt its node again.
    const { fleet: sound, faults } = parseFleet(fleet, (path) => readFile(path) ?? "");
    if (!sound)
        throw new Error(
            `${name} has to be mended first:\n${faults.map((fault) => `  ${formatFault(fault)}`).join("\n")}`,
        );
    const identities = (machines: readonly { readonly identity: NodeIdentity }[]) =>
        machines.map(({ identity }) => identity);
    return { text, document, fleet, nodes: identities(sound.nodes), hosts: identities(sound.hosts), readFile };
}

function readIfPresent(file: string): string | undefined {
    try {
        return readFileSync(file, "utf8");
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
    }
}

/**
 * Where a node's file is kept in the project: where the stack says so, else by default.
 * @returns `itself` where the stack declares that file in its own words, `off` where it leaves it alone
 */
export function placeOf(
    fleet: GivenFleet | undefined,
    node: string,
    format: KeptFormat,
): { readonly path: string } | "itself" | "off" {
    const given = fleet?.nodes?.[node]?.[concerns[format].setting];
    if (given === undefined) return { path: projectPath(node, { format }) };
    if (given === false) return "off";
    const { file } = given as { readonly file?: unknown };
    return typeof file === "string" ? { path: file } : "itself";
}

/** Path of a kept file, relative to the project, where nothing else is said. */
export function projectPath(node: string, { format }: { readonly format: KeptFormat }): string {
    return `nodes/${node}/${format}`;
}
