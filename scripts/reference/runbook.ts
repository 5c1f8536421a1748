/** The example of docs/runbook.md: the page of the example stack's first node. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { pageOf } from "../../cli/runbook/run";
import { formatFault, parseFleet } from "../../components/fleet";

const [before, after] = ["<!-- example: written by npm run schema -->", "<!-- end of example -->"];

export function exampleRunbook(root: string): string {
    const read = (file: string) => readFileSync(join(root, file), "utf8");
    const stack = parse(read("Pulumi.prod.yaml")) as { config: Readonly<Record<string, unknown>> };
    const { fleet, faults } = parseFleet(stack.config["holdfast:fleet"], read);
    if (!fleet) throw new Error(faults.map(formatFault).join("\n"));
    return pageOf(fleet, "pve01");
}

/** In a fence of four, since the page has fences of its own. */
export function withExample(document: string, page: string): string {
    const [head, rest] = document.split(before, 2);
    const tail = rest?.split(after, 2)[1];
    if (head === undefined || tail === undefined) throw new Error(`docs/runbook.md has not ${before} and ${after}`);
    return `${head}${before}\n\n\`\`\`\`markdown\n${page}\`\`\`\`\n\n${after}${tail}`;
}
