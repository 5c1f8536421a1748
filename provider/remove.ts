/** Delete: what stands there stays, or the state before Holdfast comes back. */
import { UnreachableError } from "../host/errors";
import type { FileSetArgs } from "../model/contract/fileSet";
import type { Declared } from "./declared";
import type { FileSetState } from "./fileState";
import { idOf } from "./id";
import type { Log } from "./log";
import type { Operation } from "./operation";
import { extrasFor, work } from "./push";
import { restoring } from "./restore";
import { specOf } from "./state";

/**
 * `onDelete: keep` (the default) contacts nobody: taking a node out of the stack must not bring `127.0.1.1` back.
 * How to delete is as last declared; what stands there is as last seen.
 */
export async function remove(
    operation: Operation,
    declared: FileSetArgs,
    seen: FileSetState,
    log: Log,
    secretFiles: ReadonlySet<string>,
): Promise<void> {
    const last: FileSetState = {
        ...declared,
        files: seen.files,
        observed: seen.observed,
        ...(seen.machine !== undefined && { machine: seen.machine }),
    };
    if (last.onDelete !== "restore") {
        log.info(`${idOf(last)}: its files stay on the node as they are (onDelete: keep)`);
        await sayWhoKnows(operation, last, log);
        return;
    }
    const { host, maintenance, origin } = await operation.reach(last);
    if (maintenance)
        throw new UnreachableError(
            last.host.name,
            "it is under maintenance, so nothing can be restored; take that off, or set onDelete: keep",
        );
    const paths = Object.keys(last.files);
    const extras = { ...extrasFor(paths, []), originals: [...paths, ...Object.keys(last.units ?? {})] };
    // What stood there before says what the lints of its restoration want to know: so one look for that, and one to
    // change it.
    const before = await operation.nodes(host, origin).inspect(last.concern, specOf(last), extras);
    await work(operation, { expected: restoring({ ...last, host }, before), last, secretFiles }, log);
}

/** A node that has left the stack, of the others' hosts files: those that the stack keeps are the user's. */
async function sayWhoKnows(operation: Operation, { host: { name }, concern }: FileSetArgs, log: Log): Promise<void> {
    if (concern !== "hosts") return;
    // A config with faults keeps nothing from being taken out.
    const declared = await operation.declared().catch((): Declared[] => []);
    if (declared.some(({ identity }) => identity.name === name)) return;
    const kept = declared.flatMap(({ hostsFile }) => hostsFile ?? []);
    if (kept.length > 0)
        log.warning(
            `${name} has left the stack; hosts files that the stack keeps are yours, so delete its line where one stands: ${[...new Set(kept)].join(", ")}`,
        );
}
