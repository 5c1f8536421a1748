/** How far a boot came, by its console; and the result as rows and exit status. */
import { namedByLetter } from "../../../cli/rehearse/blueprint";
import { foundLetters, lastLines, misplacedLetters, progressOf } from "../../../cli/rehearse/judge";
import { exitStatus, renderRow, type CaseResult } from "../../../cli/rehearse/render";
import { blueprint } from "./fixtures";

const reached =
    "[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mmulti-user.target\x1b[0m - Multi-User System.\r\n";

test.each<[string, string, { multiUser: boolean; stuck?: string | undefined }]>([
    ["nothing yet", "[    0.0] Linux version 6", { multiUser: false, stuck: undefined }],
    ["multi-user", reached, { multiUser: true, stuck: undefined }],
    ["multi-user of Debian 11", "[  OK  ] Reached target Multi-User System.", { multiUser: true, stuck: undefined }],
    ["emergency mode", "You are in emergency mode. After logging in", { multiUser: false, stuck: "emergency mode" }],
    [
        "no root",
        "Gave up waiting for root file system device.\nALERT!  UUID=1234 does not exist.  Dropping to a shell!\n(initramfs) ",
        { multiUser: false, stuck: "the initramfs does not find UUID=1234, the root file system" },
    ],
    ["a panic", "Kernel panic - not syncing: VFS", { multiUser: false, stuck: "the kernel panicked" }],
    [
        "a service without a limit",
        "[ ***  ] A start job is running for pve-cluster.service (2min 1s / no limit)\r[    9.1] kernel: x\r\n[ ***  ] A start job is running for pve-cluster.service (5min 2s / no limit)",
        { multiUser: false, stuck: "pve-cluster.service is starting without a time limit, and all else waits for it" },
    ],
    [
        "the same in systemd 257's words",
        "[ ***  ] Job pve-cluster.service/start running (2min / no limit)\r[ **  ] Job pve-cluster.service/start running (5min 3s / no limit)",
        { multiUser: false, stuck: "pve-cluster.service is starting without a time limit, and all else waits for it" },
    ],
    [
        "the same beside others, in a slow emulation",
        "[ ***  ] (8 of 11) Job pve-cluster.service/start running (1min / no limit)\r[ ***  ] (8 of 11) Job pve-cluster.service/start running (5min 3s / no limit)",
        { multiUser: false, stuck: undefined },
    ],
    [
        "the same, alone for a minute; systemd counts from the boot's begin",
        "[ OK ] Finished x.\r\n[ *** ] Job pve-cluster.service/start running (4min / no limit)\r[ ** ] Job pve-cluster.service/start running (5min / no limit)",
        { multiUser: false, stuck: undefined },
    ],
    [
        "a service that has a limit",
        "[ ***  ] A start job is running for x.service (4min 3s / 5min)",
        { multiUser: false, stuck: undefined },
    ],
    [
        "pmxcfs, of which all of Proxmox hangs",
        `[FAILED] Failed to start pve-cluster.service - The Proxmox VE cluster filesystem.\n${reached}`,
        { multiUser: true, stuck: "Failed to start pve-cluster.service: nothing of Proxmox starts" },
    ],
    [
        "pmxcfs that fails on the way to emergency mode",
        "[DEPEND] Dependency failed for local-fs.target - Local File Systems.\n[FAILED] Failed to start pve-cluster.service - The Proxmox VE cluster filesystem.\n",
        { multiUser: false, stuck: undefined },
    ],
    [
        "another unit that fails",
        `[FAILED] Failed to start x.service - X.\n${reached}`,
        { multiUser: true, stuck: undefined },
    ],
])("%s", (_, said, expected) => {
    const { multiUser, stuck } = progressOf(said);
    expect({ multiUser, stuck }).toEqual({ stuck: undefined, ...expected });
});

test("the last lines: no kernel, no blanks, one of a job that is waited for", () => {
    const said =
        "[    1.5] usb 1-1: new\r\n\r\nfirst\r\n[*     ] (1 of 2) Job a\r[**    ] (1 of 2) Job a\r\n\x1b[1mlast\x1b[0m\r\n";
    expect(lastLines(said)).toEqual(["first", "[**    ] (1 of 2) Job a", "last"]);
    expect(lastLines(said, 1)).toEqual(["last"]);
});

test("letters by the sizes that the kernel tells", () => {
    const line = (letter: string, bytes: number) =>
        `[ 1.0] sd 0:0:0:0: [${letter}] ${bytes / 512} 512-byte logical blocks: (1 MB)\n`;
    const disks = [1024, 2048].map((size, index) => ({ size, disk: { name: `sd${"ab"[index]}`, ids: [] } }));
    const said = line("sdb", 1024) + line("sda", 4096) + line("sdc", 2048) + line("sdaa", 8192);
    expect(foundLetters(said, disks, 4096)).toEqual(["spare", "sda", "sdb"]);
});

test.each([
    [["sda", "sdb", "spare"], ["sdb"]], // by chance the further disk came last: this is the node as it is
    [["sda", "spare", "sdb"], []], // the root is named by its UUID
    [["spare", "sda", "sdb"], []],
    [["spare", "sda"], []],
])("found as %j, those of the wrong letter are %j", (found, misplaced) => {
    expect(namedByLetter(blueprint)).toEqual(["sdb"]);
    expect(misplacedLetters(namedByLetter(blueprint), ["spare", "sda", "sdb"], found)).toEqual(misplaced);
});

const result = (state: CaseResult["state"], more: Partial<CaseResult> = {}): CaseResult => ({
    case: "as-is",
    what: "as it is",
    state,
    seconds: 41.6,
    text: "",
    console: [],
    failed: [],
    ...more,
});

test("the exit status: 0 all reached, 2 one stuck, 1 could not tell; nothing booted is no yes", () => {
    expect(exitStatus([result("reached"), result("reached")])).toBe(0);
    expect(exitStatus([result("unknown"), result("stuck")])).toBe(2);
    expect(exitStatus([result("reached"), result("unknown")])).toBe(1);
    expect(exitStatus([])).toBe(1);
});

test("rows; what a machine says steers no terminal", () => {
    expect(renderRow(result("reached"), 10)).toBe("  as it is    reached 42 s");
    expect(renderRow(result("stuck", { text: "emergency mode", console: ["a\x1b[2Jb"], failed: ["x"] }), 8)).toBe(
        "  as it is  STUCK 42 s: emergency mode\n      failed: x\n      | a\\x1b[2Jb",
    );
});
