/**
 * Holdfast's own programs: what runs on a node by itself and has nothing to fill in. They lie here by their path on the node,
 * under their real endings, which they lose there (`run-parts` passes over names with a dot).
 *
 * A Python program goes to the node as one text, with the modules of `shared/` that it uses put before it: it can neither
 * import from a folder that somebody else writes to, nor meet a module of another version than its own, whichever FileSets of
 * a node have been pushed and whichever not.
 */
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { bundle } from "./bundle";

let programs: ReadonlyMap<string, string> | undefined;

/** By absolute path on the node. */
export function ownPrograms(): ReadonlyMap<string, string> {
    return (programs ??= load());
}

/** @throws Error for a path at which Holdfast installs no program */
export function programText(target: string): string {
    const text = ownPrograms().get(target);
    if (text === undefined) throw new Error(`there is no program for ${target}`);
    return text;
}

function load(): ReadonlyMap<string, string> {
    const names = readdirSync(__dirname, { recursive: true, encoding: "utf8" });
    const read = (name: string) => readFileSync(path.join(__dirname, name), "utf8");
    return new Map(
        names
            .filter((name) => !name.startsWith("shared/") && /\.(py|sh)$/.test(name))
            .map((name) => [`/${name.slice(0, -3)}`, bundle(read(name), (module) => read(`shared/${module}.py`))]),
    );
}
