/** Debian packages: installed by apt as root, named in a ready command otherwise. */
const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { output, run, step } = require("./step");

/**
 * What the lab calls, and the package that brings it. Nothing here starts a service on the workstation or touches its
 * network; what a node runs (sshd, ifupdown2, Open vSwitch) is in the node's image only.
 */
const labCommands = {
    mmdebstrap: "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "systemd-socket-activate": "systemd",
    "/usr/lib/systemd/systemd-socket-proxyd": "systemd",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
    ip: "iproute2",
    ssh: "openssh-client",
    mke2fs: "e2fsprogs",
    "mkfs.xfs": "xfsprogs",
    losetup: "mount",
    nsenter: "util-linux",
    sfdisk: "fdisk",
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    python3: "python3",
};

/**
 * What the tests call besides: the report page is looked at in a real browser, the completion scripts are read by their
 * shells, certificates are made, and shell is checked.
 */
const testCommands = {
    "/usr/bin/chromium": "chromium",
    zsh: "zsh",
    fish: "fish",
    openssl: "openssl",
    shellcheck: "shellcheck",
};

/** Directories of system commands that an ordinary user's PATH often leaves out. */
const systemPath = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"];

/**
 * @param {string} command a name, or an absolute path
 * @returns {boolean}
 */
function isPresent(command) {
    if (command.startsWith("/")) return existsSync(command);
    return [...(process.env.PATH ?? "").split(":"), ...systemPath].some(
        (folder) => folder !== "" && existsSync(join(folder, command)),
    );
}

/**
 * Packages, each once, of the commands that are not there.
 * @param {Record<string, string>} commands
 * @param {(command: string) => boolean} present
 * @returns {string[]}
 */
function missingPackages(commands, present = isPresent) {
    return [
        ...new Set(
            Object.keys(commands)
                .filter((command) => !present(command))
                .map((command) => commands[command] ?? ""),
        ),
    ];
}

/**
 * @param {readonly string[]} packages
 * @param {string} purpose for the message
 */
async function installPackages(packages, purpose) {
    if (packages.length === 0) return;
    const install = ["install", "--yes", "--no-install-recommends", ...packages];
    if (process.getuid?.() !== 0 || output("apt-get", ["--version"]) === undefined) {
        throw new Error(
            `${purpose} needs packages that are not installed. Run:\n\n    sudo apt-get ${install.join(" ")}\n`,
        );
    }
    await step(`installing ${packages.join(" ")}`, async () => {
        const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
        await run("apt-get", ["update", "-qq"], { env });
        await run("apt-get", ["-qq", ...install], { env, stdio: ["ignore", "ignore", "inherit"] });
    });
}

async function ensureLabPackages() {
    if (process.platform !== "linux") throw new Error("the lab needs Linux");
    await installPackages(missingPackages(labCommands), "the lab");
    if (process.getuid?.() !== 0)
        throw new Error("the lab needs root (namespaces, mounts, loop devices). Run the same command with sudo");
}

async function ensureTestPackages() {
    await installPackages(missingPackages(testCommands), "the tests");
}

module.exports = { ensureLabPackages, ensureTestPackages, installPackages, isPresent, missingPackages };
