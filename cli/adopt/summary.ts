/** What `adopt` says on stderr. */
import { formatFinding } from "../../model/lint/finding";
import type { NodeIdentity } from "../../model/lint/lintContext";
import type { Hazard } from "./hazard";
import { projectPath } from "./existingStack";
import type { Written } from "./nodeFiles";

/** Compiler-style lines, `NODE:FILE:LINE:COLUMN: …`, what is left to do last, where it is read. */
export function renderHazards({
    identity: { name },
    hazards,
}: {
    readonly identity: NodeIdentity;
    readonly hazards: readonly Hazard[];
}): string {
    if (hazards.length === 0) return `${name}: no hazards\n`;
    const [repaired, left] = [
        hazards.filter((hazard) => hazard.repaired),
        hazards.filter((hazard) => !hazard.repaired),
    ];
    return [
        ...block(name, "repaired by the first `pulumi up`", repaired),
        ...block(name, "left for you to decide", left),
    ]
        .map((line) => `${line}\n`)
        .join("");
}

function block(name: string, fate: string, hazards: readonly Hazard[]): string[] {
    if (hazards.length === 0) return [];
    return [
        `${name}: ${hazards.length === 1 ? "1 hazard" : `${hazards.length} hazards`} ${fate}`,
        ...hazards.map((hazard) => `  ${formatFinding(`${name}:${hazard.file}`, withFate(name, hazard))}`),
    ];
}

function withFate(name: string, hazard: Hazard): Hazard {
    if (!hazard.repaired || hazard.rule !== "stray-line") return hazard;
    const format = hazard.file.slice(hazard.file.lastIndexOf("/") + 1) as "hosts" | "fstab" | "interfaces";
    return { ...hazard, message: `${hazard.message} It is left out of ${projectPath(name, { format })}.` };
}

export interface NextSteps {
    readonly stack?: string;
    /** The import file, where one was written. */
    readonly import?: string;
    /** To a stack that had nodes before. */
    readonly isAdded?: boolean;
    /** An error is left that the preview refuses. */
    readonly isRefused: boolean;
}

export function renderNextSteps(
    { files, same }: Written,
    { stack, isAdded = false, isRefused, ...written }: NextSteps,
): string {
    const before = isRefused ? ", once the errors left for you are mended" : "";
    const steps = [
        `pulumi stack select${isAdded ? "" : " --create"} ${stack ?? "STACK"}`,
        ...(isAdded && written.import !== undefined
            ? [
                  "pulumi up --target '**pulumi:providers:holdfast**'   # an import goes by the nodes that the stack's state knows",
              ]
            : []),
        ...(written.import === undefined
            ? []
            : [`pulumi import -f ${written.import} --generate-code=false --yes   # the live files become state`]),
        `pulumi preview --diff   # ${written.import === undefined ? "whole files; after an import (--import FILE), only the repairs" : "only the repairs"}`,
    ];
    const done = [
        ...(files.length > 0 ? [`Written: ${files.join(", ")}`] : []),
        ...(same.length > 0 ? [`${files.length > 0 ? "As they were" : "Nothing to change"}: ${same.join(", ")}`] : []),
    ].join("\n");
    return `\n${done}\nNext${stack === undefined ? ", with the YAML as Pulumi.STACK.yaml" : ""}${before}:\n${steps.map((step) => `  ${step}\n`).join("")}`;
}
