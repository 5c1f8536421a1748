/** What speaks against a reboot, and what a node that came back lacks. */
import { objections, shortcomings, type Look } from "../../../cli/reboot/judge";
import type { Outlook } from "../../../host/outlook";
import { bootIds, outlookWith, readyAs, votesOf } from "./fakeNode";

const look = (outlook: Partial<Outlook> = {}, ready = readyAs("ready")): Look => ({
    outlook: outlookWith(outlook),
    ready,
});
const against = (given: Look, options: Parameters<typeof objections>[1] = { guests: "refuse" }) =>
    objections(given, options).map(({ state, text }) => `${state}: ${text}`);
const guests: Outlook["guests"] = {
    state: "ok",
    text: "",
    running: [
        { kind: "qemu", id: 101, name: "wiki" },
        { kind: "lxc", id: 102, name: "" },
    ],
};

test("nothing speaks against a node that is ready, runs no guest and is in no cluster", () => {
    expect(against(look())).toEqual([]);
});

test.each<[string, Look, string[]]>([
    [
        "a bad check",
        look({}, readyAs("not ready", "resolves to 127.0.1.1")),
        ["bad: not ready: own-name: resolves to 127.0.1.1"],
    ],
    [
        "a check that could not look",
        look({}, readyAs("unknown", "no answer")),
        ["unknown: not ready: own-name: no answer"],
    ],
    [
        "a node that gives no reason",
        look({}, { ...readyAs("unknown"), reasons: [] }),
        ["unknown: whether it is ready could not be told"],
    ],
    [
        "Holdfast at work",
        look({ busy: { state: "running", by: "ops@ws", since: 1 } }),
        ["bad: Holdfast is at work there (ops@ws)"],
    ],
    [
        "an open transaction",
        look({ busy: { state: "left open", by: "0123", since: 1 } }),
        ["bad: transaction 0123 is open there: run `pulumi up`, which settles it"],
    ],
    [
        "a guest that nobody moves",
        look({ guests }),
        ["bad: guests run there and nobody moves them: 101 (wiki), 102; say --guests shutdown or --guests migrate"],
    ],
    [
        "guests that cannot be listed",
        look({ guests: { state: "unknown", text: "pvesh: exit status 1", running: [] } }),
        ["unknown: which guests run is not known: pvesh: exit status 1"],
    ],
    [
        "corosync that does not answer",
        look({ cluster: { state: "unknown", text: "exit status 1" } }),
        ["unknown: how the cluster's votes stand is not known: exit status 1"],
    ],
    [
        "a cluster without quorum",
        look({ cluster: votesOf(1) }),
        ["bad: the cluster has no quorum (1 of 3 votes are there now)"],
    ],
    [
        "the second of three nodes that is away",
        look({ cluster: votesOf(2) }),
        ["bad: without this node the cluster would have 1 votes of the 2 that it needs (2 of 3 votes are there now)"],
    ],
    [
        "the last of three, told to expect no other vote (pvecm expected 1)",
        look({ cluster: votesOf(1, 1, "none", 3) }),
        ["bad: without this node the cluster would have 0 votes of the 1 that it needs (1 of 1 votes are there now)"],
    ],
    [
        "a QDevice that is lost: two nodes do not make up for it",
        look({ cluster: votesOf(2, 3, "silent") }),
        [
            "bad: without this node the cluster would have 1 votes of the 2 that it needs (2 of 3 votes are there now, its QDevice casts none)",
        ],
    ],
])("%s speaks against it", (_, given, expected) => {
    expect(against(given)).toEqual(expected);
});

test.each<[string, Look, Parameters<typeof objections>[1]]>([
    ["guests that are shut down", look({ guests }), { guests: "shutdown" }],
    ["guests that are moved", look({ guests }), { guests: "migrate" }],
    ["three votes of three", look({ cluster: votesOf(3) }), { guests: "refuse" }],
    ["two nodes with a QDevice that votes", look({ cluster: votesOf(3, 3, "votes") }), { guests: "refuse" }],
    ["a cluster of one", look({ cluster: votesOf(1, 1, "none", 1) }), { guests: "refuse" }],
])("%s do not", (_, given, options) => {
    expect(against(given, options)).toEqual([]);
});

test.each<[string, Partial<Outlook["kernel"]>, string[]]>([
    ["a newer kernel is there", { newest: "6.8.12-2-pve" }, []],
    ["the newest runs", {}, ["bad: 6.8.12-1-pve runs already, and is the newest that is installed whole"]],
    [
        "no tool of Proxmox's",
        { newest: "6.8.12-2-pve", tool: false },
        ["bad: proxmox-boot-tool is not there, so no kernel can be pinned"],
    ],
    ["no kernel with an initrd", { newest: null }, ["unknown: no kernel with an initrd lies in /boot"]],
])("--kernel new where %s", (_, kernel, expected) => {
    const given = look({ kernel: { ...outlookWith().kernel, ...kernel } });
    expect(against(given, { guests: "refuse", kernel: "new" })).toEqual(expected);
});

describe("a node that came back", () => {
    const back = (outlook: Partial<Outlook>, ready = readyAs("ready")) =>
        look({ bootId: bootIds[1], ...outlook }, ready);
    const lacks = (before: Look, after: Look, kernel?: string) =>
        shortcomings(before, after, kernel).map(({ state, text }) => `${state}: ${text}`);

    test("lacks nothing where all is as before", () => {
        expect(lacks(look({ cluster: votesOf(3) }), back({ cluster: votesOf(3) }))).toEqual([]);
    });

    test.each<[string, Look, Look, string | undefined, string[]]>([
        [
            "stands at another target",
            look(),
            back({ multiUser: false }),
            undefined,
            ["bad: multi-user.target is not reached"],
        ],
        ["is not ready", look(), back({}, readyAs("not ready", "no")), undefined, ["bad: not ready: own-name: no"]],
        [
            "cannot be judged",
            look(),
            back({}, readyAs("unknown", "no word")),
            undefined,
            ["unknown: not ready: own-name: no word"],
        ],
        [
            "has not rejoined",
            look({ cluster: votesOf(3) }),
            back({ cluster: votesOf(2) }),
            undefined,
            ["bad: the cluster has 2 votes, and had 3"],
        ],
        [
            "sees no quorum",
            look({ cluster: votesOf(3) }),
            back({ cluster: votesOf(1) }),
            undefined,
            ["bad: the cluster has no quorum"],
        ],
        [
            "has no corosync any more",
            look({ cluster: votesOf(3) }),
            back({}),
            undefined,
            ["unknown: how the cluster's votes stand is not known: this node is in no cluster"],
        ],
        ["runs the old kernel", look(), back({}), "6.8.12-2-pve", ["bad: it runs 6.8.12-1-pve, not 6.8.12-2-pve"]],
    ])("and %s lacks just that", (_, before, after, kernel, expected) => {
        expect(lacks(before, after, kernel)).toEqual(expected);
    });
});
