/** One adoption, from the hosts that were typed to the files in the project. */
import { writeFile } from "node:fs/promises";
import type { AdoptOptions } from "../adopt";
import { writeNodeFiles } from "./nodeFiles";
import { planAdoption } from "./plan";
import { renderHazards, renderNextSteps } from "./summary";
import { surveyNode } from "./survey";
import { parseTarget } from "./target";

/** Returns the stack config. @throws Error that names every host that could not be read; then nothing is written anywhere */
export async function adopt(hosts: readonly string[], options: AdoptOptions, say: (text: string) => void): Promise<string> {
    if (options.hostKey !== undefined && hosts.length > 1) throw new Error("--host-key is one host's key: adopt one host with it, or put the keys of all into known_hosts");
    const targets = hosts.map((host) => parseTarget(host, options.port));
    const looks = await Promise.allSettled(targets.map((target) => surveyNode(target, options)));
    const failures = looks.flatMap((look) => (look.status === "rejected" ? [(look.reason as Error).message] : []));
    if (failures.length > 0) throw new Error(failures.join("\nholdfast: "));
    const adoption = planAdoption(looks.flatMap((look) => (look.status === "fulfilled" ? [look.value] : [])));
    const files = await writeNodeFiles(options.out, adoption.nodes, options.force);
    if (options.import !== undefined) await writeFile(options.import, adoption.importFile);
    for (const node of adoption.nodes) say(renderHazards(node));
    say(renderNextSteps(files, options.import));
    return adoption.stackConfig;
}
