/** How old each node's last good backup is, and when it was last restored on trial, by whichever node does that. */
import { factNames } from "../../components/configBackup/plan";
import type { NodeDrift } from "../drift/report";

interface Time {
    /** As the node told it: a time, or `never`. */
    readonly at: string;
    /** `9 h`, `3 d`, `never`. */
    readonly age: string;
}

interface Column {
    readonly title: string;
    readonly of: (node: string) => Time | undefined;
}

/** None of what no node tells of. */
export function timesOf(nodes: readonly NodeDrift[], checkedAt: string): Column[] {
    const told = (fact: string) =>
        nodes.flatMap(({ name, concerns }) =>
            concerns.flatMap(({ facts }) => (facts[fact] === undefined ? [] : [{ name, value: facts[fact] }])),
        );
    const backups = told(factNames.backup).map(({ name, value }) => [name, value] as const);
    const drills = told(factNames.drills).flatMap(({ value }) =>
        [...value.matchAll(/([A-Za-z0-9-]+) (never|\S+Z)(?:, |$)/g)].map(
            ([, name = "", at = ""]) => [name, at] as const,
        ),
    );
    const columns = [
        { title: "last backup", times: new Map(backups) },
        { title: "last restore on trial", times: new Map(drills) },
    ];
    return columns
        .filter(({ times }) => times.size > 0)
        .map(({ title, times }) => ({
            title,
            of: (node) => {
                const at = times.get(node);
                return at === undefined ? undefined : { at, age: ageOf(at, checkedAt) };
            },
        }));
}

function ageOf(at: string, checkedAt: string): string {
    const hours = (Date.parse(checkedAt) - Date.parse(at)) / 3_600_000;
    if (!Number.isFinite(hours)) return at;
    if (hours < 0) return "in the future";
    return hours < 48 ? `${Math.floor(hours)} h` : `${Math.floor(hours / 24)} d`;
}
