/**
 * The order of a run, and what others got wrong with it: the nodes are fakes, and time passes only where it is waited
 * for.
 */
import { rebootAll, type Run, type Verdict } from "../../../cli/reboot/sequence";
import type { RebootNode } from "../../../cli/reboot/node";
import { UnreachableError } from "../../../host/errors";
import type { Step } from "../../../host/outlook";
import {
    bootIds,
    readyAs,
    fakeClock,
    fakeNode,
    outlookWith,
    votesOf,
    well,
    type FakeNode,
    type Moment,
} from "./fakeNode";

const booted = (more: Parameters<typeof well>[0] = {}): Moment => well({ bootId: bootIds[1], ...more });
const options: Run["options"] = { dryRun: false, guests: "refuse", timeout: 60 };

async function run(
    nodes: readonly RebootNode[],
    more: Partial<Run["options"]> = {},
): Promise<{ verdict: Verdict; said: string[] }> {
    const said: string[] = [];
    const tell: Run["tell"] = (node, step, state, text) => void said.push(`${node}: ${step}: ${state}: ${text}`);
    const verdict = await rebootAll(nodes, {
        options: { ...options, ...more },
        clock: fakeClock(),
        tell,
        by: "ops@ws",
    });
    return { verdict, said };
}

const stepsOf = ({ steps }: FakeNode) =>
    steps.map((step: Step) => ("how" in step ? `${step.step} ${step.how}` : step.step));

test("the second node is not touched before the first has booted anew and is whole", async () => {
    const log: string[] = [];
    const first = fakeNode(
        "pve01",
        well(),
        [well(), "silent", booted({ system: "starting", multiUser: false }), booted()],
        log,
    );
    const second = fakeNode("pve02", well(), [booted()], log);
    expect((await run([first, second])).verdict).toBe("ok");
    const begins = log.indexOf("pve02: reboot");
    expect(log.slice(log.indexOf("pve01: reboot"), begins)).toEqual([
        "pve01: reboot",
        "pve01: 1111", // it answers still, from the boot that is to end
        "pve01: silent",
        "pve01: 2222", // it has booted, and starts up
        "pve01: 2222",
        "pve01: 2222", // its checks
        "pve02: 1111", // looked at again before its turn
    ]);
});

test("a node that never goes down is not back, and the next one is untouched", async () => {
    const [first, second] = [fakeNode("pve01", well(), [well()]), fakeNode("pve02", well(), [booted()])];
    const { verdict, said } = await run([first, second]);
    expect([verdict, stepsOf(second)]).toEqual(["bad", []]);
    expect(said.slice(-2)).toEqual([
        "pve01: back: bad: it still answers from the boot that was to end: it never went down, after 60 s",
        "pve02: reboot: bad: untouched: pve01 is not proven",
    ]);
});

test.each<[string, Moment[], string]>([
    ["does not answer any more", ["silent"], "it does not answer, after 60 s"],
    [
        "hangs in its start-up",
        [booted({ system: "starting", multiUser: false })],
        "it has booted and its start-up does not end (starting; multi-user not reached), after 60 s",
    ],
    [
        "stands in emergency mode",
        [booted({ system: "maintenance", multiUser: false })],
        "it has booted and its start-up does not end (maintenance; multi-user not reached), after 60 s",
    ],
    [
        "boots a second time by itself",
        [booted(), well({ bootId: bootIds[2] })],
        "it has booted once more by itself: it does not stay up",
    ],
    ["is back and then gone", [booted(), "silent"], "it was back, and does not answer any more"],
])("a node that %s ends the run", async (_, after, text) => {
    const [first, second] = [fakeNode("pve01", well(), after), fakeNode("pve02", well(), [booted()])];
    const { verdict, said } = await run([first, second]);
    expect([verdict, stepsOf(second)]).toEqual(["bad", []]);
    expect(said).toContain(`pve01: back: bad: ${text}`);
});

test("a node that cannot be judged after its boot is not proven: could not tell", async () => {
    const after = { outlook: outlookWith({ bootId: bootIds[1] }), ready: readyAs("unknown", "no word") };
    const [first, second] = [fakeNode("pve01", well(), [after]), fakeNode("pve02", well(), [booted()])];
    const { verdict } = await run([first, second]);
    expect([verdict, stepsOf(second)]).toEqual(["unknown", []]);
});

test("a connection that ends over the request says nothing: another boot does", async () => {
    const lost = (after: Moment[]) => {
        const node = fakeNode("pve01", well(), after);
        const take = node.take.bind(node);
        return Object.assign(node, {
            take: async (step: Step) => {
                await take(step);
                throw new UnreachableError("pve01", "the remote command ended without a word");
            },
        });
    };
    expect((await run([lost(["silent", booted()])])).verdict).toBe("ok");
    expect((await run([lost([well()])])).verdict).toBe("bad");
});

test("what takes its time after a boot is waited for: corosync rejoins", async () => {
    const cluster = votesOf(3);
    const node = fakeNode("pve01", well({ cluster }), [
        "silent",
        booted({ cluster: votesOf(2) }),
        booted({ cluster: votesOf(2) }),
        booted({ cluster }),
    ]);
    expect((await run([node])).verdict).toBe("ok");
});

test.each<[string, Moment, Verdict]>([
    ["is not ready", { outlook: outlookWith(), ready: readyAs("not ready", "no") }, "bad"],
    ["cannot be asked", "silent", "unknown"],
    ["is needed for quorum, since the QDevice is lost", well({ cluster: votesOf(2, 3, "silent") }), "bad"],
])("where the last of three %s, the first is untouched too", async (_, last, expected) => {
    const nodes = [
        fakeNode("pve01", well(), [booted()]),
        fakeNode("pve02", well(), [booted()]),
        fakeNode("pve03", last, [booted()]),
    ];
    expect((await run(nodes)).verdict).toBe(expected);
    expect(nodes.map(stepsOf)).toEqual([[], [], []]);
});

test("a node that has changed while the first was away is not touched: each is looked at again before its turn", async () => {
    const unready = { outlook: outlookWith(), ready: readyAs("not ready", "somebody was here") };
    const [first, second] = [fakeNode("pve01", well(), [booted()]), fakeNode("pve02", well(), [booted()])];
    const look = second.look.bind(second);
    let looks = 0;
    const changing = Object.assign(second, { look: async () => (looks++ === 0 ? look() : unready) });
    expect((await run([first, changing])).verdict).toBe("bad");
    expect([stepsOf(first), stepsOf(changing)]).toEqual([["reboot"], []]);
});

test("a dry run says what would happen and takes no step", async () => {
    const running = [{ kind: "qemu", id: 101, name: "wiki" }] as const;
    const kernel = { running: "6.8.12-1-pve", newest: "6.8.12-2-pve", pinned: null, tool: true };
    const node = fakeNode("pve01", well({ guests: { state: "ok", text: "", running: [...running] }, kernel }), []);
    const { verdict, said } = await run([node], { dryRun: true, guests: "shutdown", kernel: "new" });
    expect([verdict, stepsOf(node)]).toEqual(["ok", []]);
    expect(said).toEqual([
        "pve01: look: ok: would be rebooted, after 1 guest(s): shutdown, with 6.8.12-2-pve in place of 6.8.12-1-pve",
    ]);
});

describe("guests", () => {
    const guests = {
        state: "ok" as const,
        text: "",
        running: [
            { kind: "qemu" as const, id: 101, name: "" },
            { kind: "lxc" as const, id: 102, name: "" },
        ],
    };

    test("are shut down one after the other before the node goes; one that stays down is named", async () => {
        const after = booted({ guests: { ...guests, running: guests.running.slice(0, 1) } });
        const node = fakeNode("pve01", well({ guests }), [after]);
        const { verdict, said } = await run([node], { guests: "shutdown" });
        expect([verdict, stepsOf(node)]).toEqual(["ok", ["part shutdown", "part shutdown", "reboot"]]);
        expect(said.at(-1)).toBe("pve01: guests: ok: not running again: 102; start them, or set onboot");
    });

    test("that do not go keep the node up", async () => {
        const node = fakeNode(
            "pve01",
            well({ guests }),
            [booted()],
            [],
            (step) => step.step === "part" && step.id === 102,
        );
        const { verdict, said } = await run([node], { guests: "migrate" });
        expect([verdict, stepsOf(node)]).toEqual(["bad", ["part migrate", "part migrate"]]);
        expect(said.at(-1)).toBe("pve01: guests: bad: 102 refused");
    });
});

test("a cluster that has lost its margin while the guests moved keeps the node up", async () => {
    const guests = { state: "ok" as const, text: "", running: [{ kind: "qemu" as const, id: 101, name: "" }] };
    const node = fakeNode("pve01", well({ guests, cluster: votesOf(3) }), [booted()]);
    const later = { outlook: outlookWith({ cluster: votesOf(2) }), ready: readyAs("ready") };
    const moved: RebootNode = { ...node, look: async () => (node.steps.length > 0 ? later : node.look()) };
    const { verdict, said } = await run([moved], { guests: "migrate" });
    expect([verdict, stepsOf(node)]).toEqual(["bad", ["part migrate"]]);
    expect(said.at(-1)).toMatch(/without this node the cluster would have 1 votes of the 2/);
});

describe("--kernel new", () => {
    const kernel = { running: "6.8.12-1-pve", newest: "6.8.12-2-pve", pinned: "6.8.12-1-pve", tool: true };

    test("is pinned for this boot, and for good only once the node is back with it", async () => {
        const node = fakeNode("pve01", well({ kernel }), [
            "silent",
            booted({ kernel: { ...kernel, running: kernel.newest } }),
        ]);
        expect([(await run([node], { kernel: "new" })).verdict, stepsOf(node)]).toEqual([
            "ok",
            ["pin once", "reboot", "pin good"],
        ]);
    });

    test("is not pinned for good where the node came back with the old one", async () => {
        const node = fakeNode("pve01", well({ kernel }), ["silent", booted({ kernel })]);
        const { verdict, said } = await run([node], { kernel: "new" });
        expect([verdict, stepsOf(node)]).toEqual(["bad", ["pin once", "reboot"]]);
        expect(said).toContain("pve01: back: bad: it runs 6.8.12-1-pve, not 6.8.12-2-pve");
    });

    test("is taken back where the node never went down", async () => {
        const node = fakeNode("pve01", well({ kernel }), [well({ kernel })]);
        expect((await run([node], { kernel: "new" })).verdict).toBe("bad");
        expect(node.steps.at(-1)).toEqual({ step: "pin", how: "back", version: "6.8.12-1-pve" });
    });

    test.each(["pin once", "reboot"])("is taken back where %s fails", async (failing) => {
        const refuse = (step: Step) =>
            step.step === "reboot" ? failing === "reboot" : step.step === "pin" && failing === `pin ${step.how}`;
        const node = fakeNode("pve01", well({ kernel }), [booted()], [], refuse);
        expect((await run([node], { kernel: "new" })).verdict).toBe("bad");
        expect(node.steps.at(-1)).toEqual({ step: "pin", how: "back", version: "6.8.12-1-pve" });
    });
});
