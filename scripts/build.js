/**
 * `npm run build`, and `npm run package` before it packs: dist/, compiled, for programs that import Holdfast. A clone
 * runs without it, so `--clean` takes it away.
 */
const { execFileSync } = require("node:child_process");
const { cpSync, rmSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");
const dist = join(root, "dist");
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");

rmSync(dist, { recursive: true, force: true });
if (process.argv.includes("--clean")) process.exit(0);
execFileSync(process.execPath, [compiler, "--project", join(root, "tsconfig.build.json")], {
    cwd: root,
    stdio: "inherit",
});
/** Read at run time, from beside the code. */
for (const folder of ["alerts", "templates", "toolchain"])
    cpSync(join(root, folder), join(dist, folder), { recursive: true });
for (const folder of ["components", "host", "lab", "programs"])
    cpSync(join(root, folder), join(dist, folder), {
        recursive: true,
        filter: (path) => !/\.ts$|__pycache__/.test(path),
    });
