/**
 * The checks that run nothing of the project: `npm run check` all of them, `npm run check -- ruff shellcheck` those
 * whose names say so. `npm test` begins with them, each counts as one test.
 */
const { closeSync, existsSync, openSync, readSync, readdirSync } = require("node:fs");
const { join, relative } = require("node:path");
const { ensureTestPackages } = require("../toolchain/debian");
const { ensureDependencies } = require("./dependencies");
const { ensurePythonTools, pythonTool } = require("./python");
const { status } = require("../toolchain/step");

const root = join(__dirname, "..");
const sources = [
    "index.ts",
    "stack.ts",
    "config.ts",
    "projectFile.ts",
    ...[
        "model",
        "components",
        "construct",
        "render",
        "programs",
        "provider",
        "host",
        "cli",
        "vm",
        "lab",
        "bench",
        "scripts",
        "toolchain",
    ],
];

/**
 * Started directly: npx would stand between an interruption and the tool.
 * @param {string} name
 */
function tool(name) {
    return join(root, "node_modules", ".bin", name);
}

/**
 * By name, the command.
 * @returns {Record<string, readonly string[]>}
 */
function staticChecks() {
    return {
        "types (tsc)": [tool("tsc"), "--noEmit"],
        "format (prettier)": [tool("prettier"), "--check", "--log-level", "warn", "."],
        "lint (eslint)": [tool("eslint"), "--max-warnings=0", "."],
        "layers (dependency-cruiser)": [
            ...[tool("depcruise"), "--config", ".dependency-cruiser.cjs", "--output-type", "err"],
            ...sources,
        ],
        "Python (ruff)": [...pythonTool("ruff"), "check", "--quiet", "--no-cache", "."],
        "Python types (mypy)": [
            ...pythonTool("mypy"),
            ...["--no-error-summary", "--cache-dir", join(root, "node_modules", ".cache", "mypy")],
            ...files().filter((path) => path.endsWith(".py")),
        ],
        "shell (shellcheck)": ["shellcheck", "--severity=warning", "--exclude=SC1090,SC1091", ...shellFiles()],
    };
}

/** Of the folders that may have Python and shell. */
function files() {
    return [".ci", "components", "host", "programs", "templates", "lab", "model", "scripts", "bench", "tests"]
        .filter((folder) => existsSync(join(root, folder)))
        .flatMap((folder) =>
            readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
                .filter((entry) => entry.isFile())
                .map((entry) => relative(root, join(entry.parentPath, entry.name))),
        )
        .sort();
}

/** By their ending or their first line. What they source is a node's, so it cannot be followed. */
function shellFiles() {
    return files()
        .filter((path) => !/\.(?:ts|js|json|md|py|gz)$/.test(path))
        .filter((path) => path.endsWith(".sh") || /^#! ?\/bin\/(?:ba)?sh\b/.test(firstBytes(join(root, path))));
}

/** @param {string} file */
function firstBytes(file) {
    const buffer = Buffer.alloc(32);
    const descriptor = openSync(file, "r");
    try {
        return buffer.toString("latin1", 0, readSync(descriptor, buffer));
    } finally {
        closeSync(descriptor);
    }
}

async function ensureStaticChecks() {
    await ensureDependencies();
    await ensureTestPackages();
    await ensurePythonTools();
}

async function main() {
    await ensureStaticChecks();
    const wanted = process.argv.slice(2);
    const failed = [];
    for (const [name, [command = "", ...args]] of Object.entries(staticChecks())) {
        if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
        const code = await status(command, args, { cwd: root });
        console.log(`${code === 0 ? "PASS" : "FAIL"} ${name}`);
        if (code !== 0) failed.push(name);
    }
    process.exitCode = failed.length > 0 ? 1 : 0;
}

if (require.main === module) {
    main().catch((error) => {
        console.error(`holdfast: ${error.message}`);
        process.exitCode = 1;
    });
}

module.exports = { ensureStaticChecks, staticChecks, tool };
