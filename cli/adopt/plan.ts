/** From what was read of all nodes to what is written and said: pure. */
import type { LintContext, NodeIdentity } from "../../model/lintContext";
import { findHazards, takeOver, type Hazard } from "./hazards";
import { identify } from "./identity";
import { renderImportFile } from "./importFile";
import { renderStackConfig, type AdoptedNode } from "./stackConfig";
import type { Survey } from "./survey";

export interface Adoption {
    readonly nodes: readonly (AdoptedNode & { readonly hazards: readonly Hazard[] })[];
    /** YAML of the stack config. */
    readonly stackConfig: string;
    /** JSON for `pulumi import`. */
    readonly importFile: string;
}

/** @throws Error where two hosts are the same node, or no sound fleet can be made of them */
export function planAdoption(surveys: readonly Survey[]): Adoption {
    refuseTwins(surveys);
    const identities = withSharedDomain(withoutSharedAliases(surveys.map(identify)));
    const nodes = surveys.map((survey, index) => {
        const identity = identities[index]!;
        const context: LintContext = {
            node: identity,
            peers: identities.filter((other) => other !== identity),
            facts: survey.facts,
            sourced: survey.sourced,
        };
        const { files: kept, refused } = takeOver(survey, context);
        return { survey, identity, kept, hazards: [...findHazards(survey, context, kept), ...refused] };
    });
    return { nodes, stackConfig: renderStackConfig(nodes, identities[0]?.domain), importFile: renderImportFile(nodes) };
}

function refuseTwins(surveys: readonly Survey[]): void {
    for (const [index, { name, target }] of surveys.entries()) {
        const twin = surveys.slice(0, index).find((other) => other.name === name);
        if (twin)
            throw new Error(`${twin.target.text} and ${target.text} both call themselves ${name}. Name each node once`);
    }
}

/** `pvelocalhost` on every node's 127.0.1.1 line would be one name for two addresses. */
function withoutSharedAliases(identities: readonly NodeIdentity[]): NodeIdentity[] {
    const claims = identities.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    return identities.map((identity) => ({
        ...identity,
        aliases: identity.aliases?.filter((alias) => claims.filter((other) => other === alias).length === 1),
    }));
}

/** A fleet has one domain: the first that a node's hosts file names. */
function withSharedDomain(identities: readonly NodeIdentity[]): NodeIdentity[] {
    const domain = identities.map((identity) => identity.domain).find((each) => each !== undefined);
    return identities.map((identity) => ({ ...identity, domain }));
}
