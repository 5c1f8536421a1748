/**
 * Which of the names that nodes give themselves the whole fleet learns. Every peer believes what it is told here, so
 * one node's word is enough for its own name only.
 */
import { domainName } from "../../model/fleet/values";
import { parseHosts } from "../../model/hosts";
import { canonicalName, namesOf } from "../../model/hosts/names";
import type { NodeIdentity } from "../../model/lint/lintContext";
import type { Hazard } from "./hazard";
import type { Survey } from "./survey";

export interface SettledNames {
    /** The one that is declared, else the one that every node names. */
    readonly domain?: string;
    /** In the order of `claims`. */
    readonly identities: readonly NodeIdentity[];
}

/**
 * @param claims what each node says of itself: its domain, and every further name on its 127.0.1.1 line as an alias
 * @param declared the domain of the stack that the nodes are added to, where it has one
 */
export function settleNames(claims: readonly NodeIdentity[], declared?: string): SettledNames {
    const domain = declared ?? sharedDomain(claims);
    const owners = new Map<string, number>();
    for (const claim of claims)
        for (const name of new Set(
            [...namesOf(claim), ...(domain ? [`${claim.name}.${domain}`] : [])].map(canonicalName),
        ))
            owners.set(name, (owners.get(name) ?? 0) + 1);
    const identities = claims.map((claim) => {
        const own = claim.domain === undefined ? [] : [`${claim.name}.${claim.domain}`];
        const candidates = domain === undefined ? own : (claim.aliases ?? []).filter((name) => isWithin(name, domain));
        // `pvelocalhost`, or a peer's own name, would be one name for two addresses.
        const aliases = candidates.filter((name) => owners.get(canonicalName(name)) === 1);
        return { ...claim, domain, aliases };
    });
    return { domain, identities };
}

/** Of nodes that name different ones, or of which one names none, nobody's becomes everybody's. */
function sharedDomain(claims: readonly NodeIdentity[]): string | undefined {
    const named = new Set(claims.map(({ domain }) => domain && canonicalName(domain)));
    return named.size === 1 ? claims[0]?.domain : undefined;
}

function isWithin(name: string, domain: string): boolean {
    return canonicalName(name).endsWith(`.${canonicalName(domain)}`);
}

/** Names beside the node's own that only a human can place: each stays where it stands, and no peer learns it. */
export function undecidedNames({ name, files }: Survey, identity: NodeIdentity): Hazard[] {
    const settled = new Set(namesOf(identity).map(canonicalName));
    const isOwn = (text: string) => canonicalName(text) === canonicalName(name);
    const lines = parseHosts(files["/etc/hosts"]?.content ?? "").filter(({ names }) =>
        names.some(({ text }) => isOwn(text)),
    );
    return lines.flatMap(({ number, address, names }) =>
        names.flatMap(({ text, column }): Hazard[] => {
            const suffix = canonicalName(text).slice(name.length + 1);
            const isFullName = canonicalName(text) === `${canonicalName(name)}.${suffix}`;
            const isDomain = isFullName && domainName.safeParse(suffix).success;
            const at = { severity: "warning", file: "/etc/hosts", line: number, column } as const;
            // Where the nodes agree on no domain, a node's full name is an alias, and the difference is what to decide.
            if (isDomain && (!settled.has(canonicalName(text)) || identity.domain === undefined))
                return [{ ...at, rule: "undecided-domain", message: domainMessage(text, identity) }];
            if (address?.text !== "127.0.1.1" || isOwn(text) || settled.has(canonicalName(text))) return [];
            if (canonicalName(text) === "localhost") return [];
            const message = `'${text}' stands beside the node's own name and is not in the fleet's domain, so it stays on 127.0.1.1 and no other node learns it. If it is a name of ${name}, add it to 'aliases' in the stack; else delete it.`;
            return [{ ...at, rule: "undecided-name", message }];
        }),
    );
}

function domainMessage(text: string, { name, domain }: NodeIdentity): string {
    return domain === undefined
        ? `'${text}' names a domain that not every node names, so the stack declares none. If it is the fleet's, set 'domain' in the stack.`
        : `'${text}' is not in the fleet's domain ${domain}, so it stays as it is and no other node learns it. If it is a name of ${name}, add it to 'aliases' in the stack; else delete it.`;
}
