/** A push that did not end as it should: whether anything of it stays, and so what state keeps. */
import { changeInWords, identityOf, undoneInWords, type Change } from "../host/observation";
import type { Applied } from "../host/push";
import type { FileSetState } from "./fileState";
import { KeptError } from "./kept";

/** Applied in part: kept in state with what was observed, so that the next `up` goes on from there. */
export class PartlyAppliedError extends KeptError {
    override readonly name = "PartlyAppliedError";
    declare readonly state: FileSetState;
}

/**
 * A first push that was undone is no resource, an update that was undone keeps the state it had; else what stands there
 * now is the state.
 */
export function failure(name: string, { result, before, seen, trouble }: Applied, state: FileSetState): Error {
    const isAsBefore = Object.keys(seen.files).every(
        (path) => JSON.stringify(identityOf(before.files[path]!)) === JSON.stringify(identityOf(seen.files[path]!)),
    );
    const { undone = { state: "nothing", verdicts: [] } } = result;
    const message =
        result.outcome === "unknown"
            ? `${name}: the connection broke and the node knows nothing of this transaction: ${isAsBefore ? "it never began there and nothing was changed, run `up` again" : "look at the node, then run `up --refresh`"}`
            : result.change
              ? `${name}: ${changeInWords(result.change)}.${seenFromHere(result.change, trouble)}`
              : `${name}: ${result.phase} failed: ${result.message}. ${undoneInWords(undone)}.`;
    return isAsBefore && result.outcome !== "stuck" ? new Error(message) : new PartlyAppliedError(message, state);
}

/** The node knows only that nobody confirmed; why not, only this side knows. */
function seenFromHere({ code }: Change, trouble: string | undefined): string {
    return code === "not-confirmed" && trouble !== undefined ? ` From here: ${trouble}` : "";
}
