/** `holdfast redeploy`: what is declared of a Docker host and does not run, brought up now. */
import { InvalidArgumentError, type Command } from "commander";
import type { Place } from "./restore/destination";
import { addPlace, nodeName } from "./restore";

export function registerRedeploy(program: Command): void {
    const redeploy = program
        .command("redeploy")
        .description(
            "bring up what the stack declares of a Docker host and does not run there, in its order, never over what runs; by ssh alone, so it works without pulumi. Exit status 0 all declared containers run, 2 not all of them, 1 could not tell",
        )
        .argument("<host>", "a machine with the role docker", nodeName)
        .argument("[deployment...]", "only these, by their names in the stack (default: all of them)", addDeployment);
    addPlace(redeploy)
        .addHelpText("after", "\nExample:\n  npx holdfast redeploy vm-docker1 wiki --stack prod")
        .action(async (host: string, deployments: string[], options: Place) => {
            const [{ withDestination }, { runProgram }] = await Promise.all([
                import("./restore/destination"),
                import("./restore/remote"),
            ]);
            process.exitCode = await withDestination(host, options, (destination) =>
                runProgram(destination, "/usr/local/lib/holdfast/redeploy", ["--now", ...deployments]),
            );
        });
}

function addDeployment(name: string, before: readonly string[] | undefined): readonly string[] {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(name))
        throw new InvalidArgumentError("expected the name of a deployment, as the stack has it.");
    return [...(before ?? []), name];
}
