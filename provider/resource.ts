/** The program's side of the custom resources. */
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { API_OBJECT_TYPE, type ApiObjectArgs } from "../model/contract/apiObject";
import { FILE_SET_TYPE, type FileArgs, type FileSetArgs } from "../model/contract/fileSet";
import { isExceptionalFact } from "../model/contract/verdict";

/** What was seen on the node after the last operation; verdicts and states, never raw measurements. */
export interface Observed {
    readonly facts: Record<string, string>;
}

/** Each property may be an Output, and so may each property of a file: its content, where it holds a secret. */
export type FileSetInputs = pulumi.Inputs & {
    [K in keyof Omit<FileSetArgs, "files">]: pulumi.Input<FileSetArgs[K]>;
} & {
    readonly files:
        | pulumi.Input<FileSetArgs["files"]>
        | Readonly<Record<string, { readonly [K in keyof FileArgs]: pulumi.Input<FileArgs[K]> }>>;
};

export class FileSet extends pulumi.CustomResource {
    declare readonly observed: pulumi.Output<Observed>;
    /** Not enumerable: whoever exports a resource gets what the provider says. */
    readonly #declared: pulumi.Output<FileSetArgs["facts"]>;
    readonly #content: pulumi.Output<unknown>;

    constructor(name: string, args: FileSetInputs, options?: pulumi.CustomResourceOptions) {
        super(FILE_SET_TYPE, name, { ...args, observed: undefined }, options);
        this.#declared = pulumi.output(args.facts);
        const { files, packages, units } = args;
        this.#content = pulumi.output({ files, packages, units });
    }

    /** Changes when a file, package or unit does that is declared; secret where a content is. */
    get declaredDigest(): pulumi.Output<string> {
        return this.#content.apply((content) => createHash("sha256").update(JSON.stringify(content)).digest("hex"));
    }

    /** The facts that are not as declared or could not be told; by name, as in `observed`. */
    get exceptions(): pulumi.Output<Record<string, string>> {
        return pulumi.all([this.observed as pulumi.Output<Observed | undefined>, this.#declared]).apply(
            // Of a resource that failed or was left alone there is nothing to see.
            ([observed, declared]) =>
                Object.fromEntries(
                    Object.entries(observed?.facts ?? {}).filter(([name, value]) =>
                        isExceptionalFact(value, declared?.[name]?.value),
                    ),
                ),
        );
    }
}

/** Settings of something that the Proxmox API keeps, or a look at it. */
export class ApiObject extends pulumi.CustomResource {
    /** As they were found. */
    declare readonly settings: pulumi.Output<Record<string, string>>;

    constructor(name: string, args: ApiObjectArgs, options?: pulumi.CustomResourceOptions) {
        super(API_OBJECT_TYPE, name, { ...args }, options);
    }
}
