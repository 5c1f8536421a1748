import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import execa from "execa";
import { formatNodes } from "../../cli/lab";
import { buildProgram, everyCommand } from "../../cli/program";
import { labStackFile, removeLabStack, writeLabStack } from "../../lab/stack";
import { hasTripped } from "../../vm/console";
import { killAndWait, waitForExit } from "../../vm/processes";

/** What `lab ssh` is given: the node, the command there, and which lab. */
async function sshOf(...words: string[]): Promise<[string, string[], string]> {
    const program = buildProgram();
    const given = new Promise<[string, string[], string]>((resolve) => {
        everyCommand(program)
            .find((command) => command.name() === "ssh")!
            .action((node: string, command: string[], { id }: { id: string }) => resolve([node, command, id]));
    });
    await program.parseAsync(["lab", "ssh", ...words], { from: "user" });
    return given;
}

test.each<[string[], [string, string[], string]]>([
    [["pve01"], ["pve01", [], "lab"]],
    [
        ["pve01", "findmnt", "--verify"],
        ["pve01", ["findmnt", "--verify"], "lab"],
    ],
    [
        ["--id", "other", "pve01", "ls", "--id", "-l"],
        ["pve01", ["ls", "--id", "-l"], "other"],
    ],
    // ssh takes the dashes for the end of its own options, as anywhere.
    [
        ["pve01", "--", "ls", "-l"],
        ["pve01", ["--", "ls", "-l"], "lab"],
    ],
    [
        ["--", "pve01", "ls", "-l"],
        ["pve01", ["ls", "-l"], "lab"],
    ],
])("lab ssh %j hands the node's command on as it is", async (words, given) => {
    expect(await sshOf(...words)).toEqual(given);
});

test.each([
    ["lab", "  pve01  192.0.2.11  npx holdfast lab ssh pve01"],
    ["other", "  pve01  192.0.2.11  npx holdfast lab ssh --id other pve01"],
])("what to type for a node of lab %s", (id, line) => {
    expect(formatNodes({ id, nodes: [{ name: "pve01", address: "192.0.2.11" }] })).toBe(line);
});

describe("a virtual machine's console", () => {
    const oops =
        "[    3.067594] ---[ end trace 0000000000000000 ]---\n[    3.067600] Oops: int3: 0000 [#2] PREEMPT SMP NOPTI\n[    3.067690] RIP: 0010:sched_clock_cpu+0x9/0x1d0\n";

    test("tells the emulation's fault from the node's own end", () => {
        expect(hasTripped(`${oops}[    3.067972] Kernel panic - not syncing: Fatal exception in interrupt\n`)).toBe(
            true,
        );
        const timer =
            "[    0.024000] ..MP-BIOS bug: 8254 timer not connected to IO-APIC\n[    0.048000] Kernel panic - not syncing: IO-APIC + timer doesn't work!  Boot with apic=debug and send a report.  Then try booting with the 'noapic' option.\n";
        expect(hasTripped(timer)).toBe(true);
        expect(hasTripped(oops)).toBe(false);
        expect(
            hasTripped("[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n"),
        ).toBe(false);
    });
});

test("each lab has a stack file of its own, and none is taken away with another's", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lab-stack-"));
    try {
        const write = (id: string) =>
            writeLabStack({ id, nodes: [], identityFile: "", knownHostsFile: "" }, join(folder, labStackFile(id)));
        await write("lab");
        await write("other");
        expect((await readdir(folder)).sort()).toEqual(["Pulumi.lab-other.yaml", "Pulumi.lab.yaml"]);
        await removeLabStack("other", join(folder, "Pulumi.lab.yaml"));
        await removeLabStack("other", join(folder, labStackFile("other")));
        expect(await readdir(folder)).toEqual(["Pulumi.lab.yaml"]);
    } finally {
        await rm(folder, { recursive: true });
    }
});

test("a process whose first thread has ended is not gone while another has its files open", async () => {
    const script = `
import ctypes, platform, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
print("begun", flush=True)
# The kernel's exit, of this thread alone.
ctypes.CDLL(None).syscall(60 if platform.machine() == "x86_64" else 93, 0)
`;
    const child = execa("python3", ["-c", script], { reject: false });
    try {
        await new Promise((begun) => child.stdout!.once("data", begun));
        const pid = child.pid!;
        const state = async () => (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").charAt(0);
        while ((await state()) !== "Z") await delay(20);
        await expect(waitForExit([pid], 0.2)).rejects.toThrow(`process ${pid} is still there after 0.2 s`);
        await killAndWait([pid]);
    } finally {
        child.kill("SIGKILL");
    }
});
