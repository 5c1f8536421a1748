/** What a machine's settings ask for, concern by concern, without Pulumi. */
import type { FileSetArgs } from "../model/contract/fileSet";
import { isFileSet, type ConcernDefinition, type FleetView, type PlanArgs } from "./concern";
import type { Machine } from "./fleet";
import { concernNames, concerns, type Concern } from "./table";

/** Undefined where the machine does without the concern. */
export function planArgs(machine: Machine, concern: Concern, fleet: FleetView): PlanArgs<unknown> | undefined {
    const { identity: node, host, maintenance, onDelete, takeOver } = machine;
    const settings: unknown = machine[concerns[concern].setting];
    return settings ? { host, node, maintenance, onDelete, takeOver, settings, fleet } : undefined;
}

/** Its FileSets, in the order of the table, without the secrets that some of the files get; `secret` names those. */
export function plannedOf(machine: Machine, fleet: FleetView): { sets: FileSetArgs[]; secret: ReadonlySet<string> } {
    const secret = new Set<string>();
    const sets = concernNames.flatMap((name) => {
        const definition: ConcernDefinition = concerns[name];
        const args = planArgs(machine, name, fleet);
        if (!args) return [];
        for (const [path, file] of Object.entries(definition.files)) if (file.secret) secret.add(path);
        // Said whether it is looked after or not: what it boots with is the same.
        return [definition.plan({ ...args, maintenance: false } as never)]
            .flat()
            .filter((one) => isFileSet<FileSetArgs>(one));
    });
    return { sets, secret };
}
