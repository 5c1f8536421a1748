/** The Debian image that all nodes of a release stand on: built once, cached, never written to. */
import { createHash } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import { imageCache } from "../vm/baseImage";
import { withLock } from "../vm/lock";
import type { Release } from "./state";

const recipe = join(__dirname, "image");

/** A Proxmox node's base as far as Debian has it, and every package that a concern installs: nodes have no registry. */
const packages = [
    "systemd",
    "systemd-sysv",
    "libpam-systemd",
    "dbus",
    "udev",
    "kmod",
    "cron",
    "procps",
    "less",
    "sudo",
    "openssh-server",
    "ifupdown2",
    "bridge-utils",
    "openvswitch-switch",
    "iproute2",
    "iputils-ping",
    "netcat-openbsd",
    "curl",
    "util-linux",
    "util-linux-extra",
    "e2fsprogs",
    "xfsprogs",
    "dosfstools",
    "lvm2",
    "cryptsetup-bin",
    "smartmontools",
    "nvme-cli",
    "lm-sensors",
    "ipmitool",
    "openipmi",
    "prometheus-node-exporter",
    "msmtp",
    "ca-certificates",
    "cloud-init",
    "python3",
    // The stand-in of pmxcfs, and what its cluster and its backup need.
    "python3-fusepy",
    "sqlite3",
    "corosync",
    "restic",
];

/** What only that release and later ones have. */
const since: Partial<Record<Release, readonly string[]>> = { trixie: ["restic-rest-server"] };

/**
 * What some nodes have and others have not, so that a test can install it where there is no registry (`dpkg
 * --install`): .deb files in a folder of the image. Proxmox nodes come with postfix, and old ones may have classic
 * ifupdown.
 */
const extras = ["postfix", "ifupdown"];
const extrasFolder = "/usr/local/share/lab/packages";

/** Where the image of a release is or will be; the name changes with the recipe. */
async function imageFolder(release: Release): Promise<string> {
    const hash = createHash("sha256")
        .update(packages.join(" "))
        .update(await readFile(__filename));
    for (const file of await listFiles(recipe)) hash.update(file.slice(recipe.length)).update(await readFile(file));
    return join(imageCache(), `${release}-${hash.digest("hex").slice(0, 12)}`);
}

/**
 * Builds the image where it is missing: about a minute. Two builds at once wait for one another; a build that was
 * killed leaves only a draft, which the next one removes.
 */
export async function ensureImage(release: Release, log: (line: string) => void): Promise<string> {
    const folder = await imageFolder(release);
    if (await isThere(folder)) return folder;
    return withLock(folder, async () => {
        if (await isThere(folder)) return folder;
        const started = Date.now();
        log(`lab: building the Debian ${release} image (about a minute, once) …`);
        const draft = `${folder}.draft`;
        await rm(draft, { recursive: true, force: true });
        await mkdir(draft, { recursive: true });
        await buildTree(draft, release);
        await rename(draft, folder);
        log(`lab: image ready after ${Math.round((Date.now() - started) / 1000)} s: ${folder}`);
        return folder;
    });
}

async function buildTree(root: string, release: Release): Promise<void> {
    // Without a mirror argument mmdebstrap uses Debian's own, and the keys of the debian-archive-keyring package.
    await execa("mmdebstrap", [
        "--quiet",
        "--mode=root",
        "--variant=minbase",
        "--format=directory",
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=Acquire::Retries "3"',
        ...["doc", "man", "locale", "info"].map((part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`),
        `--include=${[...packages, ...(since[release] ?? [])].join(",")}`,
        `--customize-hook=${fetchExtras}`,
        release,
        root,
    ]);
    await execa("cp", ["-a", "--no-preserve=ownership", `${join(recipe, "files")}/.`, root]);
    await execa("sh", [join(recipe, "customize.sh"), root]);
}

/** A hook of mmdebstrap's, whose first argument is the tree. */
const fetchExtras = [
    `mkdir -p "$1${extrasFolder}/partial"`,
    `APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --quiet --yes --no-install-recommends --download-only -o Dir::Cache::archives="$1${extrasFolder}" install ${extras.join(" ")}`,
    `rm -rf "$1${extrasFolder}/partial" "$1${extrasFolder}/lock"`,
].join(" && ");

async function listFiles(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort();
}

async function isThere(path: string): Promise<boolean> {
    return access(path).then(
        () => true,
        () => false,
    );
}
