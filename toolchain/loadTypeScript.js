// Lets Node load TypeScript: sucrase takes the types away, checking them belongs to `npm test`. Each version of a file
// is transformed once: that is a quarter of a second less for every preview, in the program and in the provider.
const { createHash } = require("node:crypto");
const Module = require("node:module");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { addHook } = require("pirates");
const { version } = require("sucrase/package.json");
require("./lateModules");

/** @type {import("sucrase").Options} */
const options = { transforms: ["imports", "typescript"] };
const caches = join(__dirname, "..", "node_modules", ".cache");
const cache = join(caches, "holdfast-typescript");
// What V8 makes of each file, from Node 22 on: a quarter of the program's start.
/** @type {{ enableCompileCache?: (folder: string) => unknown }} */ (
    /** @type {unknown} */ (Module)
).enableCompileCache?.(join(caches, "holdfast-v8"));
/** A file that a full disk or a power cut has left short does not have it. */
const END = "\n// whole\n";

/** @type {(source: string, filePath: string) => string} */
function load(source, filePath) {
    const key = createHash("sha256")
        .update(JSON.stringify([version, options, source]))
        .digest("hex");
    const kept = join(cache, `${key}.js`);
    const known = read(kept);
    if (known.endsWith(END)) return known;
    const code = require("sucrase").transform(source, { ...options, filePath }).code + END;
    keep(kept, code);
    return code;
}

/** @type {(path: string) => string} */
function read(path) {
    try {
        return readFileSync(path, "utf8");
    } catch {
        return ""; // not there yet
    }
}

/** @type {(path: string, code: string) => void} */
function keep(path, code) {
    try {
        mkdirSync(cache, { recursive: true });
        writeFileSync(`${path}.${process.pid}`, code);
        renameSync(`${path}.${process.pid}`, path);
    } catch {
        // Read-only or full: it is slower, and works.
    }
}

addHook(load, { exts: [".ts"] });
