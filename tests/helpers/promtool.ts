/** Debian's promtool. Not installed: the package would start a Prometheus on the workstation; its program is enough. */
import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";

const folder = join(__dirname, "../../node_modules/.cache/promtool");
const program = join(folder, "usr/bin/promtool");

/** Path of the program, or its name where the machine has it. @throws Error where apt cannot bring it */
export async function promtool(): Promise<string> {
    if ((await execa("promtool", ["--version"], { reject: false })).exitCode === 0) return "promtool";
    if (existsSync(program)) return program;
    await mkdir(folder, { recursive: true });
    const download = () => execa("apt-get", ["download", "-q", "prometheus"], { cwd: folder, reject: false });
    let done = await download();
    if (done.exitCode !== 0 && process.getuid?.() === 0) {
        await execa("apt-get", ["update", "-qq"]); // a fresh machine has no lists
        done = await download();
    }
    if (done.exitCode !== 0)
        throw new Error(
            `apt-get download prometheus: ${done.stderr}\nInstall promtool: sudo apt-get install prometheus`,
        );
    const archive = readdirSync(folder).find((name) => name.endsWith(".deb"))!;
    await execa("dpkg-deb", ["--extract", archive, "."], { cwd: folder });
    return program;
}
