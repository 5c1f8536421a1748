/** Which node restores which backups on trial, and what came of all of them together. */
import { drillsOf } from "../../components/configBackup/settings";
import { chosen, stackNodes } from "../stackNodes";
import { type Place, withDestination, withReach } from "./destination";
import { runProgram } from "./remote";

const program = "/usr/local/lib/holdfast/backup-drill";

export interface DrillOptions extends Place {
    readonly on?: string;
}

/** The exit status. @throws Error where one is asked for that has no backup */
export async function runDrill(names: readonly string[], options: DrillOptions): Promise<number> {
    if (options.on !== undefined)
        return withDestination(options.on, options, (destination) => runProgram(destination, program, names));
    const stack = await stackNodes(options.stack);
    const wanted = chosen(stack, names).filter(({ configBackup }) => configBackup);
    const without = names.filter((name) => !wanted.some(({ identity }) => identity.name === name));
    if (without.length > 0 || wanted.length === 0)
        throw new Error(`${without.join(", ") || "no node"}: the stack declares no configBackup there`);
    const statuses: number[] = [];
    const tried = new Set<string>();
    for (const { identity, host } of stack.nodes) {
        const drills = drillsOf(identity.name, stack.nodes).filter((name) =>
            wanted.some((each) => each.identity.name === name),
        );
        if (drills.length === 0) continue;
        for (const name of drills) tried.add(name);
        statuses.push(await withReach(host, (destination) => runProgram(destination, program, drills)));
    }
    const nobodys = wanted.filter(({ identity }) => !tried.has(identity.name)).map(({ identity }) => identity.name);
    if (nobodys.length > 0)
        process.stderr.write(`${nobodys.join(", ")}: could not tell: no node of the stack restores it\n`);
    return together([...statuses, ...(nobodys.length > 0 ? [1] : [])]);
}

/** What could not be told wins, whatever it was that ssh or the program ended with. */
export function together(statuses: readonly number[]): 0 | 1 | 2 {
    if (statuses.some((status) => status !== 0 && status !== 2)) return 1;
    return statuses.includes(2) ? 2 : 0;
}
