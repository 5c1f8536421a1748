/** The controller of `holdfast:host:FileSet`: each method is one verb of the resource's life, in plain data. */
import type { FileSetArgs } from "../model/contract/fileSet";
import type { Difference } from "./compare";
import type { FileSetState } from "./fileState";
import { checkInputs } from "./inputs";
import type { Log } from "./log";
import type { Operation } from "./operation";
import { diff, preview, previewCreate } from "./preview";
import { read } from "./read";
import { remove } from "./remove";
import { isRecord } from "./wire";
import { create, update } from "./write";

/** Files of which nothing is shown, neither as it was nor as it is. */
type SecretFiles = ReadonlySet<string>;
const NONE: SecretFiles = new Set();

export class FileSetController {
    constructor(private readonly operation: Operation) {}

    /**
     * With the node's facts where this very operation has looked at it (`--refresh`); a preview alone does not look.
     */
    check(given: unknown, before: unknown, log: Log) {
        const { host } = given as Partial<FileSetArgs>;
        const checked = checkInputs(given, before, isRecord(host) ? this.operation.nodes(host).facts : undefined);
        for (const warning of checked.warnings) log.warning(warning);
        return checked;
    }

    /** `actual`: the state. */
    diff(actual: FileSetState, expected: FileSetArgs, log: Log): Promise<Difference[]> {
        return diff(this.operation, actual, expected, log);
    }

    previewCreate(expected: FileSetArgs, log: Log): object {
        return previewCreate(this.operation, expected, log);
    }

    preview(expected: FileSetArgs): object {
        return preview(expected);
    }

    create(expected: FileSetArgs, log: Log, secretFiles = NONE): Promise<{ id: string; state: FileSetState }> {
        return create(this.operation, expected, log, secretFiles);
    }

    /** `before`: the inputs in state. */
    update(
        last: FileSetState,
        expected: FileSetArgs,
        log: Log,
        secretFiles: SecretFiles,
        before: Partial<FileSetArgs> = {},
    ): Promise<FileSetState> {
        return update(this.operation, last, expected, log, secretFiles, before);
    }

    read(
        id: string,
        inputs: FileSetArgs | undefined,
        last: FileSetState | undefined,
        log: Log,
    ): Promise<{ inputs: FileSetArgs; state: FileSetState }> {
        return read(this.operation, id, inputs, last, log);
    }

    /** `declared`: the inputs in state, `seen`: the state. */
    delete(declared: FileSetArgs, seen: FileSetState, log: Log, secretFiles = NONE): Promise<void> {
        return remove(this.operation, declared, seen, log, secretFiles);
    }
}
