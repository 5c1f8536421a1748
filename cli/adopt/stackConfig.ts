/** The stack config of adopted nodes: YAML whose comments say where each part comes from. */
import { Document, isMap, isScalar, type Scalar } from "yaml";
import { concerns, nothingByDefault } from "../../components/table";
import { formatFault, parseFleet } from "../../components/fleet";
import type { NodeIdentity } from "../../model/lint/lintContext";
import { proposeBackup } from "./backupJobs";
import type { GivenFleet } from "./existingStack";
import type { KeptFile } from "./hazard";
import type { Survey } from "./survey";

export interface AdoptedNode {
    readonly survey: Survey;
    readonly identity: NodeIdentity;
    readonly kept: readonly KeptFile[];
}

/** The first preview is to show repairs of what stands on the nodes, and nothing that they never had. */
const watch = Object.values(concerns).filter(({ managed }) => managed === "by default");
/** The harmless ones first. */
const turnedOn = [
    ...watch.flatMap(({ risk, setting }) => (risk === "power-off" ? [] : [`${setting}: true`])),
    ...watch.flatMap(({ risk, setting }) => (risk === "power-off" ? [`${setting}: { action: alert }`] : [])),
];
const watchComment = ` The watch on the hardware is off, so that the first \`up\` only repairs. Then turn it on, one at a time:
 ${turnedOn.join(", ")}.
 At the limit a mail is sent; \`action: shutdown\` also powers the node off: watch the alerts for a while before choosing it.`;

export const fleetPath = ["config", "holdfast:fleet"] as const;

export const yamlOptions = { lineWidth: 0, flowCollectionPadding: true } as const;

/** @throws Error with every fault, where what was read does not pass the schema */
export function renderStackConfig(adopted: readonly AdoptedNode[], domain: string | undefined): string {
    const document = freshDocument(adopted, domain);
    refuseFaults(fleetOf(adopted, domain), adopted);
    document.commentBefore = ` Written by \`holdfast adopt ${adopted.map(({ survey }) => survey.target.text).join(" ")}\`. docs/reference.md has what else can be set.`;
    return document.toString(yamlOptions);
}

function fleetOf(adopted: readonly AdoptedNode[], domain: string | undefined, given?: GivenFleet): object {
    return {
        ...(domain !== undefined && { domain }),
        defaults: nothingByDefault,
        nodes: Object.fromEntries(adopted.map((node) => [node.identity.name, nodeConfig(node, given)])),
    };
}

/** A stack of these nodes alone, its comments included. @param given the fleet that they are to be added to */
export function freshDocument(
    adopted: readonly AdoptedNode[],
    domain: string | undefined,
    given?: GivenFleet,
): Document {
    const document = new Document({ config: { "holdfast:fleet": fleetOf(adopted, domain, given) } });
    comment(document, [...fleetPath, "defaults"], watchComment);
    for (const { identity, kept, survey } of adopted) {
        const node = [...fleetPath, "nodes", identity.name];
        const backup = proposeBackup(survey.jobs);
        if (backup !== undefined) comment(document, node, backup);
        comment(document, [...node, "address"], " What the node's own name resolves to.");
        const first = kept.find(({ path }) => path !== undefined);
        if (first)
            comment(
                document,
                [...node, concerns[first.format].setting],
                " The node's own files, with their comments. Edit them there; `pulumi preview --diff` shows what changes on the node.",
            );
    }
    return document;
}

/** @param fleet whose settings for all hosts a node takes over where it says nothing else */
export function nodeConfig(
    { survey: { target, hostKey }, identity, kept }: AdoptedNode,
    { ssh: shared = {} }: Pick<GivenFleet, "ssh"> = {},
): object {
    const { address, address6, aliases } = identity;
    const { user = "root", port = 22 } = shared;
    // The name that was typed is known to work from here, with whatever ~/.ssh/config has for it.
    const ssh = {
        ...(target.host !== address && { host: target.host }),
        ...(target.port !== undefined && target.port !== port && { port: target.port }),
        ...(target.user !== undefined && target.user !== user && { user: target.user }),
        ...(hostKey !== undefined && { hostKey }),
    };
    return {
        address,
        ...(address6 !== undefined && { address6 }),
        ...(aliases?.length && { aliases }),
        ...(Object.keys(ssh).length > 0 && { ssh }),
        ...Object.fromEntries(
            kept.flatMap(({ format, path }) =>
                path === undefined ? [] : [[concerns[format].setting, { file: path }]],
            ),
        ),
    };
}

/** @param readFile of the project, for the files of other nodes */
export function refuseFaults(
    fleet: object,
    adopted: readonly AdoptedNode[],
    readFile: (path: string) => string | undefined = () => "",
): void {
    const contents = new Map(adopted.flatMap(({ kept }) => kept.map(({ path, content }) => [path, content])));
    const { faults } = parseFleet(fleet, (path) => {
        const content = contents.get(path) ?? readFile(path);
        if (content === undefined) throw new Error("there is no such file in the project");
        return content;
    });
    if (faults.length > 0)
        throw new Error(
            `what the nodes say does not make a sound fleet:\n${faults.map((fault) => `  ${formatFault(fault)}`).join("\n")}`,
        );
}

/** Above the key at `path`. */
export function comment(document: Document, path: readonly string[], text: string): void {
    const holder = document.getIn(path.slice(0, -1));
    const pair = isMap(holder)
        ? holder.items.find(({ key }) => (isScalar(key) ? key.value : key) === path.at(-1))
        : undefined;
    if (!pair) return;
    const key = isScalar(pair.key) ? pair.key : document.createNode(pair.key);
    pair.key = key;
    (key as Scalar).commentBefore = text;
}
