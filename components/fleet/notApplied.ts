/** What a user wrote and this version does not act on yet: accepted, and said. */
import { concerns } from "../table";
import { formatPath } from "../../model/fleet/faults";
import type { FleetConfig } from "./schema";

/** Roles for which any concern stands. */
const builtRoles = new Set<string>(Object.values(concerns).flatMap(({ roles }) => (roles === "every" ? [] : roles)));

/** One line per setting. A concern that is switched off is off already. */
export function notApplied(fleet: FleetConfig): string[] {
    const paths: string[][] = Object.entries(fleet.hosts ?? {}).flatMap(([name, { roles = [] }]) =>
        roles.every((role) => builtRoles.has(role)) ? [] : [["hosts", name, "roles"]],
    );
    for (const [name, { ssh }] of Object.entries(fleet.hosts ?? {}))
        if (ssh?.rescueKeys) paths.push(["hosts", name, "ssh", "rescueKeys"]);
    return paths.map((path) => `${formatPath(path)}: not applied: this version of Holdfast does not act on it yet`);
}
