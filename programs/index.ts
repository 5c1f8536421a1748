/**
 * Holdfast's own programs: what runs on a node by itself and has nothing to fill in. They lie here by their path on the
 * node, under their real endings, which they lose there (`run-parts` passes over names with a dot).
 *
 * A Python program goes to the node as one text, with the modules of `shared/` that it uses put before it: it can
 * neither import from a folder that somebody else writes to, nor meet a module of another version than its own,
 * whichever FileSets of a node have been pushed and whichever not.
 */
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { bundle } from "./bundle";

/** Of what does the transaction, the one way of writing is theirs, too. */
const engine = "../host/node/engine";
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

/** The argv that a staged program is tried with: is it whole, to the node's own interpreter? */
export function parsing(target: string): string[] {
    const staged = `{staged:${target}}`;
    if (programText(target).startsWith("#!/bin/sh\n")) return ["sh", "-n", staged];
    const parse = "import ast, sys; ast.parse(open(sys.argv[1], 'rb').read(), sys.argv[1])"; // compiling would leave a cache beside it
    return ["/usr/bin/python3", "-I", "-S", "-c", parse, staged];
}

function load(): ReadonlyMap<string, string> {
    const names = readdirSync(__dirname, { recursive: true, encoding: "utf8" });
    const read = (name: string) => readFileSync(path.join(__dirname, name), "utf8");
    const readModule = (name: string) => {
        const [folder, module] = name.split(".");
        return read(`${folder === "engine" ? engine : folder}/${module}.py`);
    };
    return new Map(
        names
            .filter((name) => !name.startsWith("shared/") && /\.(py|sh)$/.test(name))
            .map((name) => [`/${name.slice(0, -3)}`, bundle(read(name), readModule)]),
    );
}
