import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatNodes } from "../../cli/lab";
import { buildProgram, everyCommand } from "../../cli/program";
import { labStackFile, removeLabStack, writeLabStack } from "../../lab/stack";
import { hasTripped } from "../../vm/console";

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
