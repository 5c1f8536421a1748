/** The program that runs on the node: its source, its version, and the one command that starts it there. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { deflateSync } from "node:zlib";

export interface NodeProgram {
    /** Sixteen hexadecimal digits of the SHA-256 over all modules: the folder's name on the node. */
    readonly version: string;
    /** Python source by path in the program's folder, as it is sent: JSON, deflated (RFC 1950). */
    readonly packed: Buffer;
    /** Given to the login shell as it is; a constant, no data is ever spliced into it. */
    readonly command: string;
}

let loaded: NodeProgram | undefined;

export function nodeProgram(): NodeProgram {
    return (loaded ??= load(join(__dirname, "node")));
}

function load(folder: string): NodeProgram {
    const modules = Object.fromEntries([
        ...pythonFiles(folder).map((path): [string, string] => [path, readFileSync(join(folder, path), "utf8")]),
        ...ofConcerns(join(folder, "..", "..", "components")),
    ]);
    const concerns = "concerns/__init__.py";
    modules[concerns] = modules[concerns]!.replace(
        "FOLDERS: list[str] = []",
        `FOLDERS = ${JSON.stringify(folders(modules))}`,
    );
    const text = JSON.stringify(modules);
    const version = createHash("sha256").update(text).digest("hex").slice(0, 16);
    return { version, packed: deflateSync(text), command: `/usr/bin/python3 -I -S -X utf8 -c '${bootstrap(version)}'` };
}

/** What the concerns bring, as `concerns/CONCERN/node/…`: a folder of theirs is read where it is, no table names it. */
function ofConcerns(components: string): [string, string][] {
    return pythonFiles(components).flatMap((path): [string, string][] => {
        const [concern = "", part] = path.split("/");
        if (part !== "node") return [];
        return [
            [`concerns/${concern}/__init__.py`, ""],
            [`concerns/${path}`, readFileSync(join(components, path), "utf8")],
        ];
    });
}

function folders(modules: object): string[] {
    const found = Object.keys(modules).map((path) => /^concerns\/(\w+)\/node\//.exec(path)?.[1]);
    return [...new Set(found.filter((folder) => folder !== undefined))];
}

/** Paths below `folder`, the same on every machine: `engine/durable.py`. */
function pythonFiles(folder: string): readonly string[] {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
        .map((path) => path.split(sep).join("/"))
        .filter((path) => path.endsWith(".py"))
        .sort();
}

/** What the node says first, so that a login script's own chatter before it does no harm. */
export const greeting = { ready: "holdfast ready", wanted: "holdfast wants its program" };

/**
 * Runs the installed program where this version is installed, else one that the client sends and that stays in memory,
 * so that looking at a node writes nothing on it. No single quotes: it stands inside a pair of them.
 */
function bootstrap(version: string): string {
    return `
import os, sys
version, modules = "${version}", None
folder = "/usr/local/lib/holdfast/" + version
if os.path.isdir(folder) and os.stat(folder).st_uid == 0:
    sys.path.insert(0, folder)
    print("${greeting.ready}", flush=True)
else:
    import importlib.machinery, json, zlib
    print("${greeting.wanted}", flush=True)
    modules = json.loads(zlib.decompress(sys.stdin.buffer.read(int(sys.stdin.buffer.readline()))))
    class Sent:
        compiled = {}
        def find_spec(self, name, path=None, target=None):
            file = name.replace(".", "/")
            for origin, is_package in ((file + ".py", False), (file + "/__init__.py", True)):
                if origin in modules:
                    return importlib.machinery.ModuleSpec(name, self, origin=origin, is_package=is_package)
        def create_module(self, spec):
            return None
        def exec_module(self, module):
            origin = module.__spec__.origin
            code = self.compiled[origin] = compile(modules[origin], origin, "exec")
            exec(code, module.__dict__)
    sys.meta_path.insert(0, Sent())
import session
session.main(version, modules and {path: (source, Sent.compiled.get(path)) for path, source in modules.items()})
`;
}
