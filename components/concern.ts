/** What is the same for the component of every concern. */
import type { Concern } from "./table";
import type { FileSetArgs, HostArgs } from "../model/contract/fileSet";
import type { NodeIdentity } from "../model/lint/lintContext";

export interface ConcernArgs {
    readonly host: HostArgs;
    readonly node: NodeIdentity;
    /** Not contacted. */
    readonly maintenance?: boolean;
    /** What `pulumi destroy`, or taking the node out, does to what stands there; `keep` by default. */
    readonly onDelete?: FileSetArgs["onDelete"];
}

/** As a FileSet takes it. */
export function ofConcern(
    concern: Concern,
    { host, node, maintenance, onDelete }: ConcernArgs,
): ConcernArgs & { readonly concern: Concern } {
    return { host, node, maintenance, onDelete, concern };
}
