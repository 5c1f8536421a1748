/** What a push leaves as it is not declared: only a human can do something about it, so it is said in words. */
import type { Observation } from "../host/observation";
import { explainFact } from "../model/contract/factRemedies";
import type { FileSetArgs } from "../model/contract/fileSet";
import type { FileSetState } from "./fileState";
import { compare, propertyPath } from "./state";

/** One line each. @param seen what the node told after the push, of which `state` was made */
export function stillDiffers(expected: FileSetArgs, state: FileSetState, seen: Pick<Observation, "facts">): string[] {
    const facts = new Map(
        Object.entries(expected.facts ?? {}).map(([name, fact]) => [
            propertyPath(["facts", name, "value"]),
            () => explainFact(name, fact, state.facts?.[name]?.value ?? "unknown", seen.facts[name]),
        ]),
    );
    return compare(state, expected).map(
        ({ path }) =>
            facts.get(path)?.() ??
            `${path} is still not as declared, and an \`up\` cannot change that; look at the node`,
    );
}
