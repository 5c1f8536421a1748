/**
 * Debian's promtool, Prometheus, Alertmanager and blackbox exporter. Not installed: the packages would start services
 * on the workstation; their programs are enough.
 */
import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";

const folder = join(__dirname, "../../node_modules/.cache/promtool");
const packages = ["prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter"] as const;

/** Path of the program, or its name where the machine has it. @throws Error where apt cannot bring it */
export async function promtool(): Promise<string> {
    if ((await execa("promtool", ["--version"], { reject: false })).exitCode === 0) return "promtool";
    return program("promtool", "prometheus");
}

/** Path of the server's program, to be run elsewhere. @throws Error where apt cannot bring it */
export async function prometheus(): Promise<string> {
    return program("prometheus", "prometheus");
}

/** Path of one of the package's programs. @throws Error where apt cannot bring it */
export async function program(name: string, of: (typeof packages)[number]): Promise<string> {
    const path = join(folder, "usr/bin", name);
    if (!existsSync(path)) await execa("dpkg-deb", ["--extract", await archive(of), "."], { cwd: folder });
    return path;
}

/** Paths of a monitoring host's packages, to be installed elsewhere. @throws Error where apt cannot bring them */
export async function archives(): Promise<string[]> {
    const found: string[] = [];
    for (const name of packages) found.push(await archive(name));
    return found;
}

async function archive(name: (typeof packages)[number]): Promise<string> {
    const standing = () =>
        existsSync(folder)
            ? readdirSync(folder).find((file) => file.startsWith(`${name}_`) && file.endsWith(".deb"))
            : undefined;
    if (standing() === undefined) {
        await mkdir(folder, { recursive: true });
        const download = () => execa("apt-get", ["download", "-q", name], { cwd: folder, reject: false });
        let done = await download();
        if (done.exitCode !== 0 && process.getuid?.() === 0) {
            await execa("apt-get", ["update", "-qq"]); // a fresh machine has no lists
            done = await download();
        }
        if (done.exitCode !== 0)
            throw new Error(`apt-get download ${name}: ${done.stderr}\nInstall it: sudo apt-get install ${name}`);
    }
    return join(folder, standing()!);
}
