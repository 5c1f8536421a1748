/** The node's modules run directly by python3, on temporary folders. */
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";

const checkout = join(__dirname, "..", "..", "..");
const modules = join(checkout, "host", "node");
/** As the program that is sent has them: `concerns.CONCERN.node`. */
const concerns = readdirSync(join(checkout, "components")).filter((folder) =>
    existsSync(join(checkout, "components", folder, "node")),
);

/** Runs `script` with `given` as its `given` and the modules on its path; its `answer` comes back. */
export async function python<T>(script: string, given: unknown = {}): Promise<T> {
    const program = `import json, sys\nsys.path.insert(0, ${JSON.stringify(modules)})\nimport concerns\nconcerns.__path__.append(${JSON.stringify(join(checkout, "components"))})\nconcerns.FOLDERS = ${JSON.stringify(concerns)}\ngiven = json.load(sys.stdin)\n${script}\nprint(json.dumps(answer))`;
    const { stdout } = await execa("python3", ["-I", "-S", "-B", "-c", program], { input: JSON.stringify(given) });
    return JSON.parse(stdout.split("\n").at(-1) ?? "") as T;
}

/** A folder for one test; `remove` it. */
export async function scratch(): Promise<{ folder: string; remove: () => Promise<void> }> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-node-"));
    return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
