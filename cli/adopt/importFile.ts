/**
 * What `pulumi import -f FILE --generate-code=false` reads: the live files become state, under the URNs of the program.
 */
import { concerns } from "../../components/table";
import { FILE_SET_TYPE } from "../../model/contract/fileSet";
import type { KeptFormat } from "./keptFiles";

/** A node and the concerns of it that are imported. */
export interface ImportedNode {
    readonly identity: { readonly name: string };
    readonly kept: readonly { readonly format: KeptFormat }[];
}

interface ImportSpec {
    readonly type: string;
    /** Unique in the file; what `parent` refers to. */
    readonly name: string;
    readonly logicalName?: string;
    readonly component?: true;
    readonly id?: string;
    readonly parent?: string;
}

/** The same tree as components/hardenedNode.ts registers. */
export function renderImportFile(nodes: readonly ImportedNode[]): string {
    const resources = nodes.flatMap(({ identity: { name }, kept }): ImportSpec[] => [
        { type: "holdfast:components:HardenedNode", name, component: true },
        ...kept.flatMap(({ format }): ImportSpec[] => {
            const logicalName = `${name}-${format}`;
            const component = `${logicalName}-component`;
            return [
                {
                    type: `holdfast:components:${concerns[format].component}`,
                    name: component,
                    logicalName,
                    component: true,
                    parent: name,
                },
                { type: FILE_SET_TYPE, name: logicalName, id: `${name}/${format}`, parent: component },
            ];
        }),
    ]);
    return `${JSON.stringify({ resources }, undefined, 2)}\n`;
}
