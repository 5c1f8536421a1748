/** What only a look can tell, from the outputs in the stack's state. */
import { z } from "zod";
import { FILE_SET_TYPE } from "../../model/contract/fileSet";
import { showControls } from "../../model/lint/controls";

const resource = z.object({
    type: z.string(),
    id: z.string().optional(),
    outputs: z
        .object({ observed: z.object({ facts: z.record(z.string(), z.string()) }).optional() })
        .optional()
        .catch(undefined),
});
/** `pulumi stack export`, as far as it is read here. */
export const seenSchema = z.object({
    deployment: z.object({
        manifest: z.object({ time: z.string() }).optional(),
        resources: z.array(resource).optional(),
    }),
});

export type Seen = z.infer<typeof seenSchema>;

/** Those whose facts help whoever stands at the console. */
const telling = ["hosts", "fstab", "interfaces", "network-guard", "rescue-access", "config-backup"];

/** A section for the end of the page; empty where the state knows nothing of the node. */
export function lastSeen(node: string, { deployment: { manifest, resources = [] } }: Seen): string {
    const rows = resources
        .filter(({ type, id }) => type === FILE_SET_TYPE && id?.startsWith(`${node}/`))
        .map(({ id, outputs }) => ({ concern: id!.slice(node.length + 1), facts: outputs?.observed?.facts ?? {} }))
        .filter(({ concern }) => telling.includes(concern))
        .sort((one, other) => telling.indexOf(one.concern) - telling.indexOf(other.concern))
        .flatMap(({ facts }) => Object.entries(facts).map(([name, value]) => `| ${cell(name)} | ${cell(value)} |`));
    if (rows.length === 0) return "";
    const when = manifest ? ` on ${manifest.time.slice(0, 10)}` : "";
    return [
        "",
        "## As last seen",
        "",
        `By the last \`pulumi up\` or refresh${when}, in the stack's state; not on the node's own copy of this page.`,
        "",
        "| | |",
        "|---|---|",
        ...rows,
        "",
    ].join("\n");
}

/** A node's words: nothing in them ends the cell. */
function cell(text: string): string {
    return showControls(text.replace(/\s+/g, " ")).replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
