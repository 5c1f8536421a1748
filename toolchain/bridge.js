/**
 * The plugin that answers @muhlba91/pulumi-proxmoxve in tests, built once into the toolchain's cache: its own cannot be
 * had where CI runs. Never part of the package. `node toolchain/bridge.js` builds it beforehand.
 */
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readFileSync, renameSync, rmSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { isPresent } = require("./debian");
const { compile, ensureGo } = require("./go");
const { run, step } = require("./step");
const { cacheFolder } = require("./toolchain");

const module_ = "proxmoxve-bridge";
const binary = "pulumi-resource-proxmoxve";

/**
 * @returns {Promise<string>} the folder of the plugin, for `plugins.providers[].path` of a Pulumi.yaml
 */
async function ensureBridge() {
    const folder = bridgeFolder();
    if (existsSync(folder)) return folder;
    mkdirSync(dirname(folder), { recursive: true });
    // Of two builds at once the second waits, and then finds everything there.
    if (isPresent("flock")) await run("flock", [`${folder}.lock`, process.execPath, __filename]);
    else await build(folder);
    return folder;
}

/** Named by everything that goes into it. */
function bridgeFolder() {
    const hash = createHash("sha256").update(process.arch);
    for (const file of ["go.mod", "go.sum", "main.go"]) hash.update(readFileSync(join(__dirname, module_, file)));
    return join(cacheFolder(), module_, hash.digest("hex").slice(0, 16));
}

/** @param {string} folder */
async function build(folder) {
    if (existsSync(folder)) return;
    const go = await ensureGo();
    const draft = `${folder}.draft`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await step(`building ${binary} for the tests from its pinned source (4 to 6 minutes, once)`, () =>
        compile(go, { module: module_, package: ".", flags: "-s -w" }, join(draft, binary)),
    );
    // What it says of missing documentation is of no use to anybody here; it fails with an exit status.
    await run(join(draft, binary), ["schema", "--out", draft], { stdio: ["ignore", "ignore", "ignore"] });
    rmSync(join(draft, "Pulumi.yaml"), { force: true });
    renameSync(draft, folder);
}

if (require.main === module) {
    build(bridgeFolder()).catch((error) => {
        console.error(`setup: ${error.message}`);
        process.exitCode = 1;
    });
}

module.exports = { bridgeFolder, ensureBridge };
