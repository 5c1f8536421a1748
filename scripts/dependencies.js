/** node_modules, as package-lock.json says. */
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { run, step } = require("../toolchain/step");

const root = join(__dirname, "..");

/** Runs `npm ci` where something that package-lock.json names is missing or of another version. */
async function ensureDependencies() {
    const wanted = readPackages(join(root, "package-lock.json"));
    // npm's own record of what it has installed.
    const installed = readPackages(join(root, "node_modules", ".package-lock.json"));
    if (findMissing(wanted, installed).length === 0) return;
    // The Pulumi packages' install scripts would try to download plugins.
    await step("installing node_modules (npm ci, about a minute)", () =>
        run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: root }),
    );
}

/**
 * Names of the packages that are not installed as wanted. Optional ones may be absent: they are for other platforms.
 * @param {Packages} wanted
 * @param {Packages} installed
 * @returns {string[]}
 *
 * @typedef {Record<string, { version?: string, integrity?: string, optional?: boolean }>} Packages
 */
function findMissing(wanted, installed) {
    return Object.keys(wanted).filter((name) => {
        const [want, have] = [wanted[name], installed[name]];
        if (name === "" || want === undefined || (want.optional && have === undefined)) return false;
        return have === undefined || have.version !== want.version || have.integrity !== want.integrity;
    });
}

/**
 * @param {string} file
 * @returns {Packages}
 */
function readPackages(file) {
    try {
        return JSON.parse(readFileSync(file, "utf8")).packages;
    } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return {};
        throw error;
    }
}

module.exports = { ensureDependencies, findMissing };
