/** What a reboot would mean, as the node tells it: corosync's votes, guests, kernels, and the steps. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { device, head, plain } from "../../helpers/quorumtool";
import { python, scratch } from "./python";

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => ({ folder, remove } = await scratch()));
afterEach(() => remove());

test.each<[string, string, unknown]>([
    [
        "three nodes",
        head("Yes", 3, 3, "Quorate ") + plain,
        { quorate: true, expected: 3, total: 3, quorum: 2, own: 1, device: "none" },
    ],
    [
        "two nodes and a QDevice",
        head("Yes", 3, 3, "Quorate Qdevice ") + device(1, "A,V,NMW"),
        { quorate: true, expected: 3, total: 3, quorum: 2, own: 1, device: "votes" },
    ],
    [
        "the QDevice is lost",
        head("Yes", 3, 2, "Quorate Qdevice ") + device(0, "A,NV,NMW"),
        { quorate: true, expected: 3, total: 2, quorum: 2, own: 1, device: "silent" },
    ],
    [
        "no quorum",
        head("No", 3, 1, "") + plain.split("\n").slice(0, 2).join("\n"),
        { quorate: false, expected: 3, total: 1, quorum: 2, own: 1, device: "none" },
    ],
    ["a row of its own is missing", head("Yes", 3, 3, "Quorate ") + plain.replace(" (local)", ""), null],
    ["another program's words", "corosync is fine", null],
])("corosync's votes: %s", async (_, said, expected) => {
    expect(await python("from power import quorum\nanswer = quorum.parse(given)", said)).toEqual(expected);
});

test.each<[string, string, string, string]>([
    ["no cluster", 'quorum.CONFIGURATION = "/nonexistent"', "skipped", "this node is in no cluster"],
    [
        "corosync is down",
        "quorum.run = lambda *_, **__: Outcome(1, '', 'Cannot initialize CMAP service')",
        "unknown",
        "corosync-quorumtool: exit status 1: Cannot initialize CMAP service",
    ],
    [
        "it is not installed",
        "quorum.run = lambda *_, **__: Outcome(None, '', '', 'corosync-quorumtool is not installed')",
        "unknown",
        "corosync-quorumtool: corosync-quorumtool is not installed",
    ],
    [
        "it says something else",
        "quorum.run = lambda *_, **__: Outcome(0, 'hello', '')",
        "unknown",
        "corosync-quorumtool did not say how the votes stand",
    ],
])("a cluster that %s", async (_, pretend, state, text) => {
    const script = `from power import quorum\nfrom engine.commands import Outcome\nquorum.CONFIGURATION = "/etc/hostname"\n${pretend}\nanswer = quorum.look()`;
    expect(await python(script)).toEqual({ state, text });
});

test("a node that has lost its corosync.conf, and whose pmxcfs has one or does not answer, is not taken for one without a cluster", async () => {
    const look = (kept: string) =>
        python<{ state: string; text: string }>(
            `from power import quorum\nfrom look import pmxcfs\nfrom engine.commands import Outcome\nquorum.CONFIGURATION = "/nonexistent"\npmxcfs.read = lambda name: ${kept}\nquorum.run = lambda *_, **__: Outcome(1, "", "Cannot initialize CMAP service")\nanswer = quorum.look()`,
        );
    expect(await look("None")).toEqual({ state: "skipped", text: "this node is in no cluster" });
    expect(await look("Outcome(0, 'nodelist {', '')")).toMatchObject({ state: "unknown" });
    expect(await look("Outcome(None, '', '', 'no answer after 5 s, stopped')")).toEqual({
        state: "unknown",
        text: "/etc/pve/corosync.conf: no answer after 5 s, stopped",
    });
});

describe("guests", () => {
    const pretend = (answers: Record<string, unknown>) => `
import json
from power import guests, steps
from engine.commands import Outcome
answers, asked = ${JSON.stringify(JSON.stringify(answers))}, []
answers = json.loads(answers)
def run(argv, **_):
    asked.append(" ".join(argv))
    said = answers.get(" ".join(argv[:3]) if argv[0] == guests.PVESH else " ".join(argv[:2]))
    if isinstance(said, list) and said and isinstance(said[0], list):
        said = said.pop(0) if len(said) > 1 else said[0]
    return Outcome(1, "", "it failed") if said is None else Outcome(0, json.dumps(said), "")
guests.run, guests.PVESH, steps.os.geteuid = run, "/bin/sh", lambda: 0
`;
    const [qemu, lxc, nodes] = [
        "/bin/sh get /nodes/localhost/qemu",
        "/bin/sh get /nodes/localhost/lxc",
        "/bin/sh get /nodes",
    ];
    const running = { vmid: 101, name: "wiki", status: "running" };

    test("that run are listed, of both kinds; stopped ones and templates are not", async () => {
        const answers = {
            [qemu]: [running, { vmid: 100, status: "stopped" }, { vmid: 9000, status: "running", template: 1 }],
            [lxc]: [{ vmid: "50", name: "dns", status: "running" }],
        };
        expect(await python(`${pretend(answers)}answer = guests.look()`)).toEqual({
            state: "ok",
            text: "",
            running: [
                { kind: "lxc", id: 50, name: "dns" },
                { kind: "qemu", id: 101, name: "wiki" },
            ],
        });
    });

    test("are unknown where a tool fails, and skipped where there is none", async () => {
        expect(await python(`${pretend({ [qemu]: [] })}answer = guests.look()`)).toEqual({
            state: "unknown",
            text: "pvesh get /nodes/localhost/lxc: exit status 1: it failed",
            running: [],
        });
        expect(
            await python('from power import guests\nguests.PVESH = "/nowhere"\nanswer = guests.look()'),
        ).toMatchObject({ state: "skipped", running: [] });
    });

    const part = (how: string, answers: Record<string, unknown>) =>
        python<[{ state: string; text: string }, string[]]>(
            `${pretend(answers)}answer = [steps.take({"step": "part", "kind": "qemu", "id": 101, "how": "${how}"}), asked]`,
        );

    test("are shut down without force", async () => {
        const [taken, asked] = await part("shutdown", { "qm shutdown": [], [qemu]: [] });
        expect([taken, asked[0]]).toEqual([
            { state: "ok", code: "done", text: "shut down" },
            "qm shutdown 101 --timeout 180",
        ]);
    });

    test("that the tool calls gone and that run still are not gone", async () => {
        const [taken] = await part("shutdown", { "qm shutdown": [], [qemu]: [running] });
        expect(taken).toMatchObject({
            state: "bad",
            text: "qm shutdown 101 --timeout 180 said that it had done so, and 101 still runs here",
        });
    });

    test("move to the online node with the most free memory", async () => {
        const all = [
            { node: "pve07", status: "online", maxmem: 10, mem: 9 },
            { node: "pve08", status: "online", maxmem: 10, mem: 1 },
            { node: "pve09", status: "offline", maxmem: 99, mem: 0 },
        ];
        const [, asked] = await part("migrate", { [nodes]: all, "qm migrate": [], [qemu]: [] });
        expect(asked).toContain("qm migrate 101 pve08 --online");
    });

    test("cannot move where no other node is online", async () => {
        expect((await part("migrate", { [nodes]: [{ node: "pve09", status: "offline" }] }))[0]).toMatchObject({
            state: "bad",
            text: "no other node of the cluster is online to take the guests",
        });
    });
});

describe("kernels", () => {
    test("the newest is by version, and has an initrd", async () => {
        await mkdir(join(folder, "boot"));
        for (const name of [
            "vmlinuz-6.8.12-9-pve",
            "initrd.img-6.8.12-9-pve",
            "vmlinuz-6.8.12-10-pve",
            "initrd.img-6.8.12-10-pve",
            "vmlinuz-6.11.0-1-pve",
        ])
            await writeFile(join(folder, "boot", name), "");
        expect(
            await python(`from power import kernel\nkernel.BOOT = given + "/boot"\nanswer = kernel.newest()`, folder),
        ).toBe("6.8.12-10-pve");
        expect(await python('from power import kernel\nkernel.BOOT = "/nowhere"\nanswer = kernel.newest()')).toBeNull();
    });

    const pin = (how: string, version: string | null, esps: string, failing = "nothing fails") =>
        python<[{ state: string; text: string }, string[]]>(
            `
from power import kernel, steps
from engine.commands import Outcome
asked = []
def run(argv, **_):
    asked.append(" ".join(argv))
    return Outcome(1, "", "no") if given["failing"] in asked[-1] else Outcome(0, "", "")
kernel.run, kernel.ESPS, steps.os.geteuid = run, given["esps"], lambda: 0
kernel.os.uname = lambda: type("uname", (), {"release": "6.8.12-1-pve"})
answer = [steps.take({"step": "pin", "how": given["how"], "version": given["version"]}), asked]`,
            { how, version, esps, failing },
        );
    const tool = "proxmox-boot-tool";

    test("a pin for one boot pins the one that runs for good, since the newest would be the default; ESPs are brought up to date", async () => {
        const [taken, asked] = await pin("once", "6.8.12-2-pve", "/etc/hostname");
        expect(taken.state).toBe("ok");
        expect(asked).toEqual([
            `${tool} kernel pin 6.8.12-1-pve`,
            `${tool} kernel pin 6.8.12-2-pve --next-boot`,
            `${tool} refresh`,
        ]);
    });

    test("where GRUB stands alone there is nothing to refresh", async () => {
        expect((await pin("good", "6.8.12-2-pve", "/nowhere"))[1]).toEqual([`${tool} kernel pin 6.8.12-2-pve`]);
    });

    test("taken back, the pins are as they were", async () => {
        expect((await pin("back", null, "/nowhere"))[1]).toEqual([`${tool} kernel unpin`]);
        expect((await pin("back", "6.5.0-1-pve", "/nowhere"))[1]).toEqual([
            `${tool} kernel unpin --next-boot`,
            `${tool} kernel pin 6.5.0-1-pve`,
        ]);
    });

    test("a pin that does not reach the ESPs has failed", async () => {
        expect((await pin("once", "6.8.12-2-pve", "/etc/hostname", "refresh"))[0]).toMatchObject({
            state: "bad",
            text: `${tool} refresh: exit status 1: no`,
        });
    });
});

test.each([
    [
        "of the boot that was looked at goes down",
        "the-boot",
        { state: "ok", code: "done", text: "going down" },
        [
            "logger --tag holdfast reboot: asked for by ops@ws",
            "systemd-run --quiet --collect --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot",
        ],
    ],
    [
        "that has booted meanwhile is left alone",
        "an-earlier-boot",
        { state: "bad", code: "another-boot", text: "the node has booted since it was looked at" },
        [],
    ],
])("a node %s", async (_, bootId, taken, asked) => {
    const script = `
from power import steps
from engine.commands import Outcome
asked = []
steps.run = lambda argv, **_: asked.append(" ".join(argv)) or Outcome(0, "", "")
steps.boot_id, steps.os.geteuid = lambda: "the-boot", lambda: 0
answer = [steps.take({"step": "reboot", "bootId": given, "by": "ops@ws"}), asked]`;
    expect(await python(script, bootId)).toEqual([taken, asked]);
});
