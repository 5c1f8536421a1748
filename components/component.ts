/** What the component of every concern is made of: its FileSets, and what was observed with them as its outputs. */
import * as pulumi from "@pulumi/pulumi";
import type { FileArgs, FileSetArgs } from "../model/contract/fileSet";
import { FileSet, type FileSetInputs } from "../provider/resource";
import type { ConcernDefinition } from "./concern";

/** By their keys of `holdfast:`. */
export type Secrets = Readonly<Record<string, pulumi.Output<string> | undefined>>;

/** Only contents are ever Outputs: a plan is made of plain data. */
type PlannedFileSet = Omit<FileSetArgs, "files"> & Pick<FileSetInputs, "files">;
type Planned = PlannedFileSet | readonly PlannedFileSet[];

export class ConcernComponent extends pulumi.ComponentResource {
    readonly fileSets: readonly FileSet[];
    private readonly names: readonly string[];

    constructor(
        { component }: Pick<ConcernDefinition, "component">,
        name: string,
        planned: Planned,
        options?: pulumi.ComponentResourceOptions,
    ) {
        super(`holdfast:components:${component}`, name, {}, options);
        const all = [planned].flat() as readonly PlannedFileSet[];
        this.names = all.map(({ concern }) => concern);
        // The first has the concern's own name, each further one that of its part: pve01-config-backup, pve01-backup-drill.
        this.fileSets = all.map(
            (args, index) =>
                new FileSet(index === 0 ? name : `${args.host.name}-${args.concern}`, args, { parent: this }),
        );
        const observed = this.fileSets.map((fileSet) => fileSet.observed);
        this.registerOutputs({ observed: observed.length === 1 ? observed[0] : observed });
    }

    /** By the second half of their ids. */
    get byConcern(): Readonly<Record<string, FileSet>> {
        return Object.fromEntries(this.fileSets.map((fileSet, index) => [this.names[index]!, fileSet]));
    }

    /** The first. @throws Error where the concern has none */
    get fileSet(): FileSet {
        const [first] = this.fileSets;
        if (!first) throw new Error("this concern manages no files");
        return first;
    }
}

interface Planner<Args> {
    readonly files: ConcernDefinition["files"];
    readonly secrets?: (settings: never) => readonly string[];
    readonly plan: (args: Args) => FileSetArgs | readonly FileSetArgs[];
}

/**
 * The plan, with those contents made of secrets that the concern says hold any: nothing else is hidden in previews.
 * A plan is made once for everybody to see, and once more, inside of the secret, for those contents alone.
 */
export function withSecrets<Args extends { readonly settings: unknown }>(
    { files, plan, secrets }: Planner<Args>,
    args: Args,
    given: Secrets,
): Planned {
    const open = plan(args);
    const needed = secrets?.(args.settings as never) ?? [];
    const known = Object.fromEntries(needed.flatMap((key) => (given[key] ? [[key, given[key]]] : [])));
    if (needed.length === 0 || Object.keys(known).length < needed.length) return open;
    const closed = pulumi.secret(pulumi.all(known)).apply((values) => [plan({ ...args, secrets: values })].flat());
    return ([open].flat() as readonly FileSetArgs[]).map((fileSet, index) => ({
        ...fileSet,
        files: Object.fromEntries(
            Object.entries(fileSet.files).map(
                ([path, file]): [
                    string,
                    FileArgs | (Omit<FileArgs, "content"> & { readonly content: pulumi.Output<string> }),
                ] => [
                    path,
                    files[path]?.secret && file.content !== undefined
                        ? { ...file, content: closed.apply((all) => contentOf(all[index], path)) }
                        : file,
                ],
            ),
        ),
    }));
}

function contentOf(fileSet: FileSetArgs | undefined, path: string): string {
    const { content }: FileArgs = fileSet?.files[path] ?? {};
    if (content === undefined) throw new Error(`${path}: a secret must not decide whether a file is there`);
    return content;
}
