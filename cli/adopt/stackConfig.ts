/** The stack config of adopted nodes: YAML whose comments say where each part comes from. */
import { Document, isMap, type Pair, type Scalar } from "yaml";
import { concerns, nothingByDefault } from "../../components/table";
import { formatFault, parseFleet } from "../../components/fleet";
import type { NodeIdentity } from "../../model/lint/lintContext";
import type { KeptFile } from "./hazards";
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

/** Path of a kept file, relative to the project. */
export function projectPath(node: string, { format }: Pick<KeptFile, "format">): string {
    return `nodes/${node}/${format}`;
}

/** @throws Error with every fault, where what was read does not pass the schema */
export function renderStackConfig(adopted: readonly AdoptedNode[], domain: string | undefined): string {
    const fleet = {
        ...(domain !== undefined && { domain }),
        defaults: nothingByDefault,
        nodes: Object.fromEntries(adopted.map((node) => [node.identity.name, nodeConfig(node)])),
    };
    refuseFaults(fleet, adopted);
    const document = new Document({ config: { "holdfast:fleet": fleet } });
    document.commentBefore = ` Written by \`holdfast adopt ${adopted.map(({ survey }) => survey.target.text).join(" ")}\`. docs/reference.md has what else can be set.`;
    comment(document, ["config", "holdfast:fleet", "defaults"], watchComment);
    for (const { identity, kept } of adopted) {
        const node = ["config", "holdfast:fleet", "nodes", identity.name];
        comment(document, [...node, "address"], " What the node's own name resolves to.");
        if (kept[0])
            comment(
                document,
                [...node, concerns[kept[0].format].setting],
                " The node's own files, with their comments. Edit them there; `pulumi preview --diff` shows what changes on the node.",
            );
    }
    return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

function nodeConfig({ survey: { target, hostKey }, identity, kept }: AdoptedNode): object {
    const { address, address6, aliases } = identity;
    // The name that was typed is known to work from here, with whatever ~/.ssh/config has for it.
    const ssh = {
        ...(target.host !== address && { host: target.host }),
        ...(target.port !== undefined && target.port !== 22 && { port: target.port }),
        ...(target.user !== undefined && target.user !== "root" && { user: target.user }),
        ...(hostKey !== undefined && { hostKey }),
    };
    return {
        address,
        ...(address6 !== undefined && { address6 }),
        ...(aliases?.length && { aliases }),
        ...(Object.keys(ssh).length > 0 && { ssh }),
        ...Object.fromEntries(
            kept.map((file) => [concerns[file.format].setting, { file: projectPath(identity.name, file) }]),
        ),
    };
}

function refuseFaults(fleet: object, adopted: readonly AdoptedNode[]): void {
    const contents = new Map(
        adopted.flatMap(({ identity, kept }) => kept.map((file) => [projectPath(identity.name, file), file.content])),
    );
    const { faults } = parseFleet(fleet, (path) => contents.get(path) ?? "");
    if (faults.length > 0)
        throw new Error(
            `what the nodes say does not make a sound fleet:\n${faults.map((fault) => `  ${formatFault(fault)}`).join("\n")}`,
        );
}

/** Above the key at `path`. */
function comment(document: Document, path: readonly string[], text: string): void {
    const holder = document.getIn(path.slice(0, -1));
    const pair = isMap(holder)
        ? holder.items.find((item) => (item as Pair<Scalar>).key.value === path.at(-1))
        : undefined;
    if (pair) (pair as Pair<Scalar>).key.commentBefore = text;
}
