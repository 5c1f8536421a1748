/**
 * Both incidents' faults, before and after. The scenes are played in this order on one machine: `npm run replay` prints
 * what is seen, the tests in virtual machines compare it.
 */
import { harden } from "./hardening";
import { installHangingPmxcfs } from "./pmxcfs";
import { bootThatHangs, setRootPassword, walkThroughEmergencyBoot } from "./rescue";
import { impatient, lean, patient, seen, sh, until, type Seen, type Stage } from "./stage";

export interface Scene {
    readonly machine: "untouched" | "by hand" | "hardened";
    readonly fault: string;
    readonly play: (stage: Stage) => Promise<Seen>;
    /** What the fault does to this machine. */
    readonly expected: { readonly multiUser: boolean; readonly says?: RegExp };
}

const noShell = "Cannot open access to console, the root account is locked.";

/** Under this name the untouched machine is kept, booted, with the pmxcfs that hangs. */
const untouched = "untouched";

export const scenes: readonly Scene[] = [
    {
        machine: "untouched",
        fault: "the data disk is sdc, not sdb",
        expected: { multiUser: false, says: /Dependency failed for local-fs\.target/ },
        play: async (stage) => {
            await stage.node.reorderDisks();
            const result = await seen(stage, await stage.node.start(undefined, `${lean} ${impatient}`));
            // Where root is locked there is not even a shell; it says so a moment after it has given up.
            await until(noShell, async () => (await stage.node.consoleOfThisBoot()).includes(noShell));
            return { ...result, says: [...result.says, noShell] };
        },
    },
    {
        machine: "untouched",
        fault: "127.0.1.1 in /etc/hosts",
        expected: { multiUser: true, says: /pve-cluster\.service: .*non-loopback IP address/ },
        play: async (stage) => {
            await stage.node.kill();
            await stage.node.reorderDisks();
            // No machine is kept with it, and a guest that has just booted may take long to let go of it.
            await stage.node.unplugDisk("nvme");
            const result = await seen(stage, await stage.node.start(undefined, `${lean} ${patient}`));
            await setRootPassword(stage);
            await installHangingPmxcfs(stage);
            await stage.node.keep(untouched);
            return result;
        },
    },
    {
        machine: "untouched",
        fault: "127.0.1.1, and a pmxcfs that hangs on it",
        expected: { multiUser: false, says: /pve-cluster\.service is starting, for infinity/ },
        play: async (stage) => {
            await stage.node.kill();
            return bootThatHangs(stage);
        },
    },
    {
        machine: "by hand",
        fault: "the same, by the postmortem's emergency boot",
        expected: { multiUser: true, says: /after exit it is masked/ },
        play: async (stage) => {
            await stage.node.kill();
            return walkThroughEmergencyBoot(stage);
        },
    },
    {
        machine: "hardened",
        fault: "all of it at once: the disk is sdc, and pmxcfs would hang on 127.0.1.1",
        expected: { multiUser: true, says: /pve-cluster\.service is active, \/srv\/local is \/dev\/sdc1/ },
        play: async (stage) => {
            await stage.node.bringBack(untouched);
            await harden(stage);
            await stage.node.reorderDisks();
            const result = await seen(stage, await stage.node.reboot(undefined, lean));
            await untilMounted(stage);
            const device = await sh(stage, "findmnt --noheadings --output SOURCE /srv/local");
            const state = await sh(stage, "systemctl is-active pve-cluster.service");
            return { ...result, says: [...result.says, `pve-cluster.service is ${state}, /srv/local is ${device}`] };
        },
    },
    {
        machine: "hardened",
        fault: "the data disk is gone",
        expected: { multiUser: true, says: /\/srv\/local is not mounted/ },
        play: async (stage) => {
            await stage.node.unplugDisk("data");
            await stage.node.reorderDisks();
            const result = await seen(stage, await stage.node.reboot(undefined, lean));
            const mounted = await isMounted(stage);
            return { ...result, says: [...result.says, `/srv/local is ${mounted ? "" : "not "}mounted`] };
        },
    },
    {
        machine: "hardened",
        fault: "the disk comes late, when the boot has stopped waiting for it",
        expected: { multiUser: true, says: /\/srv\/local is mounted/ },
        play: async (stage) => {
            const gaveUp = "Dependency failed for srv-local.mount";
            await until(gaveUp, async () => (await sh(stage, "journalctl --boot --output=cat")).includes(gaveUp));
            await stage.node.plugDisk("data");
            await untilMounted(stage);
            const target = await sh(stage, "systemctl is-active multi-user.target");
            return { multiUser: target === "active", ssh: true, says: ["/srv/local is mounted"] };
        },
    },
];

/** What of a scene did not come true; empty where all did. */
export function differences({ expected }: Scene, { multiUser, says }: Seen): string[] {
    return [
        ...(multiUser === expected.multiUser ? [] : [`multi-user was ${multiUser ? "" : "not "}reached`]),
        ...(expected.says === undefined || says.some((line) => expected.says!.test(line))
            ? []
            : [`nothing said ${String(expected.says)}`]),
    ];
}

async function isMounted({ node }: Stage): Promise<boolean> {
    return (await node.exec(["mountpoint", "/srv/local"], { reject: false })).exitCode === 0;
}

async function untilMounted(stage: Stage): Promise<void> {
    await until("/srv/local is mounted", () => isMounted(stage), 90);
}
