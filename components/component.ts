/** What the component of every concern is made of: its FileSets, and what was observed with them as its outputs. */
import * as pulumi from "@pulumi/pulumi";
import type { FileArgs, FileSetArgs } from "../model/contract/fileSet";
import { FileSet, type FileSetInputs } from "../provider/resource";
import { type ConcernDefinition, isFileSet, type OtherResource, type Planned as PlannedData } from "./concern";

/** By their keys of `holdfast:`. */
export type Secrets = Readonly<Record<string, pulumi.Output<string> | undefined>>;

/** Only contents are ever Outputs: a plan is made of plain data. */
type PlannedFileSet = Omit<FileSetArgs, "files"> & Pick<FileSetInputs, "files">;
type One = PlannedFileSet | OtherResource;
type Planned = One | readonly One[];

export class ConcernComponent extends pulumi.ComponentResource {
    readonly fileSets: readonly FileSet[];
    /** Of other packages; by the end of their names. */
    readonly others: Readonly<Record<string, pulumi.CustomResource>>;
    private readonly names: readonly string[];

    constructor(
        { component }: Pick<ConcernDefinition, "component">,
        name: string,
        planned: Planned,
        options?: pulumi.ComponentResourceOptions,
    ) {
        super(`holdfast:components:${component}`, name, {}, options);
        const each = [planned].flat() as readonly One[];
        const all = each.filter((one) => isFileSet(one));
        this.names = all.map(({ concern }) => concern);
        // The first has the concern's own name, each further one that of its part: pve01-config-backup,
        // pve01-backup-drill.
        this.fileSets = all.map(
            (args, index) =>
                new FileSet(index === 0 ? name : `${args.host.name}-${args.concern}`, args, { parent: this }),
        );
        const others = each.filter((one): one is OtherResource => !isFileSet(one));
        this.others = Object.fromEntries(
            others.map((other) => [
                other.name,
                // `pve01-backup` is the component of pve01.
                new Other(other.type, `${name}-${other.name}`, { ...other.inputs }, { parent: this }),
            ]),
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

/** Pulumi's own class is abstract. */
class Other extends pulumi.CustomResource {}

interface Planner<Args> {
    readonly files: ConcernDefinition["files"];
    readonly secrets?: (settings: never) => readonly string[];
    readonly plan: (args: Args) => PlannedData | readonly PlannedData[];
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
    const closed = pulumi
        .secret(pulumi.all(known))
        .apply((values) => [plan({ ...args, secrets: values })].flat() as readonly PlannedData[]);
    return ([open].flat() as readonly PlannedData[]).map((planned, index) =>
        !isFileSet<FileSetArgs>(planned)
            ? planned
            : {
                  ...planned,
                  files: Object.fromEntries(
                      Object.entries(planned.files).map(
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
              },
    );
}

function contentOf(planned: PlannedData | undefined, path: string): string {
    const { content }: FileArgs = (planned && isFileSet<FileSetArgs>(planned) ? planned.files[path] : undefined) ?? {};
    if (content === undefined) throw new Error(`${path}: a secret must not decide whether a file is there`);
    return content;
}
