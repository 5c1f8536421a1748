/** One adoption, from the hosts that were typed to the files in the project. */
import type { AdoptOptions } from "./options";
import { readStack } from "./existingStack";
import { writeProject } from "./nodeFiles";
import { planAdoption } from "./plan";
import { renderHazards, renderNextSteps } from "./summary";
import { surveyNode } from "./survey";
import { parseHostKey, parseTarget } from "./target";

/**
 * Returns what goes to standard output: the stack config, where no stack is named. @throws Error that names every host
 * that could not be read; then nothing is written anywhere
 */
export async function adopt(
    hosts: readonly string[],
    options: AdoptOptions,
    say: (text: string) => void,
): Promise<string> {
    if (options.hostKey !== undefined && hosts.length > 1)
        throw new Error(
            "--host-key is one host's key: adopt one host with it, or put the keys of all into known_hosts",
        );
    const targets = hosts.map((host) => parseTarget(host, options.port));
    const hostKey = options.hostKey === undefined ? undefined : parseHostKey(options.hostKey);
    const looks = await Promise.allSettled(targets.map((target) => surveyNode(target, { ...options, hostKey })));
    const failures = looks.flatMap((look) => (look.status === "rejected" ? [(look.reason as Error).message] : []));
    if (failures.length > 0) throw new Error(failures.join("\nholdfast: "));
    const before = options.stack === undefined ? undefined : await readStack(options.out, options.stack);
    const adoption = planAdoption(
        looks.flatMap((look) => (look.status === "fulfilled" ? [look.value] : [])),
        before,
    );
    const written = await writeProject(adoption, options, say);
    for (const node of adoption.nodes) say(renderHazards(node));
    say(
        renderNextSteps(written, {
            ...options,
            isAdded: (before?.nodes.length ?? 0) > 0,
            isRefused: adoption.nodes.some(({ hazards }) =>
                hazards.some(({ severity, repaired }) => severity === "error" && !repaired),
            ),
        }),
    );
    return options.stack === undefined ? adoption.stackConfig : "";
}
