/** What a token may do where: a privilege on a path holds below, as with propagate=1. */
import type { Privileges } from "./cluster";

/** `*` is Administrator: what Holdfast or bpg's provider ask for. */
const all = ["Sys.Audit", "Sys.Modify", "Datastore.Allocate", "Datastore.Audit", "VM.Audit", "VM.Config.Options"];

export function effective(privileges: Privileges, path: string): string[] {
    const steps = path.split("/").filter(Boolean);
    const above = steps.map((_, index) => `/${steps.slice(0, index + 1).join("/")}`);
    const held = ["/", ...above].flatMap((each) => privileges[each] ?? []);
    return held.includes("*") ? all : [...new Set(held)];
}

export function hasPrivilege(privileges: Privileges, path: string, privilege: string): boolean {
    return effective(privileges, path).includes(privilege);
}
