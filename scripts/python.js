/**
 * Python's own tools: pinned by hash in a requirements.txt, from PyPI, in a folder of their own beside the toolchain;
 * nothing of the system's Python changes. Core modules only.
 */
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readFileSync, renameSync, rmSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { installPackages } = require("../toolchain/debian");
const { output, run, step } = require("../toolchain/step");
const { cacheFolder } = require("../toolchain/toolchain");

/** ruff and mypy, for the Python that runs on the nodes. */
const checks = join(__dirname, "requirements.txt");

/** Named by what is in it and by the interpreter, so that a changed pin or another Python is a new folder. */
function pythonFolder(requirements = checks) {
    const hash = createHash("sha256")
        .update(readFileSync(requirements))
        .update(output("python3", ["--version"]) ?? "");
    return join(cacheFolder(), "python", hash.digest("hex").slice(0, 16));
}

/**
 * The command: as a module, since its script would name the folder that it was installed in.
 * @param {"ruff" | "mypy"} name
 */
function pythonTool(name) {
    return [join(pythonFolder(), "bin", "python3"), "-m", name];
}

/** Returns the folder. A run that was cut leaves none of that name. */
async function ensurePythonTools(requirements = checks, what = "ruff and mypy") {
    const folder = pythonFolder(requirements);
    if (existsSync(folder)) return folder;
    // Debian has the module that makes environments in a package of its own.
    if (output("python3", ["-c", "import ensurepip, venv"]) === undefined)
        await installPackages(["python3-venv"], `installing ${what}`);
    const draft = `${folder}.${process.pid}`;
    mkdirSync(dirname(folder), { recursive: true });
    try {
        await step(`installing ${what}`, async () => {
            await run("python3", ["-m", "venv", draft]);
            const install = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes"];
            await run(join(draft, "bin", "python3"), [
                ...["-m", "pip", ...install, "--only-binary", ":all:", "--requirement", requirements],
            ]);
        });
        if (!existsSync(folder)) renameSync(draft, folder);
        return folder;
    } finally {
        rmSync(draft, { recursive: true, force: true });
    }
}

module.exports = { ensurePythonTools, pythonTool };
