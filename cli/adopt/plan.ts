/** From what was read of all nodes to what is written and said: pure. */
import type { LintContext, NodeIdentity } from "../../model/lint/lintContext";
import { addToStack } from "./addToStack";
import { placeOf, type ExistingStack } from "./existingStack";
import type { Hazard, KeptFile } from "./hazard";
import { findHazards, takeOver } from "./hazards";
import { identify } from "./identity";
import { renderImportFile } from "./importFile";
import { keepFile } from "./keptFiles";
import { settleNames, undecidedNames } from "./names";
import { renderStackConfig, type AdoptedNode } from "./stackConfig";
import type { Survey } from "./survey";

export interface Adoption {
    readonly nodes: readonly (AdoptedNode & { readonly hazards: readonly Hazard[] })[];
    /** YAML of the stack config: of these nodes alone, or of the stack that they were added to. */
    readonly stackConfig: string;
    /** JSON for `pulumi import`. */
    readonly importFile: string;
}

/**
 * @param stack that the nodes are added to, where there is one
 * @throws Error where two hosts are the same node, or no sound fleet can be made of them
 */
export function planAdoption(
    surveys: readonly Survey[],
    stack?: Pick<ExistingStack, "fleet"> & Partial<ExistingStack>,
): Adoption {
    refuseTwins(surveys);
    const { fleet, nodes: declared = [], hosts = [] } = stack ?? {};
    const claims = surveys.map(identify);
    const others = declared.filter(({ name }) => claims.every((claim) => claim.name !== name));
    // What the stack's other machines are called counts as well, for a name's owner and for the domain.
    const settled = settleNames([...claims, ...others, ...hosts], fleet?.domain);
    const identities = settled.identities.slice(0, claims.length).map((identity) =>
        withDeclared(
            identity,
            declared.find(({ name }) => name === identity.name),
        ),
    );
    const nodes = surveys.map((survey, index) => {
        const identity = identities[index]!;
        const context: LintContext = {
            node: identity,
            peers: [...identities.filter((other) => other !== identity), ...others],
            facts: survey.facts,
            sourced: survey.sourced,
        };
        const { files, refused } = takeOver(survey, context);
        const kept = files.flatMap((file) => {
            const place = placeOf(fleet, identity.name, file.format);
            if (place === "off") return [];
            if (place === "itself") return [file];
            return [{ ...file, ...place, content: asDeclared(file, stack?.readFile?.(place.path), context) }];
        });
        const hazards = [...findHazards(survey, context, kept), ...undecidedNames(survey, identity), ...refused];
        return { survey, identity, kept, hazards };
    });
    const { domain } = settled;
    const stackConfig =
        stack?.document === undefined
            ? renderStackConfig(nodes, domain)
            : addToStack(stack as ExistingStack, nodes, domain);
    return { nodes, stackConfig, importFile: renderImportFile(nodes) };
}

/**
 * The project's own file, where `up` makes of it what stands on the node: a peer's line, say, that came with the peer.
 */
function asDeclared({ format, content }: KeptFile, own: string | undefined, context: LintContext): string {
    return own !== undefined && keepFile(format, own, context) === content ? own : content;
}

/** Names that the stack gives a node stay its own: after the first `up` no 127.0.1.1 line tells them any more. */
function withDeclared(found: NodeIdentity, declared: NodeIdentity | undefined): NodeIdentity {
    if (!declared) return found;
    return {
        ...found,
        address6: found.address6 ?? declared.address6,
        aliases: [...new Set([...(declared.aliases ?? []), ...(found.aliases ?? [])])],
    };
}

function refuseTwins(surveys: readonly Survey[]): void {
    for (const [index, { name, target }] of surveys.entries()) {
        const twin = surveys.slice(0, index).find((other) => other.name === name);
        if (twin)
            throw new Error(`${twin.target.text} and ${target.text} both call themselves ${name}. Name each node once`);
    }
}
