/** The Pulumi CLI: the user's own where it is recent enough, else built from the modules pinned in toolchain/. */
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readFileSync } = require("node:fs");
const { homedir } = require("node:os");
const { delimiter, dirname, join } = require("node:path");
const { isPresent } = require("./debian");
const { output, run } = require("./step");

const toolchain = __dirname;
/** Path plugins, `--preview-only` and `plugins:` in Pulumi.yaml behave as this project needs them from here on. */
const oldestPulumi = "3.200.0";
const binaries = ["pulumi", "pulumi-language-nodejs"];

/**
 * Folder to put in front of PATH, or undefined where the pulumi on PATH will do.
 * @returns {Promise<string | undefined>}
 */
async function ensurePulumi() {
    if (hasRecentPulumi()) return undefined;
    const folder = builtFolder();
    if (binaries.every((name) => existsSync(join(folder, name)))) return folder;
    mkdirSync(dirname(folder), { recursive: true });
    const build = [process.execPath, join(__dirname, "buildToolchain.js"), folder];
    // Of two builds at once the second waits, and then finds everything there.
    if (isPresent("flock")) await run("flock", [`${folder}.lock`, ...build]);
    else await run(build[0] ?? "", build.slice(1));
    return folder;
}

function hasRecentPulumi() {
    const version = output("pulumi", ["version"], { env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } });
    return version !== undefined && isAtLeast(version, oldestPulumi) && isPresent("pulumi-language-nodejs");
}

/** Named by everything that goes into the binaries, so that a changed pin is a new folder. */
function builtFolder() {
    const hash = createHash("sha256").update(process.arch);
    const sources = ["pulumi", "language-nodejs"].flatMap((module) =>
        ["go.mod", "go.sum"].map((file) => join(toolchain, module, file)),
    );
    for (const file of [...sources, join(__dirname, "buildToolchain.js"), join(__dirname, "go.js")])
        hash.update(readFileSync(file));
    return join(cacheFolder(), "toolchain", hash.digest("hex").slice(0, 16));
}

/** What is built or fetched once for all checkouts. */
function cacheFolder() {
    return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "holdfast");
}

/**
 * Compares the numbers of two versions; a `v` or `go` before them and what follows them do not count.
 * @param {string} version `v3.259.0`, `go1.26.8`
 * @param {string} oldest `3.200.0`
 * @returns {boolean}
 */
function isAtLeast(version, oldest) {
    const [have, want] = [version, oldest].map((text) => (/\d+(\.\d+)*/.exec(text)?.[0] ?? "0").split(".").map(Number));
    for (let part = 0; part < (want?.length ?? 0); part++) {
        const difference = (have?.[part] ?? 0) - (want?.[part] ?? 0);
        if (difference !== 0) return difference > 0;
    }
    return true;
}

/**
 * The environment of every pulumi command of ours.
 * @param {string | undefined} folder as `ensurePulumi` gave it
 * @returns {NodeJS.ProcessEnv}
 */
function pulumiEnvironment(folder) {
    return {
        ...process.env,
        PATH: [folder, process.env.PATH].filter(Boolean).join(delimiter),
        // Without these each command looks for plugins and versions on the network: seconds, or minutes behind a
        // firewall.
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        // To the engine it is --yes, which it refuses beside --preview-only; a pipeline may have set it for its `up`.
        PULUMI_SKIP_CONFIRMATIONS: undefined,
    };
}

/** `npm run toolchain`: what a CI job needs besides `npm ci`. */
if (require.main === module) {
    ensurePulumi()
        .then((folder) =>
            console.log(`toolchain: ${folder === undefined ? "the pulumi on PATH will do" : `pulumi is in ${folder}`}`),
        )
        .catch((error) => {
            console.error(`holdfast: ${error.message}`);
            process.exitCode = 1;
        });
}

module.exports = { builtFolder, cacheFolder, ensurePulumi, isAtLeast, pulumiEnvironment, toolchain };
