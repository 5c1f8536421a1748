/** What a push leaves as it is not declared: only a human can do something about it, so it is said in words. */
import type { Observation } from "../host/observation";
import { explainFact } from "../model/contract/factRemedies";
import type { FileSetArgs } from "../model/contract/fileSet";
import type { Difference } from "./compare";
import type { FileSetState } from "./fileState";

/**
 * One line each. @param seen what the node told after the push, of which `state` was made; `differences` are that
 * state's
 */
export function stillDiffers(
    expected: FileSetArgs,
    state: FileSetState,
    differences: readonly Difference[],
    seen: Pick<Observation, "facts">,
): string[] {
    return differences.map(({ path, parts: [group, name = ""] }) => {
        const fact = group === "facts" ? expected.facts?.[name] : undefined;
        return fact
            ? explainFact(name, fact, state.facts?.[name]?.value ?? "unknown", seen.facts[name])
            : `${path} is still not as declared, and an \`up\` cannot change that; look at the node`;
    });
}
