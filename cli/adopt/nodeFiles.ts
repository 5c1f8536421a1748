/** What adopt leaves in the project: all of it or, where something stands in the way, nothing. */
import { access, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Adoption } from "./plan";
import { readIfThere, renderDifferences, type Difference } from "./projectFiles";

export interface Places {
    /** Project folder. */
    readonly out: string;
    readonly stack?: string;
    /** Relative to the current folder. */
    readonly import?: string;
    /** Change what is there with another content. */
    readonly force: boolean;
}

/** Paths, those of the project relative to it. */
export interface Written {
    readonly files: readonly string[];
    /** There already, with this content. */
    readonly same: readonly string[];
}

/**
 * @param say is shown the difference of every file that is there with another content
 * @throws Error that names these, unless they may be changed, or the folder that is not there; then nothing is written
 */
export async function writeProject(
    { nodes, stackConfig, importFile }: Adoption,
    places: Places,
    say: (text: string) => void,
): Promise<Written> {
    const { stack } = places;
    const files = nodes.flatMap(({ kept }) =>
        kept.flatMap(({ path, content }) => (path === undefined ? [] : [{ path, content }])),
    );
    if (stack !== undefined) files.push({ path: `Pulumi.${stack}.yaml`, content: stackConfig });
    return writeFiles(files, importFile, places, say);
}

/** As writeProject. @param files relative to the project */
export async function writeFiles(
    files: readonly { readonly path: string; readonly content: string }[],
    importFile: string,
    { out, stack, force, ...places }: Places,
    say: (text: string) => void,
): Promise<Written> {
    const present = await Promise.all(
        files.map(async ({ path, content }) => ({ path, after: content, before: await readIfThere(join(out, path)) })),
    );
    const others = present.filter(
        (file): file is Difference => file.before !== undefined && file.before !== file.after,
    );
    say(renderDifferences(others));
    if (others.length > 0 && !force)
        throw new Error(
            `${others.map(({ path }) => path).join(", ")}: there already, and would change as shown above. Nothing was written; to have it so, run it again with --force, else with another --out${stack === undefined ? "" : " or --stack"}`,
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
    const isSame = ({ before, after }: { readonly before?: string; readonly after: string }) => before === after;
    for (const { path, after } of present.filter((file) => !isSame(file))) {
        await mkdir(dirname(join(out, path)), { recursive: true });
        await writeFile(join(out, path), after);
    }
    return {
        files: [
            ...present.filter((file) => !isSame(file)).map(({ path }) => path),
            ...(places.import === undefined ? [] : [places.import]),
        ],
        same: present.filter(isSame).map(({ path }) => path),
    };
}
