/** When the node last booted with the files that it has. */
import { ask } from "./machine";

const now = Math.floor(Date.now() / 1000);
/** A node that booted `hours` ago; the fixture's files were made just now. */
const booted = (hours: number) => ({
    files: { "/etc/fstab": "", "/etc/hosts": "", "/etc/motd": "", "/proc/sys/kernel/osrelease": "6.8.12-1-pve\n" },
    pretend: `
from concerns.bootReadiness.node.checks import proof
proof.seconds_since_boot = lambda: ${hours} * 3600`,
});
const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);

test("files that changed after the boot are told, with the day and how many", async () => {
    const told = await ask("proof", booted(48));
    expect([told.state, told.code]).toEqual(["skipped", "boot-not-proven"]);
    expect(told.text).toMatch(
        new RegExp(
            `^not proven since ${day(now)}: /etc/(fstab|hosts) and 1 more changed after the boot of ${day(now - 172_800)}$`,
        ),
    );
});

test("a `touch` back in time hides no change", async () => {
    const told = await ask("proof", { ...booted(48), written: { "/etc/fstab": 1, "/etc/hosts": 1 } });
    expect(told.code).toBe("boot-not-proven");
});

test("a boot after the last change proves them, with its day and kernel", async () => {
    expect(await ask("proof", booted(-1))).toMatchObject({
        state: "ok",
        text: expect.stringMatching(/^proven by the boot of \d{4}-\d\d-\d\d with 6\.8\.12-1-pve$/),
    });
});
