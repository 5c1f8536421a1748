/** What this machine has to have: said before anything is made, with what brings it. */
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** Programs by the Debian package that brings them. */
const always: Readonly<Record<string, string>> = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    mke2fs: "e2fsprogs",
    sfdisk: "fdisk",
    ip: "iproute2",
    unshare: "util-linux",
    nsenter: "util-linux",
    setpriv: "util-linux",
    flock: "util-linux",
    tar: "tar",
    "ssh-keyscan": "openssh-client",
    "ssh-keygen": "openssh-client",
};
const ofType: Readonly<Record<string, readonly [string, string]>> = {
    xfs: ["mkfs.xfs", "xfsprogs"],
    vfat: ["mkfs.vfat", "dosfstools"],
    swap: ["mkswap", "util-linux"],
};

/** @param fstypes of the disks that are to be made @throws Error with all that is missing */
export async function checkNeeds(fstypes: readonly string[] = [], environment = process.env): Promise<void> {
    if (process.platform !== "linux") throw new Error("rehearse needs Linux with QEMU: run it on such a machine");
    if (process.getuid?.() !== 0)
        throw new Error(
            "rehearse needs root here (a network namespace, files with their owners): run it with sudo --preserve-env",
        );
    const missing = await missingPrograms(fstypes, environment.PATH);
    if (missing.length > 0) {
        const bringers = [...new Set(missing.map(([, bringer]) => bringer))];
        throw new Error(
            `rehearse needs ${missing.map(([program]) => program).join(", ")} here: apt install ${bringers.join(" ")}`,
        );
    }
    const hasTun = await access("/dev/net/tun", constants.R_OK | constants.W_OK).then(
        () => true,
        () => false,
    );
    if (!hasTun) throw new Error("rehearse needs /dev/net/tun for the machine's network cards: modprobe tun");
}

/** Programs that are on no folder of the path, each with the Debian package that brings it. */
export async function missingPrograms(fstypes: readonly string[], path = ""): Promise<[string, string][]> {
    const wanted = {
        ...always,
        ...Object.fromEntries(fstypes.flatMap((type) => (ofType[type] ? [ofType[type]] : []))),
    };
    const missing: [string, string][] = [];
    for (const [program, bringer] of Object.entries(wanted))
        if (!(await isOnPath(program, path))) missing.push([program, bringer]);
    return missing;
}

async function isOnPath(program: string, path: string): Promise<boolean> {
    for (const folder of path.split(delimiter)) {
        const found = await access(join(folder, program), constants.X_OK).then(
            () => true,
            () => false,
        );
        if (found) return true;
    }
    return false;
}
