/** Interfaces that stand on each other in a circle. */
import { finding, type Finding } from "../../lint/finding";
import { lowerLinks, rawDeviceOf } from "../links";
import type { Interface } from "../network";
import { allInterfaces, type Subject } from "./subject";

type ByName = ReadonlyMap<string, Interface>;

/**
 * ifupdown2 sorts interfaces by what they stand on; a cycle has no order, and its members do not come up. One finding
 * for each group of interfaces that all stand on each other. Without recursion: chains of thousands would exhaust the
 * stack.
 */
export function cycles(subject: Subject): Finding[] {
    const byName: ByName = new Map(allInterfaces(subject).map((iface) => [iface.name, iface]));
    const below = new Map([...byName].map(([name, iface]) => [name, lowerNames(iface, byName)]));
    const groups = strongGroups(below);
    const reported = new Set<number>();
    return subject.interfaces.flatMap((iface) => {
        const group = groups.get(iface.name)!;
        if (reported.has(group)) return [];
        const path = cycleFrom(iface.name, (name) => below.get(name)!.filter((next) => groups.get(next) === group));
        if (!path) return [];
        reported.add(group);
        const next = path[1] ?? iface.name;
        const port = lowerLinks(iface).find(({ token }) => standsFor(token.text, byName) === next);
        const shown = path.length > 12 ? [...path.slice(0, 10), "…"] : path;
        return [
            finding(
                "dependency-cycle",
                "error",
                port?.token ?? iface.token,
                `${[...shown, path[0]].join(" stands on ")}: none of them can come up. Remove one of these ports.`,
            ),
        ];
    });
}

/** ifupdown2 makes a port NAME.N that has no stanza, on top of NAME. */
function standsFor(name: string, byName: ByName): string {
    return byName.has(name) ? name : (rawDeviceOf(name) ?? name);
}

function lowerNames(iface: Interface, byName: ByName): string[] {
    const names = lowerLinks(iface).map(({ token }) => standsFor(token.text, byName));
    return [...new Set(names)].filter((name) => byName.has(name));
}

/**
 * By name a number that only those share which stand on each other, directly or by way of others (Kosaraju's
 * algorithm).
 */
function strongGroups(below: ReadonlyMap<string, readonly string[]>): Map<string, number> {
    const above = new Map([...below.keys()].map((name): [string, string[]] => [name, []]));
    for (const [name, lowers] of below) for (const lower of lowers) above.get(lower)!.push(name);
    const groups = new Map<string, number>();
    for (const name of finishingOrder(below).reverse()) {
        const group = groups.size;
        const waiting = groups.has(name) ? [] : [name];
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
            if (groups.has(next)) continue;
            groups.set(next, group);
            for (const upper of above.get(next)!) waiting.push(upper);
        }
    }
    return groups;
}

/** Each name after all that can be reached from it and not the other way round. */
function finishingOrder(below: ReadonlyMap<string, readonly string[]>): string[] {
    const finished: string[] = [];
    const seen = new Set<string>();
    for (const root of below.keys()) {
        const open: { readonly name: string; next: number }[] = [];
        const enter = (name: string) => {
            if (seen.has(name)) return;
            seen.add(name);
            open.push({ name, next: 0 });
        };
        enter(root);
        for (let top = open.at(-1); top; top = open.at(-1)) {
            const lower = below.get(top.name)![top.next];
            top.next += 1;
            if (lower !== undefined) enter(lower);
            else finished.push(open.pop()!.name);
        }
    }
    return finished;
}

/** The shortest way from a name back to it; undefined where there is none. */
function cycleFrom(start: string, below: (name: string) => readonly string[]): string[] | undefined {
    const cameFrom = new Map<string, string>();
    const reached = [start];
    // Names are added while they are walked through.
    for (const name of reached) {
        for (const lower of below(name)) {
            if (lower === start) return wayTo(name, start, cameFrom);
            if (cameFrom.has(lower)) continue;
            cameFrom.set(lower, name);
            reached.push(lower);
        }
    }
    return undefined;
}

function wayTo(name: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
    const path: string[] = [];
    for (let at = name; at !== start; at = cameFrom.get(at)!) path.push(at);
    return [start, ...path.reverse()];
}
