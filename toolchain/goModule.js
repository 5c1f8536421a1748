/**
 * What the tests need and no registry has ready: a Go module below toolchain/, built once into the toolchain's cache.
 * Never part of the package.
 */
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readFileSync, renameSync, rmSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { isPresent } = require("./debian");
const { ensureGo } = require("./go");
const { run } = require("./step");
const { cacheFolder } = require("./toolchain");

/**
 * Named by everything that goes into it.
 * @param {string} module
 */
function folderOf(module) {
    const hash = createHash("sha256").update(process.arch);
    const sources = ["go.mod", "go.sum", "main.go"].map((file) => join(__dirname, module, file));
    // A program that is another module's has no source here.
    for (const file of sources) if (existsSync(file)) hash.update(readFileSync(file));
    return join(cacheFolder(), module, hash.digest("hex").slice(0, 16));
}

/**
 * @param {string} module
 * @param {string} script which calls `buildModule` when it is run
 * @returns {Promise<string>} the folder with what was built
 */
async function ensureModule(module, script) {
    const folder = folderOf(module);
    if (existsSync(folder)) return folder;
    mkdirSync(dirname(folder), { recursive: true });
    // Of two builds at once the second waits, and then finds everything there.
    await (isPresent("flock")
        ? run("flock", [`${folder}.lock`, process.execPath, script])
        : run(process.execPath, [script]));
    return folder;
}

/**
 * @param {string} module
 * @param {(go: string, draft: string) => Promise<void>} make
 */
async function buildModule(module, make) {
    const folder = folderOf(module);
    if (existsSync(folder)) return;
    const go = await ensureGo();
    const draft = `${folder}.draft`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await make(go, draft);
    renameSync(draft, folder);
}

/** @param {Promise<void>} building */
function asScript(building) {
    building.catch((error) => {
        console.error(`setup: ${error.message}`);
        process.exitCode = 1;
    });
}

module.exports = { asScript, buildModule, ensureModule };
