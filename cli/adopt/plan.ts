/** From what was read of all nodes to what is written and said: pure. */
import type { LintContext } from "../../model/lint/lintContext";
import { findHazards, takeOver, type Hazard } from "./hazards";
import { identify } from "./identity";
import { renderImportFile } from "./importFile";
import { settleNames, undecidedNames } from "./names";
import { renderStackConfig, type AdoptedNode } from "./stackConfig";
import type { Survey } from "./survey";

export interface Adoption {
    readonly nodes: readonly (AdoptedNode & { readonly hazards: readonly Hazard[] })[];
    /** YAML of the stack config. */
    readonly stackConfig: string;
    /** JSON for `pulumi import`. */
    readonly importFile: string;
}

/**
 * @param declared the domain of the stack that the nodes are added to, where there is one
 * @throws Error where two hosts are the same node, or no sound fleet can be made of them
 */
export function planAdoption(surveys: readonly Survey[], { domain: declared }: { domain?: string } = {}): Adoption {
    refuseTwins(surveys);
    const { domain, identities } = settleNames(surveys.map(identify), declared);
    const nodes = surveys.map((survey, index) => {
        const identity = identities[index]!;
        const context: LintContext = {
            node: identity,
            peers: identities.filter((other) => other !== identity),
            facts: survey.facts,
            sourced: survey.sourced,
        };
        const { files: kept, refused } = takeOver(survey, context);
        const hazards = [...findHazards(survey, context, kept), ...undecidedNames(survey, identity), ...refused];
        return { survey, identity, kept, hazards };
    });
    return { nodes, stackConfig: renderStackConfig(nodes, domain), importFile: renderImportFile(nodes) };
}

function refuseTwins(surveys: readonly Survey[]): void {
    for (const [index, { name, target }] of surveys.entries()) {
        const twin = surveys.slice(0, index).find((other) => other.name === name);
        if (twin)
            throw new Error(`${twin.target.text} and ${target.text} both call themselves ${name}. Name each node once`);
    }
}
