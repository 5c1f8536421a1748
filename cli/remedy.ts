/**
 * What the engine says of itself, and what to type next where it does not say. Pulumi has no codes for these: its words
 * are all there is.
 */

/** As Pulumi 3.2xx writes them when a resource stands in the state twice, or before what it depends on. */
const brokenState = /Duplicate resource URN|snapshot integrity|Snapshot integrity/;

export function withRemedy(error: string): string {
    // Its words name no folder, and advise a new project.
    if (error.includes("no Pulumi.yaml project file found"))
        return `no Pulumi.yaml in ${process.cwd()} or above it; run this in the project's folder`;
    if (/no stack named '.*' found/.test(error)) return `${error}; \`pulumi stack ls\` lists those that exist`;
    if (error.includes("PULUMI_ACCESS_TOKEN must be set"))
        return `${error}; or \`pulumi login\` to where the stacks are kept`;
    return brokenStateIn(error) ?? error;
}

/** One line where the stack's state itself is damaged, however long the engine's own words are. */
export function brokenStateIn(output: string): string | undefined {
    if (!brokenState.test(output)) return undefined;
    return "the stack's state is out of order, the nodes are not: `pulumi state repair` puts it right, then run a whole `pulumi up` (no --target, no --exclude)";
}
