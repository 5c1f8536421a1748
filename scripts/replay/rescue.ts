/**
 * The emergency boot of incident A's postmortem, typed at the serial console as it stands there.
 *
 * One of its two kernel arguments does nothing: `pve-cluster.service=masked` is no argument that systemd knows (it is
 * `systemd.mask=pve-cluster.service`). The emergency shell is reached all the same, since the other one starts nothing
 * else, and what keeps pve-cluster down afterwards is `systemctl mask`.
 */
import { hangs } from "./pmxcfs";
import { lean, patient, sh, until, type Seen, type Stage } from "./stage";

export const kernelArguments = "systemd.unit=emergency.target pve-cluster.service=masked";

/** Every Proxmox installer sets one; the lab's image has none, so that its root is locked. */
export const rootPassword = "lab-root-password";

export async function setRootPassword({ node }: Stage): Promise<void> {
    await node.exec(["chpasswd"], { input: `root:${rootPassword}\n` });
}

/** @returns what is seen once the boot goes on, with pve-cluster masked, and then in order again. */
export async function walkThroughEmergencyBoot(stage: Stage): Promise<Seen> {
    const { node } = stage;
    await node.powerOn(`${lean} ${patient} ${kernelArguments}`);
    const console = await node.openConsole();
    const says: string[] = [];
    try {
        await console.expect(/root password for (?:system )?maintenance[^]*?: /, 600);
        console.type(rootPassword);
        await console.expect(/# /, 60);
        says.push(
            `in the emergency shell pve-cluster is ${await console.run("systemctl is-enabled pve-cluster; true")}`,
        );
        await console.run("mount -o remount,rw /");
        await console.run(`sed -i 's/^127\\.0\\.1\\.1/${node.address}/' /etc/hosts`);
        await console.run("systemctl mask pve-cluster");
        await console.run("pkill -9 pmxcfs; sleep 2");
        await console.run("modprobe fuse"); // built into Proxmox's kernel, not into Debian's
        await console.run("pmxcfs -l");
        await console.run('echo "local" > /etc/pve/.clustermount');
        console.type("exit");
    } finally {
        console.close();
    }
    const boot = await node.waitUntilUp(600);
    says.push(`after exit it is ${await sh(stage, "systemctl is-enabled pve-cluster || true")}`);
    // What was started by hand goes first: there is one pmxcfs at a time.
    await sh(
        stage,
        "pkill pmxcfs || true; for second in $(seq 20); do pgrep pmxcfs || break; sleep 1; done; umount -l /etc/pve || true",
    );
    await sh(stage, "systemctl unmask pve-cluster; systemctl start --no-block pve-cluster");
    await until(
        "pve-cluster starts",
        async () => (await sh(stage, "systemctl is-active pve-cluster || true")) === "active",
    );
    says.push("unmasked, with the LAN address in /etc/hosts, it is active");
    return { multiUser: boot.multiUser, ssh: true, says };
}

/** Where a pmxcfs hangs the boot: what everything else waits for, by systemd's own list of jobs. */
export async function bootThatHangs(stage: Stage): Promise<Seen> {
    const { node } = stage;
    let left: readonly (string | undefined)[] = [];
    const isAlone = async () => {
        await node.failWhereTripped();
        const jobs = await node.exec(["systemctl", "list-jobs", "--plain", "--no-legend"], {
            reject: false,
            timeout: 30,
        });
        const lines = jobs.exitCode === 0 ? jobs.stdout.split("\n").filter(Boolean) : [];
        left = lines.filter((line) => line.endsWith(" running")).map((line) => line.trim().split(/\s+/)[1]);
        return left.length === 1 && left[0] === "pve-cluster.service";
    };
    try {
        await node.bootUntil(`${lean} ${patient}`, () => until(`only ${hangs} is left to start`, isAlone, 600));
    } catch (error) {
        const end = (await node.consoleOfThisBoot()).slice(-2000);
        throw new Error(`${String(error)}; left: ${left.join(", ") || "nobody can tell"}; its console's end:\n${end}`, {
            cause: error,
        });
    }
    const bound = await sh(stage, "systemctl show --property=TimeoutStartUSec --value pve-cluster.service");
    const target = await sh(stage, "systemctl is-active multi-user.target || true");
    return {
        multiUser: target === "active",
        ssh: true,
        says: [`pve-cluster.service is starting, for ${bound}; all that is left to start waits for it`],
    };
}
