/**
 * The host transaction on a real node, with every fault of the design: old or new files whole, a clear error, and the
 * next push heals.
 */
import { openTestNode, readNodeFile } from "../helpers/lab";
import { clientOf, fingerprint, newId, noExtras, push, pushNothing, specFor, type Push } from "../helpers/crashNode";
import type { NodeClient } from "../../host/nodeClient";
import type { Result, StepVerdict } from "../../host/observation";
import type { Applied } from "../../host/push";
import type { Lab, LabNode } from "../../lab";

jest.setTimeout(180_000);

const first = "/etc/holdfast-test/first";
const second = "/etc/holdfast-test/second";
const files = { [first]: "new 1\n", [second]: "new 2\n" };
const pause = { argv: ["sleep", "3"] };
/** One file set per phase in which the transaction waits, and what a reader sees meanwhile. */
const phases: [phase: "validate" | "activate" | "verify", meanwhile: string][] = [
    ["validate", "old"],
    ["activate", "new"],
    ["verify", "new"],
];

let lab: Lab;
let node: LabNode;
let client: NodeClient;

beforeAll(async () => {
    ({ lab, node } = await openTestNode(2));
    client = await clientOf(lab, node);
});
beforeEach(() =>
    shell(
        `mkdir -p /etc/holdfast-test && cd /etc/holdfast-test && rm -rf * && echo 'old 1' > first && echo 'old 2' > second`,
    ),
);
afterAll(async () => {
    client.end();
    await shell("rm -rf /etc/holdfast-test");
});

async function shell(script: string): Promise<string> {
    return (await node.exec(["sh", "-ec", script])).stdout;
}

/** The service that does the transaction, and perhaps others with it. */
async function runnerOf(id: string): Promise<string> {
    return (JSON.parse(await readNodeFile(node, `/run/holdfast/${id}/plan.json`)) as { unit: string }).unit;
}

async function killRunner(id: string, whom: "main" | "all"): Promise<void> {
    await node.exec(["systemctl", "kill", "--signal=KILL", `--kill-whom=${whom}`, await runnerOf(id)]);
}

/** Whole files, old or new, and nothing of Holdfast's beside them. */
async function state(): Promise<string> {
    const contents = await Promise.all([first, second].map((path) => readNodeFile(node, path)));
    const found = new Set(contents.map((content) => content.split(" ")[0]));
    return found.size === 1 ? [...found].join() : `mixture: ${contents.join(", ")}`;
}

/** What could not be undone. */
function problemsOf({ undone }: Result): readonly StepVerdict[] {
    return (undone?.verdicts ?? []).filter(({ state }) => state !== "ok");
}

async function litter(): Promise<string> {
    return shell("find /etc -xdev -name '*.holdfast-*'; ls -A /etc/holdfast/journal; find /etc/holdfast -name '*.tmp'");
}

async function expectHealed(): Promise<void> {
    expect(await litter()).toBe("");
    expect((await push(client, { files })).result.outcome).toBe("applied");
    expect(await state()).toBe("new");
    expect(await litter()).toBe("");
}

/** Runs `act` once, as soon as the transaction waits in that phase. */
function inPhase(
    phase: "validate" | "activate" | "verify",
    act: (id: string) => Promise<unknown>,
    more: Push = {},
): { wanted: Push; acted: Promise<unknown> } {
    const id = newId();
    let begin = (): void => undefined;
    const acted = new Promise<void>((resolve) => (begin = resolve)).then(() => act(id));
    const wanted: Push = {
        files,
        id,
        [phase]: [pause],
        on: (event) => event.phase === phase && event.message.startsWith("sleep") && begin(),
        ...more,
    };
    return { wanted, acted };
}

test("puts several files in place, with a backup and the first state noted", async () => {
    expect((await push(client, { files })).result).toMatchObject({ outcome: "applied" });
    expect(await state()).toBe("new");
    const look = await client.inspect("crash", specFor({ files }), { ...noExtras, originals: [first] });
    expect(look.originals?.[first]).toMatchObject({ kind: "file", mode: "0644" });
});

test("keeps the extended attributes and access control lists of a file it replaces", async () => {
    await shell(
        `setfattr -n user.note -v kept ${first} 2>/dev/null || python3 -c 'import os; os.setxattr("${first}", "user.note", b"kept")'`,
    );
    await push(client, { files });
    expect(await shell(`python3 -c 'import os; print(os.getxattr("${first}", "user.note").decode())'`)).toBe("kept");
});

describe.each(phases)("in %s", (phase, meanwhile) => {
    test("the program killed with SIGKILL: undone at once, and said so", async () => {
        const { wanted, acted } = inPhase(phase, async (id) => {
            expect(await state()).toBe(meanwhile);
            await killRunner(id, "main");
        });
        const { result } = await push(client, wanted);
        await acted;
        expect(result).toMatchObject({
            outcome: "failed",
            phase: "rollback",
            message: expect.stringContaining("ended early") as string,
            undone: { state: phase === "validate" ? "nothing" : "complete" },
        });
        expect(await state()).toBe("old");
        await expectHealed();
    });

    test("the node loses power: the next boot undoes it, and the client that comes back is told", async () => {
        const { wanted, acted } = inPhase(phase, async () => {
            await node.kill();
            await node.start();
        });
        const { result } = await push(client, wanted);
        await acted;
        expect(result).toMatchObject({
            outcome: "failed",
            message: expect.stringContaining("went down") as string,
            undone: { state: phase === "validate" ? "nothing" : "complete" },
        });
        expect(await state()).toBe("old");
        // What systemd says of it may come before the journal has started; what it says itself waits for that.
        if (phase === "validate")
            expect(
                await shell("systemctl show --property=ConditionResult,Result,ExecMainStatus holdfast-recover.service"),
            ).toBe("Result=success\nExecMainStatus=0\nConditionResult=yes");
        else
            expect(await shell("journalctl --boot --output=cat --no-pager")).toContain(
                `recover: transaction ${wanted.id}: ${first}: restored`,
            );
        await expectHealed();
    });

    test("the client is gone: the node finishes by itself, and tells whoever asks for the id", async () => {
        const lost = await clientOf(lab, node);
        const { wanted, acted } = inPhase(phase, () => shell("pkill --oldest --full 'sshd.*notty' && true"));
        const { result } = await push(lost, wanted);
        await acted;
        lost.end();
        expect(result).toMatchObject({ outcome: "applied", id: wanted.id });
        expect(await state()).toBe("new");
        expect(await litter()).toBe("");
    });
});

describe("many files, so that the phase lasts", () => {
    const folder = "/etc/holdfast-test/many";
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`${folder}/${index}`, "new\n"]));
    const contents = () => shell(`cat ${folder}/* | sort | uniq -c | sed 's/^ *//'`);
    beforeEach(() => shell(`mkdir -p ${folder} && for i in $(seq 0 299); do echo old > ${folder}/$i; done && sync`));

    /** Acts once, at the phase's first word. */
    async function pushAndAct(
        phase: "stage" | "commit",
        act: (id: string) => Promise<unknown>,
    ): Promise<Applied["result"]> {
        const id = newId();
        let acted: Promise<unknown> | undefined;
        const { result } = await push(client, {
            files: many,
            id,
            on: (event) => void (event.phase === phase && (acted ??= act(id))),
        });
        expect(acted).toBeDefined();
        await acted;
        return result;
    }

    test.each(["stage", "commit"] as const)(
        "the program killed with SIGKILL in %s: all are old, nothing is left, and the next push heals",
        async (phase) => {
            const result = await pushAndAct(phase, (id) => killRunner(id, "main"));
            expect(result).toMatchObject({
                outcome: "failed",
                phase: "rollback",
                undone: {
                    state: phase === "stage" ? "nothing" : (expect.stringMatching(/^(nothing|complete)$/) as string),
                },
            });
            expect(await contents()).toBe("300 old");
            expect(await litter()).toBe("");
            expect((await push(client, { files: many })).result.outcome).toBe("applied");
            expect(await contents()).toBe("300 new");
        },
    );

    test.each(["stage", "commit"] as const)(
        "the node loses power in %s: the next boot leaves all old",
        async (phase) => {
            const result = await pushAndAct(phase, async () => {
                await node.kill();
                await node.start();
            });
            // Cut before its draft was on the disk, the node knows nothing of it.
            expect(phase === "stage" ? ["failed", "unknown"] : ["failed"]).toContain(result.outcome);
            expect(await contents()).toBe("300 old");
            expect(await litter()).toBe("");
            await expectHealed();
        },
    );

    test.each(["stage", "commit"] as const)("the client is gone in %s: the node finishes by itself", async (phase) => {
        const result = await pushAndAct(phase, () => shell("pkill --oldest --full 'sshd.*notty' && true"));
        expect(result.outcome).toBe("applied");
        expect(await contents()).toBe("300 new");
        expect(await litter()).toBe("");
    });
});

test.each([
    ["validate", "nothing"],
    ["activate", "incomplete"],
    ["verify", "complete"],
] as const)("a command that fails in %s: the old files, the phase and its words", async (phase, undone) => {
    const { result } = await push(client, { files, [phase]: [{ argv: ["sh", "-c", "echo no good >&2; exit 3"] }] });
    expect(result).toEqual({
        id: expect.any(String) as string,
        outcome: undone === "incomplete" ? "stuck" : "failed",
        phase,
        code: `${phase}-failed`,
        message: expect.stringMatching(/^sh -c .*: exit status 3: no good$/) as string,
        undone: { state: undone, verdicts: expect.any(Array) as StepVerdict[] },
    });
    expect(problemsOf(result)).toEqual(
        undone === "incomplete" ? [expect.objectContaining({ code: "activate-failed" })] : [],
    );
    expect(await state()).toBe("old");
    await expectHealed();
});

test("a command is given the staged copy, not the live file", async () => {
    const { result } = await push(client, {
        files,
        validate: [{ argv: ["grep", "-q", "new 1", `{staged:${first}}`] }, { argv: ["grep", "-q", "old 1", first] }],
    });
    expect(result.outcome).toBe("applied");
});

test("what activate had set going sees the old files after a rollback", async () => {
    await push(client, { files, activate: [{ argv: ["cp", first, "/run/activated"] }], verify: [{ argv: ["false"] }] });
    expect(await readNodeFile(node, "/run/activated")).toBe("old 1");
});

test("a validator that hangs is stopped with its children", async () => {
    const { result } = await push(client, {
        files,
        validate: [{ argv: ["sh", "-c", "sleep 777 & sleep 777"], timeout: 1 }],
    });
    expect(result).toMatchObject({
        outcome: "failed",
        phase: "validate",
        message: expect.stringContaining("no answer after 1 s, stopped") as string,
    });
    expect((await node.exec(["pgrep", "-f", "sleep 777"], { reject: false })).stdout).toBe("");
    expect(await state()).toBe("old");
});

test("a validator that is missing is named", async () => {
    const { result } = await push(client, { files, validate: [{ argv: ["no-such-tool"] }] });
    expect(result).toMatchObject({
        phase: "validate",
        message: "no-such-tool: no-such-tool is not installed",
        undone: { state: "nothing" },
    });
    expect(await state()).toBe("old");
});

test("a new version of the program removes those that are a month old, and results as old", async () => {
    const version = await shell("readlink /usr/local/lib/holdfast/current");
    await shell(
        `cd /usr/local/lib/holdfast && rm -rf [0-9a-f]*[0-9a-f] && mkdir -p 0123456789abcdef fedcba9876543210 watchdog && touch -d '31 days ago' 0123456789abcdef watchdog /var/lib/holdfast/results/0123456789abcdef.json`,
    );
    await pushNothing(await clientOf(lab, node), specFor({ files }));
    expect(
        await shell(
            "cd /usr/local/lib/holdfast && ls -d */ | tr -d /; ls /var/lib/holdfast/results | grep -c 0123456789abcdef || true",
        ),
    ).toBe([...[version, "fedcba9876543210", "watchdog", "current"].sort(), "0"].join("\n"));
    expect(
        await shell("readlink /usr/local/lib/holdfast/current; ls -A /usr/local/lib/holdfast | grep -c tmp || true"),
    ).toBe(`${version}\n0`);
    await shell("rmdir /usr/local/lib/holdfast/fedcba9876543210 /usr/local/lib/holdfast/watchdog");
});

describe("/run full while a transaction is under way", () => {
    // Its own file system, so that the node's other daemons go on; the last page too.
    const fill =
        "dd if=/dev/zero of=/run/holdfast/filler bs=4k 2>/dev/null || true; dd if=/dev/zero of=/run/holdfast/last bs=1 2>/dev/null || true";
    beforeEach(() => shell("mkdir -p /run/holdfast && mount -t tmpfs -o size=512k none /run/holdfast"));
    afterEach(() => shell("umount --lazy /run/holdfast"));

    test("what runs is finished and told of all the same", async () => {
        const own = await clientOf(lab, node);
        const { wanted, acted } = inPhase("verify", () => shell(fill), { files: { [first]: "new 1\n" } });
        const both = await Promise.all([
            push(own, wanted),
            push(own, { files: { [second]: "new 2\n" }, verify: [{ argv: ["false"] }] }),
        ]);
        await acted;
        own.end();
        expect(both.map(({ result }) => result)).toMatchObject([
            { outcome: "applied", id: wanted.id },
            { outcome: "failed", phase: "verify", undone: { state: "complete" } },
        ]);
        expect([await readNodeFile(node, first), await readNodeFile(node, second)]).toEqual(["new 1", "old 2"]);
        expect(await litter()).toBe("");
    });
});

describe("several at once from one client", () => {
    const old = { [first]: "old 1\n", [second]: "old 2\n" };
    const ids = { first: newId(), second: newId(), third: newId() };

    test("are one service on the node, each with its own result; what follows soon goes to the same one", async () => {
        const [one, other] = await Promise.all([
            push(client, { id: ids.first, files: { [first]: "new 1\n" } }),
            push(client, { id: ids.second, files: { [second]: "new 2\n" }, validate: [{ argv: ["false"] }] }),
        ]);
        expect(one.result).toMatchObject({ outcome: "applied", id: ids.first });
        expect(other.result).toMatchObject({
            outcome: "failed",
            phase: "validate",
            id: ids.second,
            undone: { state: "nothing" },
        });
        expect([await readNodeFile(node, first), await readNodeFile(node, second)]).toEqual(["new 1", "old 2"]);
        await push(client, { id: ids.third, files: old });
        const [begun, ...others] = await Promise.all(Object.values(ids).map(runnerOf));
        expect(others).toEqual([begun, begun]);
    });

    test("killed in the first's verify: both are undone, and both are told", async () => {
        const { wanted, acted } = inPhase("verify", (id) => killRunner(id, "main"), { files: { [first]: "new 1\n" } });
        const [one, other] = await Promise.all([
            push(client, wanted),
            push(client, { files: { [second]: "new 2\n" } }),
        ]);
        await acted;
        expect(one.result).toMatchObject({
            outcome: "failed",
            message: expect.stringContaining("ended early") as string,
            undone: { state: "complete" },
        });
        expect(other.result).toMatchObject({
            outcome: "failed",
            message: expect.stringContaining("ended early") as string,
            undone: { state: "complete" },
        });
        expect(await state()).toBe("old");
        await expectHealed();
    });

    test("killed in the first's validate: nothing was changed, and both are told", async () => {
        const { wanted, acted } = inPhase("validate", (id) => killRunner(id, "main"), {
            files: { [first]: "new 1\n" },
        });
        const both = await Promise.all([push(client, wanted), push(client, { files: { [second]: "new 2\n" } })]);
        await acted;
        for (const { result } of both)
            expect(result).toMatchObject({
                outcome: "failed",
                message: expect.stringContaining("ended early") as string,
                undone: { state: "nothing" },
            });
        expect(await state()).toBe("old");
        await expectHealed();
    });

    test("one that fails in verify is undone, the others stay; systemd reads its unit files once for all of them, and once more for the undone one", async () => {
        const reload = { argv: ["systemctl", "daemon-reload"] };
        const reloads = async () =>
            Number(await shell("journalctl -q --no-pager -o cat _PID=1 --grep 'Reloading finished' | wc -l"));
        const before = await reloads();
        const both = await Promise.all([
            push(client, { files: { [first]: "new 1\n" }, activate: [reload] }),
            push(client, { files: { [second]: "new 2\n" }, activate: [reload], verify: [{ argv: ["false"] }] }),
        ]);
        expect(both.map(({ result }) => result)).toMatchObject([
            { outcome: "applied" },
            { outcome: "failed", phase: "verify", undone: { state: "complete" } },
        ]);
        expect([await readNodeFile(node, first), await readNodeFile(node, second)]).toEqual(["new 1", "old 2"]);
        expect(await reloads()).toBe(before + 2);
        await push(client, { files: old });
    });

    test("the connection lost in the first: the node does them all, and tells of each", async () => {
        const lost = await clientOf(lab, node);
        const { wanted, acted } = inPhase("verify", () => shell("pkill --oldest --full 'sshd.*notty' && true"), {
            files: { [first]: "new 1\n" },
        });
        const both = await Promise.all([push(lost, wanted), push(lost, { files: { [second]: "new 2\n" } })]);
        await acted;
        lost.end();
        expect(both.map(({ result }) => result.outcome)).toEqual(["applied", "applied"]);
        expect(await state()).toBe("new");
    });
});

describe("someone else", () => {
    test("who edits between the look and the commit keeps the edit", async () => {
        const { wanted, acted } = inPhase("validate", () => shell(`echo theirs > ${second}`));
        const { result } = await push(client, wanted);
        await acted;
        expect(result).toMatchObject({
            outcome: "failed",
            phase: "commit",
            message: expect.stringContaining(`${second} was edited`) as string,
            undone: { state: "nothing" },
        });
        expect(await shell(`cat ${first} ${second}`)).toBe("old 1\ntheirs");
        expect(await litter()).toBe("");
    });

    test("who creates the file meanwhile keeps it", async () => {
        const third = "/etc/holdfast-test/third";
        const { wanted, acted } = inPhase("validate", () => shell(`echo theirs > ${third}`), {
            files: { ...files, [third]: "ours\n" },
        });
        const { result } = await push(client, wanted);
        await acted;
        expect(result.message).toContain(`${third} was edited`);
        expect(await readNodeFile(node, third)).toBe("theirs");
        expect(await state()).toBe("old");
    });

    test("who repairs a file before the undo keeps the repair, and the result says so", async () => {
        const { wanted, acted } = inPhase("verify", () => shell(`echo repaired > ${second}`));
        const { result } = await push(client, wanted);
        await acted;
        expect(result).toMatchObject({
            phase: "verify",
            outcome: "stuck",
        });
        expect(problemsOf(result)).toEqual([
            { state: "bad", code: "edited-since", subject: second, text: `${second}: left alone: edited since` },
        ]);
        expect(await shell(`cat ${first} ${second}`)).toBe("old 1\nrepaired");
        await shell(`echo 'old 2' > ${second}`);
        await expectHealed();
    });
});

describe("two pushes at once", () => {
    test("of different content: the second waits for the first by name, and only then looks", async () => {
        const other = await clientOf(lab, node);
        const events: string[] = [];
        let late: Promise<Applied> | undefined;
        const { wanted, acted } = inPhase("validate", () => {
            late = push(other, {
                files: { [first]: "other\n", [second]: "other\n" },
                on: (event) => events.push(`${event.phase}: ${event.message}`),
            });
            return Promise.resolve();
        });
        expect((await push(client, wanted)).result.outcome).toBe("applied");
        await acted;
        const { result, before } = (await late)!;
        expect([result.outcome, before.files[first]?.content]).toEqual(["applied", "new 1\n"]);
        expect(events).toContain(`lock: waiting for test@workstation, transaction ${wanted.id}`);
        expect([await readNodeFile(node, first), await readNodeFile(node, second)]).toEqual(["other", "other"]);
        other.end();
    });

    test("of the same transaction: one does the work, both are told that it is applied", async () => {
        const other = await clientOf(lab, node);
        const id = newId();
        const both = await Promise.all(
            [client, other].map((each) => push(each, { files, id, verify: [{ argv: ["sleep", "1"] }] })),
        );
        expect(both.map(({ result }) => result.outcome)).toEqual(["applied", "applied"]);
        expect(await state()).toBe("new");
        other.end();
    });

    test("a holder that was killed leaves no lock behind", async () => {
        const { wanted, acted } = inPhase("validate", (id) => killRunner(id, "all"));
        await push(client, wanted);
        await acted;
        const events: string[] = [];
        await push(client, { files, on: ({ phase }) => events.push(phase) });
        expect(events).not.toContain("lock");
        expect(await state()).toBe("new");
    });
});

describe("a place that cannot be written", () => {
    /** A file system of that size with a managed file in it, and little room. */
    async function onSmallDisk(options: string, script: string, check: (path: string) => Promise<void>): Promise<void> {
        await shell(
            `mkdir -p /etc/holdfast-test/disk && mount -t tmpfs -o mode=755,${options} none /etc/holdfast-test/disk && cd /etc/holdfast-test/disk && echo 'old 3' > third && (${script}) 2>/dev/null || true`,
        );
        try {
            await check("/etc/holdfast-test/disk/third");
        } finally {
            await shell("umount /etc/holdfast-test/disk");
        }
    }

    test.each([
        ["blocks", "size=64k", "dd if=/dev/zero of=filler bs=4k"],
        ["inodes", "nr_inodes=5", "touch a b c d e f g"],
    ])("full of %s: said with the path and the remedy, all files old", async (_, options, filler) => {
        await onSmallDisk(options, filler, async (third) => {
            const wanted = { files: { ...files, [third]: "new 3\n" } };
            const { result } = await push(client, wanted);
            expect(result).toMatchObject({
                outcome: "failed",
                phase: "stage",
                undone: { state: "nothing" },
                message: `${third}: No space left on device; free space or inodes there`,
            });
            expect(await state()).toBe("old");
            expect(await readNodeFile(node, third)).toBe("old 3");
            await shell("cd /etc/holdfast-test/disk && rm -f filler a b c d e f g");
            expect((await push(client, wanted)).result.outcome).toBe("applied");
            expect(await readNodeFile(node, third)).toBe("new 3");
        });
    });

    test.each([
        ["blocks", "size", 4096, "%b %f"],
        ["inodes", "nr_inodes", 1, "%c %d"],
    ])(
        "/etc running full of %s, at each step of a transaction: all files old and the remedy said, or all new",
        async (_, option, unit, format) => {
            await push(client, { files: { [first]: "old 1\n" }, mode: "0600" }); // the program itself is installed
            await shell("mount -t tmpfs none /mnt && cp -a /etc/. /mnt && mount --bind /mnt /etc && umount /mnt");
            const outcomes: string[] = [];
            try {
                for (let room = 0; outcomes.at(-1) !== "applied" && room < 20; room++) {
                    await shell(
                        "cd /etc/holdfast-test && echo 'old 1' > first && echo 'old 2' > second && chmod 644 first",
                    );
                    const [all, free] = (await shell(`stat --file-system --format '${format}' /etc`))
                        .split(" ")
                        .map(Number) as [number, number];
                    await shell(`mount -o remount,${option}=${(all - free + room) * unit} /etc`);
                    const { result } = await push(client, { files });
                    await shell(`mount -o remount,${option}=${all * unit} /etc`);
                    outcomes.push(result.outcome);
                    expect([result.outcome, await state(), await litter()]).toEqual([
                        result.outcome,
                        result.outcome === "applied" ? "new" : "old",
                        "",
                    ]);
                    if (result.outcome === "failed")
                        expect(result).toMatchObject({
                            message: expect.stringMatching(/^\/etc\/.*: No space left on device; free space/) as string,
                            code: "disk-full",
                            undone: { state: expect.stringMatching(/^(nothing|complete)$/) as string },
                        });
                }
            } finally {
                await shell("umount --lazy /etc");
            }
            expect(outcomes.length).toBeGreaterThan(3);
            expect(outcomes.at(-1)).toBe("applied");
            await expectHealed();
        },
    );

    test("read-only /etc: said so, and healed when it is writable again", async () => {
        await push(client, { files: { [first]: "old 1\n" }, mode: "0600" }); // the program itself is installed
        await shell("mount --bind /etc /etc && mount -o remount,bind,ro /etc");
        try {
            const { result } = await push(client, { files });
            expect(result).toMatchObject({
                outcome: "failed",
                phase: "stage",
                message: expect.stringMatching(
                    /^\/etc\/holdfast\/journal: Read-only file system; the file system is read-only/,
                ) as string,
                undone: { state: "nothing" },
            });
        } finally {
            await shell("umount /etc");
        }
        expect(await state()).toBe("old");
        await expectHealed();
    });

    test("an immutable file: named, with lsattr's remedy, all files old", async () => {
        await shell(
            `cd /etc/holdfast-test && mkdir disk && mount "$(blkid -U ${node.dataUuid})" disk && echo 'old 3' > disk/third && chattr +i disk/third`,
        );
        const third = "/etc/holdfast-test/disk/third";
        try {
            const { result } = await push(client, { files: { ...files, [third]: "new 3\n" } });
            expect(result).toMatchObject({
                phase: "stage",
                message: expect.stringContaining(
                    `${third} is immutable or append-only; somebody meant that: ask, then chattr -ia ${third}`,
                ) as string,
            });
            expect(await state()).toBe("old");
            await shell(`chattr -i ${third} && chattr +i /etc/holdfast-test/disk`);
            expect((await push(client, { files: { ...files, [third]: "new 3\n" } })).result).toMatchObject({
                phase: "stage",
                message: expect.stringContaining("look for an immutable flag (lsattr)") as string,
            });
            expect(await state()).toBe("old");
        } finally {
            await shell("cd /etc/holdfast-test && chattr -i disk disk/third; rm disk/third; umount disk");
        }
        await expectHealed();
    });

    test.each([
        [
            "a symbolic link",
            `rm ${second} && ln -s /etc/hostname ${second}`,
            `${second} is a symbolic link to /etc/hostname`,
        ],
        ["a folder", `rm ${second} && mkdir ${second}`, `${second} is folder`],
        ["a fifo", `rm ${second} && mkfifo ${second}`, `${second} is special`],
        ["a bind mount", `mount --bind /etc/hostname ${second}`, `${second} is a bind mount`],
    ])("%s in the file's place: named and left alone", async (_, script, message) => {
        await shell(script);
        const before = await shell(`ls -ld ${second}; cat /etc/hostname`);
        const { result } = await push(client, { files });
        expect(result).toMatchObject({
            outcome: "failed",
            phase: "stage",
            message: expect.stringContaining(message) as string,
            undone: { state: "nothing" },
        });
        expect(await shell(`ls -ld ${second}; cat /etc/hostname`)).toBe(before);
        expect(await readNodeFile(node, first)).toBe("old 1");
        await shell(`umount ${second} 2>/dev/null || true; rm -rf ${second}; echo 'old 2' > ${second}`);
        await expectHealed();
    });

    test.each([
        [
            "below a plain file",
            "true",
            "/etc/holdfast-test/first/child",
            "/etc/holdfast-test/first is no folder; move it away first",
            "true",
        ],
        [
            "on a disk that is read-only by now",
            "mkdir disk && mount -t tmpfs -o mode=755 none disk && touch disk/file && mount -o remount,ro disk",
            "/etc/holdfast-test/disk/file",
            "Read-only file system; the file system is read-only: find out why (dmesg)",
            "umount disk",
        ],
        [
            "of a name too long for its copies",
            "true",
            `/etc/holdfast-test/${"n".repeat(225)}`,
            "choose a shorter one",
            "true",
        ],
    ])(
        "a path %s: named with the remedy, and no other push to the node suffers",
        async (_, before, path, message, after) => {
            await shell(`cd /etc/holdfast-test && ${before}`);
            try {
                expect((await push(client, { files: { [path]: "new\n" } })).result).toMatchObject({
                    outcome: "failed",
                    phase: "stage",
                    message: expect.stringContaining(message) as string,
                    undone: { state: "nothing" },
                });
                expect((await push(client, { files })).result).toMatchObject({ outcome: "applied" });
            } finally {
                await shell(`cd /etc/holdfast-test && ${after}`);
            }
            await push(client, { files: { [first]: "old 1\n", [second]: "old 2\n" } });
            await expectHealed();
        },
    );

    test("two new files in one new folder, and a failure: the folder goes again", async () => {
        const added = { "/etc/holdfast-test/new/a": "a\n", "/etc/holdfast-test/new/deeper/b": "b\n" };
        await push(client, { files: added, verify: [{ argv: ["false"] }] });
        expect(await shell("ls /etc/holdfast-test")).toBe("first\nsecond");
        expect((await push(client, { files: added })).result.outcome).toBe("applied");
        expect(await shell("cd /etc/holdfast-test/new && cat a deeper/b")).toBe("a\nb");
    });
});

test("what a command says of a secret file is told to the client alone, also where the rollback says it", async () => {
    const quote = { argv: ["sh", "-c", `echo syntax error near: $(cat ${first}) >&2; false`] };
    const id = newId();
    const { result } = await push(client, {
        id,
        files: { [first]: "token=NewSecretValue\n" },
        activate: [quote],
        secret: true,
    });
    expect(result).toMatchObject({
        outcome: "stuck",
        message: expect.stringContaining("token=NewSecretValue") as string,
        undone: { state: "incomplete" },
    });
    expect(problemsOf(result)[0]?.text).toMatch(/^sh -c .*old 1/s);
    expect(
        await shell(
            `journalctl --no-pager --output=cat --identifier=holdfast | grep ${id} | grep -cE 'NewSecretValue|old 1' || true`,
        ),
    ).toBe("0");
    await shell(`echo 'old 1' > ${first}`);
});

/**
 * As nobody: opens and locks what it can of Holdfast's, and keeps it until it is told to end, 40 s at most. Prints what
 * it got.
 */
const meddle = `
import fcntl, os, time
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
got, end = {}, time.monotonic() + 40
open("/tmp/meddling", "w").close()
while time.monotonic() < end and os.path.exists("/tmp/meddling"):
    for root in ("/run/holdfast", "/var/lib/holdfast", "/etc/holdfast"):
        known = [f"{root}/lock", f"{root}/start", f"{root}/journal"]
        for path in [root, *known, *(os.path.join(at, name) for at, _, names in os.walk(root) for name in names)]:
            try:
                if path not in got:
                    got[path] = os.open(path, os.O_RDONLY)
                    fcntl.flock(got[path], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                pass
    time.sleep(0.001)
print(*sorted(got))
`;

test("nobody can open or lock anything of Holdfast's, and a push goes through while he tries", async () => {
    const own = "/run/holdfast /var/lib/holdfast /etc/holdfast /etc/holdfast/journal";
    await push(client, { files });
    await shell(`chmod 0755 ${own}; chmod 0666 /run/holdfast/lock /run/holdfast/start; rm -f /tmp/meddling`);
    await push(client, { files: { [first]: "new 2\n" } });
    const meddler = node.exec(["python3", "-c", meddle]);
    await shell("timeout 20 sh -c 'until test -e /tmp/meddling; do sleep 0.1; done'");
    const pushed = await push(client, { files: { [first]: "new 3\n" } });
    await shell("rm -f /tmp/meddling");
    expect((await meddler).stdout).toBe("");
    expect(pushed.result.outcome).toBe("applied");
    expect(await shell(`stat --format %a ${own}`)).toBe("700\n700\n700\n700");
});

describe("units", () => {
    const unit = "holdfast-test.service";
    beforeEach(() =>
        shell(
            `printf '[Service]\\nExecStart=sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/${unit} && systemctl daemon-reload && systemctl disable --now ${unit}`,
        ),
    );
    afterAll(() => shell(`systemctl disable --now ${unit}; rm /etc/systemd/system/${unit}; systemctl daemon-reload`));
    const states = () => shell(`systemctl is-enabled ${unit} || true; systemctl is-active ${unit} || true`);
    const on = { units: { [unit]: { enabled: true, active: true } } };

    test("are enabled and started, and put back where verify fails", async () => {
        expect((await push(client, { files, ...on, verify: [{ argv: ["false"] }] })).result.undone?.state).toBe(
            "complete",
        );
        expect(await states()).toBe("disabled\ninactive");
        expect((await push(client, on)).result.outcome).toBe("applied");
        expect(await states()).toBe("enabled\nactive");
    });

    test("enabled until the next boot only, or failing and restarted again and again, are not what is wanted", async () => {
        await shell(
            `systemctl enable --runtime ${unit}; printf '[Service]\\nExecStart=false\\nRestart=always\\nRestartSec=30\\nStartLimitIntervalSec=0\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/${unit} && systemctl daemon-reload && systemctl start ${unit}; sleep 1`,
        );
        const { before, result } = await push(client, on);
        expect(before.units[unit]).toMatchObject({
            enabled: false,
            active: false,
            detail: expect.stringContaining("failing, and restarted") as string,
        });
        expect(result.outcome).toBe("applied");
        expect(await shell(`systemctl is-enabled ${unit}`)).toBe("enabled");
        await shell(`systemctl stop ${unit}; systemctl disable --runtime ${unit}`);
    });

    test("are put back after the program was killed, and after a power cut", async () => {
        const killed = inPhase("verify", (id) => killRunner(id, "main"), on);
        expect((await push(client, killed.wanted)).result.undone?.state).toBe("complete");
        await killed.acted;
        expect(await states()).toBe("disabled\ninactive");
        const cut = inPhase(
            "verify",
            async () => {
                await node.kill();
                await node.start();
            },
            on,
        );
        await push(client, cut.wanted);
        await cut.acted;
        expect(await states()).toBe("disabled\ninactive");
    });

    test("that were loaded from a new file at a boot are loaded again from the old one, which recovery has put back", async () => {
        const path = `/etc/systemd/system/${unit}`;
        await shell(
            `sed -i '1i [Unit]\\nDescription=old' ${path} && systemctl daemon-reload && systemctl enable ${unit}`,
        );
        const content = (await readNodeFile(node, path)).replace("Description=old", "Description=new") + "\n";
        const { wanted, acted } = inPhase(
            "verify",
            async () => {
                await node.kill();
                await node.start();
            },
            { files: { [path]: content }, activate: [{ argv: ["systemctl", "daemon-reload"] }] },
        );
        await push(client, wanted);
        await acted;
        expect(await shell(`systemctl show --property=Description --value ${unit}`)).toBe("old");
    });

    test("that do not start are named, and everything is undone", async () => {
        await shell(
            `sed -i 's/sleep infinity/false/; s/\\[Service\\]/&\\nType=oneshot/' /etc/systemd/system/${unit} && systemctl daemon-reload`,
        );
        const { result } = await push(client, { files, ...on });
        expect(result).toMatchObject({
            phase: "activate",
            message: expect.stringContaining(`systemctl start ${unit}`) as string,
            undone: { state: "complete" },
        });
        expect(await states()).toMatch(/^disabled\n(inactive|failed)$/);
        expect(await state()).toBe("old");
    });
});

test("a package that no repository has: an error that names it, and nothing changed", async () => {
    const { result } = await push(client, { files, packages: ["no-such-package"] });
    expect(result).toMatchObject({
        outcome: "failed",
        phase: "stage",
        message: expect.stringContaining("Unable to locate package no-such-package") as string,
        undone: { state: "nothing" },
    });
    expect(await state()).toBe("old");
    await expectHealed();
});

test("works for a user with sudo, and says what one without it lacks", async () => {
    const ops = await clientOf(lab, node, { user: "ops" });
    expect((await push(ops, { files })).result.outcome).toBe("applied");
    expect(await state()).toBe("new");
    ops.end();
    const nosudo = await clientOf(lab, node, { user: "nosudo" });
    await expect(push(nosudo, { files })).rejects.toThrow(/sudo -n is refused.*NOPASSWD/s);
    nosudo.end();
});

test("nothing to do touches nothing in /etc and /var/lib", async () => {
    await push(client, { files });
    await client.read("crash", specFor({ files })); // python keeps what it compiles of the program, once
    const folders = ["/etc", "/var/lib", "/usr/local"];
    const before = await fingerprint(node, folders);
    const nothing = await pushNothing(client, specFor({ files }));
    await client.read("crash", specFor({ files }));
    expect(nothing.result).toEqual({ outcome: "unchanged" });
    expect(await fingerprint(node, folders)).toBe(before);
});

describe("a unit that goes with its file", () => {
    const unit = "holdfast-test-goes.service";
    const path = `/etc/systemd/system/${unit}`;
    const textOf = (stopping: string) =>
        `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=true\nExecStop=/bin/sh -c '${stopping}'\n[Install]\nWantedBy=multi-user.target\n`;
    const reload = [{ argv: ["systemctl", "daemon-reload"] }];
    const on = { [unit]: { enabled: true, active: true } };
    const off = { [unit]: { enabled: false, active: false } };
    const states = () => shell(`systemctl is-enabled ${unit} 2>&1; systemctl is-active ${unit}`);
    afterEach(() =>
        shell(`systemctl disable --now ${unit} 2>/dev/null || true; rm -f ${path}; systemctl daemon-reload`),
    );

    test("is stopped and disabled while the file is there", async () => {
        await push(client, {
            files: { [path]: textOf(`test -e ${path} && echo with its file > ${first}`) },
            units: on,
            activate: reload,
        });
        expect(await states()).toBe("enabled\nactive");
        expect((await push(client, { files: { [path]: null }, units: off, activate: reload })).result.outcome).toBe(
            "applied",
        );
        expect(await readNodeFile(node, first)).toBe("with its file");
        expect(
            await shell(
                `ls /etc/systemd/system/multi-user.target.wants | grep ${unit} || true; systemctl is-active ${unit} || true`,
            ),
        ).toBe("inactive");
        await shell(`echo old 1 > ${first}`);
    });

    test("is switched on again where the file cannot go, because its own stop has edited it", async () => {
        await push(client, { files: { [path]: textOf(`echo "# edited" >> ${path}`) }, units: on, activate: reload });
        const { result } = await push(client, { files: { [path]: null }, units: off, activate: reload });
        expect(result).toMatchObject({
            outcome: "failed",
            phase: "commit",
            message: expect.stringContaining("the edit was kept") as string,
            code: "edited-meanwhile",
            undone: { state: "complete", verdicts: [expect.objectContaining({ code: "edit-kept", subject: path })] },
        });
        expect(await states()).toBe("enabled\nactive");
        expect(await readNodeFile(node, path)).toContain("# edited");
    });
});

test("a unit that systemd has just given up on is started all the same, by what mends it", async () => {
    const unit = "holdfast-gives-up.service";
    const path = `/etc/systemd/system/${unit}`;
    const text = (command: string) => `[Service]\nExecStart=${command}\nRestart=always\nRestartSec=10ms\n`;
    const start = `systemctl daemon-reload; systemctl start ${unit}; until systemctl start ${unit} 2>&1 | grep -q journalctl; do sleep 0.1; done`;
    await node.exec(["sh", "-c", `cat >${path}; ${start}`], { input: text("/bin/false") });
    try {
        const { result } = await push(client, {
            files: { [path]: text("/bin/sleep 1000") },
            units: { [unit]: { active: true } },
            activate: [{ argv: ["systemctl", "daemon-reload"] }],
        });
        expect(result).toMatchObject({ outcome: "applied" });
        expect(await shell(`systemctl is-active ${unit}`)).toBe("active");
    } finally {
        await shell(`systemctl stop ${unit}; rm ${path}; systemctl daemon-reload`);
    }
});
