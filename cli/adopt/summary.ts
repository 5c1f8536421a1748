/** What `adopt` says on stderr. */
import { formatFinding } from "../../model/finding";
import type { NodeIdentity } from "../../model/lintContext";
import type { Hazard } from "./hazards";
import { projectPath } from "./stackConfig";

/** Compiler-style lines, `NODE:FILE:LINE:COLUMN: …`, what is left to do last, where it is read. */
export function renderHazards({ identity: { name }, hazards }: { readonly identity: NodeIdentity; readonly hazards: readonly Hazard[] }): string {
    if (hazards.length === 0) return `${name}: no hazards\n`;
    const [repaired, left] = [hazards.filter((hazard) => hazard.repaired), hazards.filter((hazard) => !hazard.repaired)];
    return [
        ...block(name, "repaired by the first `pulumi up`", repaired),
        ...block(name, "left for you to decide", left),
    ].map((line) => `${line}\n`).join("");
}

function block(name: string, fate: string, hazards: readonly Hazard[]): string[] {
    if (hazards.length === 0) return [];
    return [`${name}: ${hazards.length === 1 ? "1 hazard" : `${hazards.length} hazards`} ${fate}`, ...hazards.map((hazard) => `  ${formatFinding(`${name}:${hazard.file}`, withFate(name, hazard))}`)];
}

function withFate(name: string, hazard: Hazard): Hazard {
    if (!hazard.repaired || hazard.rule !== "stray-line") return hazard;
    const format = hazard.file.slice(hazard.file.lastIndexOf("/") + 1) as "hosts" | "fstab" | "interfaces";
    return { ...hazard, message: `${hazard.message} It is left out of ${projectPath(name, { format })}.` };
}

export function renderNextSteps(files: readonly string[], importFile: string | undefined): string {
    const adopt = importFile === undefined ? "" : `  pulumi import -f ${importFile} --generate-code=false --yes   # the live files become state\n`;
    return `\nWritten: ${[...files, ...(importFile === undefined ? [] : [importFile])].join(", ")}\nNext, with the YAML as Pulumi.STACK.yaml:\n  pulumi stack select --create STACK\n${adopt}  pulumi preview --diff   # only the repairs\n`;
}
