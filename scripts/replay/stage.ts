/** The machine that both incidents happen to, and what its boots show. */
import type { BootReport, Lab, VmNode } from "../../lab";

export interface Stage {
    readonly lab: Lab<VmNode>;
    readonly node: VmNode;
}

/** What somebody sees of a boot. */
export interface Seen {
    /** Whether multi-user.target was reached. */
    readonly multiUser: boolean;
    /** Whether a command ran over SSH afterwards. */
    readonly ssh: boolean;
    /**
     * What tells: failed units with their last words, the console's own lines, the state of what the incident was
     * about.
     */
    readonly says: readonly string[];
}

/**
 * Kernel arguments: units that are of no use here. Open vSwitch is not among them: without it ifupdown2 brings nothing
 * up.
 */
export const lean = "systemd.mask=e2scrub_reap.service systemd.mask=lvm2-monitor.service";
/** … and the wait for a disk that is not there, 90 s by default, where no disk that is there is needed. */
export const impatient = "systemd.default_device_timeout_sec=15";

/** … and where every disk is there, and emulation beside other work may take longer than that to show it. */
export const patient = "systemd.default_device_timeout_sec=600";

export async function sh({ node }: Pick<Stage, "node">, script: string): Promise<string> {
    return (await node.exec(["sh", "-ec", script])).stdout;
}

export async function seen(stage: Stage, boot: BootReport): Promise<Seen> {
    const answer = await stage.node.exec(["true"], { reject: false, timeout: 20 });
    const says = boot.failed.map(({ unit, message }) => (message.includes(unit) ? message : `${unit}: ${message}`));
    return { multiUser: boot.multiUser, ssh: answer.exitCode === 0, says };
}

/** @throws where it has not come true after so many seconds. */
export async function until(what: string, condition: () => Promise<boolean>, seconds = 60): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!(await condition())) {
        if (Date.now() > deadline) throw new Error(`${what} has not come true within ${seconds} s`);
        await new Promise((resolve) => setTimeout(resolve, 1000));
    }
}
