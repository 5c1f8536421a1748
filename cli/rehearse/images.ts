/** The disks' files: made once, and never written to again; every boot gets overlays on them. */
import { mkdir, open, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Commands } from "./interrupt";
import type { DiskPlan, VolumePlan } from "./plan";

/** A file of the machine that is not the node's: what the rehearsal adds, or the stack plans. */
export interface Addition {
    readonly content: string;
    readonly mode: number;
    readonly uid?: number;
    readonly gid?: number;
}

export interface Tree {
    /** The system's files, as a folder; never written to. */
    readonly lower: string;
    readonly additions: Readonly<Record<string, Addition>>;
    /** Paths that must not be there. */
    readonly absent: readonly string[];
    /** `systemctl enable` or `disable`. */
    readonly units: Readonly<Record<string, boolean>>;
}

/** MiB of what lies there, on that file system alone; 0 where nothing does. */
export async function measure(commands: Commands, lower: string, path: string): Promise<number> {
    const { stdout, exitCode } = await commands.run("du", ["-sxm", join(lower, path)], { reject: false });
    return exitCode === 0 || stdout !== "" ? Number(stdout.split("\t")[0]) : 0;
}

/** @returns files by the disks' names */
export async function makeImages(
    commands: Commands,
    folder: string,
    tree: Tree,
    plans: readonly DiskPlan[],
): Promise<Record<string, string>> {
    const files = Object.fromEntries(plans.map(({ disk }) => [disk.name, join(folder, `${disk.name}.raw`)]));
    const filling: string[][] = [];
    for (const plan of plans) {
        const file = files[plan.disk.name]!;
        await sparse(file, plan.size);
        if (plan.table !== undefined)
            await commands.run("sfdisk", ["--quiet", "--no-reread", "--no-tell-kernel", file], { input: plan.table });
        for (const volume of plan.volumes) {
            if (volume.written) await writeAt(file, volume.written, volume.offset);
            if (!volume.content) continue;
            if (volume.from !== undefined) filling.push(ext(volume, file, join(folder, "merged", volume.from)));
            else if (volume.content.fstype.startsWith("ext")) {
                const [program = "", ...args] = ext(volume, file);
                await commands.run(program, args);
            } else await place(commands, volume, file);
        }
    }
    await fill(commands, folder, tree, filling);
    return files;
}

function ext({ content, offset, size }: VolumePlan, file: string, from?: string): string[] {
    const { fstype, uuid, label } = content!;
    return [
        ...["mke2fs", "-q", "-F", "-t", fstype],
        ...(uuid === undefined ? [] : ["-U", uuid]),
        ...(label === undefined ? [] : ["-L", label]),
        ...(from === undefined ? [] : ["-d", from]),
        ...["-E", `offset=${offset}`, file, `${size / 1024}k`],
    ];
}

/** These know no place inside of a file: made beside it, and copied in. */
async function place(commands: Commands, { content, offset, size }: VolumePlan, file: string): Promise<void> {
    const { fstype, uuid, label } = content!;
    const draft = `${file}.part`;
    await sparse(draft, size);
    const named = (flag: string, value: string | undefined) => (value === undefined ? [] : [flag, value]);
    if (fstype === "xfs")
        await commands.run("mkfs.xfs", [
            ...["-q", "-f"],
            ...named("-m", uuid && `uuid=${uuid}`),
            ...named("-L", label),
            draft,
        ]);
    else if (fstype === "vfat")
        await commands.run("mkfs.vfat", [...named("-i", uuid?.replace("-", "")), ...named("-n", label), draft]);
    else await commands.run("mkswap", ["--quiet", ...named("--uuid", uuid), ...named("--label", label), draft]);
    await commands.run("dd", [
        ...[`if=${draft}`, `of=${file}`, "bs=1M", `seek=${offset / 1024 / 1024}`],
        ...["conv=notrunc,sparse", "status=none"],
    ]);
    await rm(draft);
}

/**
 * What is added lies in a folder of its own, over the system's; so no link in a tree that a node has sent leads us to
 * write elsewhere. Mounted in a namespace that ends with the command: nothing can be left mounted.
 */
async function fill(commands: Commands, folder: string, tree: Tree, filling: readonly string[][]): Promise<void> {
    const [upper, work, merged] = [join(folder, "upper"), join(folder, "work"), join(folder, "merged")];
    for (const each of [upper, work, merged]) await mkdir(each, { recursive: true, mode: 0o755 });
    for (const [path, { content, mode, uid = 0, gid = 0 }] of Object.entries(tree.additions)) {
        const file = join(upper, path);
        await mkdir(dirname(file), { recursive: true, mode: 0o755 });
        await writeFile(file, content, { mode });
        const handle = await open(file);
        await handle.chmod(mode);
        await handle.chown(uid, gid);
        await handle.close();
    }
    const units = Object.entries(tree.units).map(
        ([unit, enabled]) => `systemctl --quiet --root="$merged" ${enabled ? "enable" : "disable"} ${quoted(unit)}`,
    );
    const script = [
        `merged=${quoted(merged)}`,
        `mount -t overlay rehearsal -o ${quoted(`lowerdir=${tree.lower},upperdir=${upper},workdir=${work}`)} "$merged"`,
        ...tree.absent.map((path) => `rm -f ${quoted(join(merged, path))}`),
        ...units,
        ...filling.map((words) => words.map(quoted).join(" ")),
    ];
    await commands.run("unshare", ["--mount", "--propagation", "private", "sh", "-euc", script.join("\n")]);
    for (const each of [upper, work, merged]) await rm(each, { recursive: true, force: true });
}

function quoted(word: string): string {
    return `'${word.replaceAll("'", "'\\''")}'`;
}

async function writeAt(file: string, data: Buffer, offset: number): Promise<void> {
    const handle = await open(file, "r+");
    try {
        await handle.write(data, 0, data.length, offset);
    } finally {
        await handle.close();
    }
}

async function sparse(file: string, size: number): Promise<void> {
    const handle = await open(file, "w", 0o600);
    await handle.truncate(size);
    await handle.close();
}
