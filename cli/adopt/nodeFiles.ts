/** What adopt leaves in the project: all of it or, where something stands in the way, nothing. */
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseDocument } from "yaml";
import type { Adoption } from "./plan";
import { projectPath } from "./stackConfig";

export interface Places {
    /** Project folder. */
    readonly out: string;
    readonly stack?: string;
    /** Relative to the current folder. */
    readonly import?: string;
    /** Replace what differs. */
    readonly force: boolean;
}

/**
 * Paths as written, those of the project relative to it.
 * @throws Error that names every file that is there with another content, or the folder that is not; then nothing is written
 */
export async function writeProject(
    { nodes, stackConfig, importFile }: Adoption,
    { out, stack, force, ...places }: Places,
): Promise<string[]> {
    const files = nodes.flatMap(({ identity, kept }) =>
        kept.map((file) => ({ path: projectPath(identity.name, file), content: file.content })),
    );
    if (stack !== undefined) {
        const path = `Pulumi.${stack}.yaml`;
        files.push({ path, content: withOtherSettings(stackConfig, await readIfThere(join(out, path))) });
    }
    const present = await Promise.all(
        files.map(async ({ path, content }) => ({
            path,
            differs: ![content, undefined].includes(await readIfThere(join(out, path))),
        })),
    );
    const others = present.filter(({ differs }) => differs).map(({ path }) => path);
    if (others.length > 0 && !force)
        throw new Error(
            `${others.join(", ")}: there already, with another content. Compare them, then run it again with --force, or with another --out${stack === undefined ? "" : " or --stack"}`,
        );
    if (places.import !== undefined) {
        const folder = dirname(places.import);
        await access(folder).catch(() => {
            throw new Error(
                `--import ${places.import}: there is no folder ${folder}; make it, or name a file elsewhere`,
            );
        });
        await writeFile(places.import, importFile);
    }
    for (const { path, content } of files) {
        await mkdir(dirname(join(out, path)), { recursive: true });
        await writeFile(join(out, path), content);
    }
    return [...files.map(({ path }) => path), ...(places.import === undefined ? [] : [places.import])];
}

/** The stack's salt, its secrets and other programs' settings stay: without the salt its secrets are lost. */
function withOtherSettings(stackConfig: string, before: string | undefined): string {
    if (before === undefined) return stackConfig;
    const { config = {}, ...more } = (parseDocument(before).toJS() ?? {}) as { config?: Record<string, unknown> };
    const document = parseDocument(stackConfig);
    for (const [key, value] of Object.entries(config))
        if (key !== "holdfast:fleet") document.setIn(["config", key], value);
    for (const [key, value] of Object.entries(more)) document.set(key, value);
    return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

async function readIfThere(file: string): Promise<string | undefined> {
    return readFile(file, "utf8").catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
    });
}
