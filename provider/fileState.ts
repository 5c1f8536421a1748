/** A FileSet as the engine keeps it. */
import type { FileArgs, FileSetArgs } from "../model/contract/fileSet";

/** A file as it is: in the terms of its inputs where it is a plain file, else in words. */
export interface FileState {
    readonly content?: string;
    readonly absent?: boolean;
    readonly mode?: string;
    readonly owner?: string;
    readonly group?: string;
    readonly when?: string;
    readonly yields?: FileArgs["yields"];
    /** What stands there instead of a plain file: `symlink to /etc/pve/hosts`, `folder`. */
    readonly instead?: string;
    /** `when` is not met on this node, or the file `yields` to somebody else's. */
    readonly skipped?: boolean;
    /** Only of a file that is not UTF-8 text, whose `content` is therefore lossy. */
    readonly sha256?: string;
    /**
     * Instead of `content`: a reference to another version of a program of Holdfast's own, whose text is not at hand.
     */
    readonly otherProgram?: string;
}

/** What the engine keeps: the inputs' shape with actual values. */
export interface FileSetState extends Omit<FileSetArgs, "files"> {
    readonly files: Readonly<Record<string, FileState>>;
    readonly observed: { readonly facts: Readonly<Record<string, string>> };
    /** Of whatever was last looked at under this name; states of earlier versions have none. */
    readonly machine?: string;
}
