/** Create and Update. */
import type { FileSetArgs } from "../model/contract/fileSet";
import type { FileSetState } from "./fileState";
import { idOf } from "./id";
import type { Log } from "./log";
import type { Operation } from "./operation";
import { PartlyAppliedError } from "./partlyApplied";
import { push } from "./push";
import { WaitsError } from "./proofs";
import { RefusedError } from "./refused";

/** A first push, or a repeated one: what stands already is left alone, what stood before Holdfast is kept. */
export async function create(
    operation: Operation,
    expected: FileSetArgs,
    log: Log,
    secretFiles: ReadonlySet<string>,
): Promise<{ id: string; state: FileSetState }> {
    const id = idOf(expected);
    if (expected.maintenance) {
        log.warning(
            `${expected.host.name}: skipped, it is under maintenance; the first \`up\` without \`maintenance: true\` sets it up`,
        );
        return { id, state: untouched(expected) };
    }
    try {
        return { id, state: await push(operation, { expected, last: undefined, secretFiles }, log) };
    } catch (error) {
        sayThatItWaits(operation, error, log);
        return { id, state: untouched(expected) };
    }
}

/** `before`: the inputs in state. */
export async function update(
    operation: Operation,
    last: FileSetState,
    expected: FileSetArgs,
    log: Log,
    secretFiles: ReadonlySet<string>,
    before: Partial<FileSetArgs>,
): Promise<FileSetState> {
    if (expected.maintenance) {
        log.warning(`${expected.host.name}: skipped, it is under maintenance; its pending changes wait`);
        return last;
    }
    sayWhatStays(last, expected, log);
    try {
        return await push(operation, { expected, last, secretFiles }, log);
    } catch (error) {
        // Refused at its first look since a maintenance: kept, so that state says that the maintenance is over, and a
        // refresh looks.
        if (before.maintenance && error instanceof RefusedError) throw new PartlyAppliedError(error.message, last);
        sayThatItWaits(operation, error, log);
        return last;
    }
}

/** State of a first push that was not begun. */
function untouched(expected: FileSetArgs): FileSetState {
    return { ...expected, files: {}, observed: { facts: {} } };
}

/** Once for a node. @throws whatever is no waiting */
function sayThatItWaits(operation: Operation, error: unknown, log: Log): void {
    if (!(error instanceof WaitsError)) throw error;
    operation.sayOnce(error.message, (message) => log.warning(message));
}

/** What leaves a FileSet is left alone on the node: to take it away could stop a boot as well as to change it. */
function sayWhatStays(last: FileSetState, expected: FileSetArgs, log: Log): void {
    const files = Object.entries(last.files).filter(
        ([path, file]) => !(path in expected.files) && !file.absent && !file.skipped,
    );
    if (files.length > 0)
        log.warning(
            `${idOf(expected)}: ${files.map(([path]) => path).join(", ")} is no longer managed and stays on the node as it is; to remove it, declare it with absent: true first`,
        );
    const units = Object.entries(last.units ?? {}).filter(
        ([name, unit]) => !(name in (expected.units ?? {})) && (unit.enabled === true || unit.active === true),
    );
    if (units.length > 0)
        log.warning(
            `${idOf(expected)}: ${units.map(([name]) => name).join(", ")} is no longer managed and goes on as it is; to have it stopped, declare it with enabled: false and active: false first`,
        );
}
