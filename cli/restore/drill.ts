/** Which node restores which backups on trial, and what came of all of them together. */
import { drillsOf } from "../../components/configBackup/settings";
import { chosen } from "../stackFleet";
import { type StackNodes, stackNodes } from "../stackNodes";
import { type Place, withDestination, withReach } from "./destination";
import { runProgram, type Status, together } from "./remote";

const program = "/usr/local/lib/holdfast/backup-drill";

export interface DrillOptions extends Place {
    readonly on?: string;
}

/** The exit status. @throws Error where one is asked for that has no backup */
export async function runDrill(names: readonly string[], options: DrillOptions): Promise<Status> {
    if (options.on !== undefined)
        return withDestination(options.on, options, (destination) => runProgram(destination, program, names));
    const stack = await stackNodes(options.stack);
    const { rounds, untold } = planDrills(stack, names);
    const statuses: Status[] = [];
    for (const { host, drills } of rounds)
        statuses.push(
            await withReach({ ...host, privateKey: stack.privateKey }, (destination) =>
                runProgram(destination, program, drills),
            ),
        );
    for (const line of untold) process.stderr.write(`${line}\n`);
    return together([...statuses, ...untold.map(() => 1)]);
}

/** Who restores what, one machine after the other, and what nobody does. Pure. @throws as `runDrill` */
export function planDrills({ nodes, machines }: Pick<StackNodes, "nodes" | "machines">, names: readonly string[]) {
    const wanted = chosen({ nodes }, names).filter(({ configBackup }) => configBackup);
    const without = names.filter((name) => !wanted.some(({ identity }) => identity.name === name));
    if (without.length > 0 || wanted.length === 0)
        throw new Error(`${without.join(", ") || "no node"}: the stack declares no configBackup there`);
    const isWanted = (name: string) => wanted.some(({ identity }) => identity.name === name);
    const all = machines
        .map(({ identity, host, maintenance }) => ({
            by: identity.name,
            host,
            maintenance,
            drills: drillsOf(identity.name, machines).filter(isWanted),
        }))
        .filter(({ drills }) => drills.length > 0);
    const nobodys = wanted
        .map(({ identity }) => identity.name)
        .filter((name) => !all.some(({ drills }) => drills.includes(name)));
    return {
        rounds: all.filter(({ maintenance }) => !maintenance),
        untold: [
            ...nobodys.map((name) => `${name}: could not tell: no machine of the stack restores it`),
            ...all
                .filter(({ maintenance }) => maintenance)
                .flatMap(({ by, drills }) =>
                    drills.map(
                        (name) =>
                            `${name}: could not tell: ${by}, which restores it, is under maintenance and not contacted: holdfast drill ${name} --on ANOTHER`,
                    ),
                ),
        ],
    };
}
