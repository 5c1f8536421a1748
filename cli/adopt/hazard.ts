/** What the hazards of a node are found in, and how one is told. */
import type { Finding } from "../../model/lint/finding";
import type { KeptFormat } from "./keptFiles";

/** A finding in a file of a node. */
export interface Hazard extends Finding {
    /** Absolute path on the node. */
    readonly file: string;
    /** The kept file no longer has it, so the first `up` takes it off the node. */
    readonly repaired?: boolean;
}

export interface KeptFile {
    readonly format: KeptFormat;
    /** Absolute path on the node. */
    readonly target: string;
    /** As it stands on the node. */
    readonly live: string;
    /** As it is written into the project. */
    readonly content: string;
    /** Where it goes there; absent where the stack declares the file in its own words. */
    readonly path?: string;
}
