/** A look, in the terms of a FileSet: compared with what is declared once, for everything that follows from it. */
import type { Look } from "../host/look";
import type { FileSetArgs } from "../model/contract/fileSet";
import { compare, type Difference } from "./compare";
import type { FileSetState } from "./fileState";
import { machineOf, type Machine } from "./machine";
import { stateOf } from "./state";

export interface Standing {
    readonly look: Look;
    readonly state: FileSetState;
    /** In what `state` is not as declared. */
    readonly differences: readonly Difference[];
    /** Whether it is the machine of the last look; `unknown` at a first push. */
    readonly machine: Machine;
}

/** @throws RefusedError where another machine answers and nobody has said that there is one */
export function standingOf(expected: FileSetArgs, last: FileSetState | undefined, look: Look): Standing {
    const state = stateOf(expected, look.seen);
    return {
        look,
        state,
        differences: compare(state, expected),
        machine: last === undefined ? "unknown" : machineOf(last, look.seen, expected.host),
    };
}

/** Files or units that are not as declared. */
export function named(group: "files" | "units", { differences }: Pick<Standing, "differences">): string[] {
    return [
        ...new Set(differences.flatMap(({ parts: [of, name] }) => (of === group && name !== undefined ? name : []))),
    ];
}
