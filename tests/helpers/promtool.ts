/**
 * Debian's promtool, Prometheus, Alertmanager and blackbox exporter. Not installed: the packages would start services
 * on the workstation; their programs are enough.
 */
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
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

/**
 * Alertmanager's own program, to be run here: Debian's has the folder of its templates built in, so this is a copy with
 * another one of the same length.
 *
 * @param place folder for the copy; its path is short
 * @throws Error where apt cannot bring it
 */
export async function alertmanager(place: string): Promise<string> {
    const installed = "/usr/share/prometheus/alertmanager";
    const here = join(place, "t").padEnd(installed.length, "/");
    if (here.length > installed.length) throw new Error(`${place}: expected a path as short as /tmp/holdfast-123456`);
    const built = await readFile(await program("prometheus-alertmanager", "prometheus-alertmanager"));
    for (let at = built.indexOf(installed); at >= 0; at = built.indexOf(installed, at + 1)) built.write(here, at);
    await symlink(`${folder}${installed}`, join(place, "t"));
    const path = join(place, "alertmanager");
    await writeFile(path, built, { mode: 0o755 });
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
