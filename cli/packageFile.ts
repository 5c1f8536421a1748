/** The package's own files, in a clone (cli/) and in what is compiled for a published package (dist/cli/). */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of README.md, CHANGELOG.md and schema/: in a package the one above dist/. */
export const packageRoot = rootAbove(__dirname);

export const { version } = JSON.parse(readPackageFile("package.json")) as { version: string };

/** @param path from the package's root. @throws Error where the package is not whole */
export function readPackageFile(path: string): string {
    return readFileSync(join(packageRoot, path), "utf8");
}

// dist/ has a package.json too, beside what is compiled, and no changelog.
function rootAbove(folder: string): string {
    return existsSync(join(folder, "CHANGELOG.md")) ? folder : rootAbove(dirname(folder));
}
