/**
 * What a node that somebody has taken over may try with its answers. Each ends as that node's "could not tell", in few
 * words that steer no terminal, and nothing of it reaches the engine. tests/lab/hostile.test.ts does the same with a
 * real node.
 */
import type { NodeClient } from "../../host/nodeClient";
import type { Spec } from "../../host/observation";
import { frame, TalkingNode, type Request, type Says } from "../helpers/talkingNode";

const spec: Spec = {
    files: { "/etc/hosts": {} },
    packages: ["chrony"],
    units: ["chrony.service"],
    facts: { resolves: { probe: "resolver", args: ["pve01"] } },
};
const file = {
    kind: "file",
    content: "127.0.0.1 localhost\n",
    sha256: "0".repeat(64),
    mode: "0644",
    owner: "root",
    group: "root",
    modified: 1,
};
const told = (text: unknown) => ({ state: "ok", code: "seen", text });
const sound = {
    files: { "/etc/hosts": file },
    packages: ["chrony"],
    units: { "chrony.service": { enabled: true, active: true, detail: "enabled, active" } },
    facts: { resolves: told("192.0.2.11") },
};
const facts = { hostname: "pve01", blockDevices: [], mounts: [], links: [] };
const signature = "4dabf18193072939515e22adb298388d";
const asset = { [signature]: "c44067f5952c0a294b673a41bacd8c17", path: "/etc/passwd" };

const extras = { facts: true, sourced: [] };

let node: TalkingNode;
let client: NodeClient;
let says: Says;

beforeAll(async () => {
    process.env["HOLDFAST_SSH_CONFIG"] = "/dev/null";
    node = await TalkingNode.saying((request, channel) => says(request, channel));
    client = node.client("pve01");
});
afterAll(() => node.stop());

/** `said`: to a look with facts; text goes as it is. */
async function look(said: unknown): Promise<unknown> {
    says = (_, channel) => channel.write(typeof said === "string" ? said : frame(said));
    return (await client.inspect("hosts", spec, extras)).seen;
}

function answer(seen: object, more: object = {}): object {
    return { observed: [{ spec, seen: { ...sound, ...seen } }], hostname: "pve01", facts, ...more };
}

/** JSON that no object of this program's could hold: text in place of `"HERE"`. */
function raw(value: object, instead: string): string {
    return frame(JSON.stringify(value).replace('"HERE"', instead));
}

test("a sound answer is taken", async () => {
    expect(await look(answer({}))).toEqual(sound);
});

const tried: readonly (readonly [string, unknown, RegExp])[] = [
    [
        "a fact shaped like an asset",
        answer({ facts: { resolves: told(asset) } }),
        /facts\.resolves\.text: an object with 4dabf/,
    ],
    ["an asset in place of a fact", answer({ facts: { resolves: asset } }), /facts\.resolves\.state: nothing, which/],
    ["a code that there is not", answer({ facts: { resolves: { ...told("x"), code: "fine" } } }), /code: fine, which/],
    [
        "a fact shaped like a secret",
        answer({ facts: { resolves: { ...told("x"), [signature]: "1b47" } } }),
        /Unrecognized key: "4dabf/,
    ],
    ["a file's owner shaped like an archive", answer({ files: { "/etc/hosts": { ...file, owner: asset } } }), /owner/],
    ["a unit's detail shaped like an output", answer({ units: { "chrony.service": asset } }), /units/],
    [
        "a fact with the engine's unknown",
        answer({ facts: { resolves: told("04da6b54-80e4-46f7-96ec-b56ff0331ba9") } }),
        /own words/,
    ],
    [
        "a fact with the engine's unknown asset",
        answer({ facts: { resolves: told("030794c1-ac77-496b-92df-f27374a8bd58") } }),
        /own words/,
    ],
    [
        "a key of the engine's among the facts",
        answer({ facts: { resolves: told("x"), [signature]: told("y") } }),
        /not asked for: facts/,
    ],
    [
        "a file that was not asked for",
        answer({ files: { "/etc/hosts": file, "/etc/shadow": file } }),
        /not asked for: files: \/etc\/shadow/,
    ],
    [
        "a unit that was not asked for",
        answer({ units: { ...sound.units, "evil.service": sound.units["chrony.service"] } }),
        /not asked for: units/,
    ],
    ["a package that was not asked for", answer({ packages: ["chrony", "evil"] }), /not asked for: packages: evil/],
    ["the same package for ever", answer({ packages: Array(900).fill("chrony") }), /not asked for: packages/],
    ["nothing about a file", answer({ files: {} }), /does not answer for files: \/etc\/hosts/],
    ["nothing about a fact", answer({ facts: {} }), /does not answer for facts: resolves/],
    ["nothing about what was asked", answer({}, { observed: [] }), /does not answer for what was asked/],
    ["sourced files that nobody asked for", answer({}, { sourced: { "/etc/x": "y" } }), /not asked for: sourced/],
    ["originals that nobody asked for", answer({}, { originals: {} }), /not asked for: originals/],
    ["who wrote what nobody asked about", answer({}, { writers: { "/etc/hosts": "x" } }), /not asked for: writers/],
    ["a further key", answer({}, { surprise: 1 }), /Unrecognized key: "surprise"/],
    ["a further key of a file", answer({ files: { "/etc/hosts": { ...file, target: "x" } } }), /Unrecognized key/],
    ["a number for a fact", answer({ facts: { resolves: told(1) } }), /facts\.resolves\.text: 1, /],
    [
        "a text for a yes or no",
        answer({ units: { "chrony.service": { enabled: "yes", active: true, detail: "" } } }),
        /enabled/,
    ],
    ["a kind that there is not", answer({ files: { "/etc/hosts": { ...file, kind: "device" } } }), /kind: device/],
    ["a mode that is none", answer({ files: { "/etc/hosts": { ...file, mode: "rwx" } } }), /mode: rwx/],
    ["a file without its digest", answer({ files: { "/etc/hosts": { kind: "file", content: "" } } }), /only in part/],
    ["an absent file with content", answer({ files: { "/etc/hosts": { ...file, kind: "absent" } } }), /only in part/],
    ["a file written in the year 10^30", answer({ files: { "/etc/hosts": { ...file, modified: 1e30 } } }), /modified/],
    [
        "a huge number",
        raw(answer({ files: { "/etc/hosts": { ...file, modified: "HERE" } } }), "1e999"),
        /modified: Infinity/,
    ],
    ["NaN", raw(answer({ facts: { resolves: told("HERE") } }), "NaN"), /no JSON/],
    [
        "__proto__ among the facts",
        raw(answer({ facts: "HERE" }), `{"resolves":${JSON.stringify(told("x"))},"__proto__":{"polluted":"1"}}`),
        /__proto__, which is no answer/,
    ],
    [
        "__proto__ among the files",
        raw(answer({ files: { "/etc/hosts": "HERE" } }), `${JSON.stringify(file)},"__proto__":{}`),
        /__proto__/,
    ],
    [
        "__proto__ at the top",
        raw(answer({}, { facts: "HERE" }), `${JSON.stringify(facts)},"__proto__":{"observed":[]}`),
        /__proto__/,
    ],
    [
        "constructor among the facts",
        answer({ facts: { resolves: told("x"), constructor: told("y") } }),
        /not asked for: facts: constructor/,
    ],
    [
        "a fact of a hundred thousand letters",
        answer({ facts: { resolves: told("x".repeat(100_000)) } }),
        /x{80}… \(100000 characters\)/,
    ],
    [
        "a fact with control characters",
        answer({ facts: { resolves: told("\u001b]0;gotcha\u0007\u202e") } }),
        /\\x1b\]0;gotcha\\x07\\u202e, which/,
    ],
    ["a fact on two lines", answer({ facts: { resolves: told("a\nb") } }), /resolves.text: a b, which is no answer/],
    ["half a character", raw(answer({ facts: { resolves: told("HERE") } }), '"\\ud800"'), /no Unicode/],
    [
        "a file of two million letters",
        answer({ files: { "/etc/hosts": { ...file, content: "x".repeat(2_000_000) } } }),
        /content: x{80}…/,
    ],
    ["a frame of 240 MB", `${240 * 1024 * 1024}\n{`, /announces 251658240 bytes where 6291456 are the most/],
    ["a frame of 10^15 bytes", "999999999999999\n{", /not Holdfast's protocol/],
    ["a frame's head that never ends", "1".repeat(10_000), /a line without end/],
    [
        "a million lists in each other",
        frame("[".repeat(1_000_000) + "]".repeat(1_000_000)),
        /a list of 1, which is no answer/,
    ],
    [
        "objects nested in a fact",
        raw(answer({ facts: { resolves: told("HERE") } }), '{"a":'.repeat(200_000) + "1" + "}".repeat(200_000)),
        /facts\.resolves\.text: an object with a/,
    ],
    [
        "three million wrong things",
        raw(answer({ packages: "HERE" }), `[${"1,".repeat(2_900_000)}1]`),
        /packages: a list of 2900001/,
    ],
    [
        "three million wrong disks",
        raw(answer({}, { facts: { ...facts, blockDevices: "HERE" } }), `[${"{},".repeat(49_999)}{}]`),
        /blockDevices\.0\.path/,
    ],
    ["no JSON", frame("<html>"), /no JSON/],
    ["a mere word", frame("null"), /says null, which/],
    ["another node's name", answer({}, { hostname: "pve02" }), /calls itself pve02/],
    ["a name that steers a terminal", answer({}, { hostname: "pve01\u001b[2J" }), /hostname: pve01\\x1b\[2J, which/],
    ["an outcome that there is not", { result: { outcome: "splendid" } }, /outcome: splendid/],
    ["a refusal with a key too many", { result: { outcome: "failed", message: "x", seen: {} } }, /Unrecognized key/],
    ["progress of a set that there is not", { set: 7, event: { phase: "stage", message: "" } }, /speaks of set 7/],
    ["progress of no phase", { event: { phase: "\u001b[2J", message: "" } }, /phase: \\x1b\[2J, which/],
];

test.each(tried)("%s is that node's could not tell", async (_, said, complaint) => {
    const before = process.memoryUsage().arrayBuffers;
    const error = await look(said).then(
        () => new Error("was taken"),
        (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ name: "UnreachableError", node: "pve01", message: expect.stringMatching(complaint) });
    expect(error.message).toMatch(/^pve01: (?:could not tell: the node |the host at )/);
    expect(error.message.length).toBeLessThan(600);
    expect(error.message).not.toMatch(/\p{Cc}/u);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
});

test("a node that sends without being asked is not listened to further than one answer", async () => {
    let sent = 0;
    says = (_, channel) => {
        const more = () => {
            for (let open = true; open && sent < 300; sent++) open = channel.write(Buffer.alloc(1 << 20, "x"));
        };
        channel.on("drain", more);
        channel.write(frame(answer({})));
        more();
    };
    await client.inspect("hosts", spec, extras);
    expect(sent).toBeLessThan(30); // of 300 MB
});

test("a node that reports progress for ever is given up after five minutes, not after a push's four hours", async () => {
    let passed = 0;
    const now = performance.now.bind(performance);
    jest.spyOn(performance, "now").mockImplementation(() => now() + passed);
    let chatter: NodeJS.Timeout | undefined;
    says = (_, channel) => {
        chatter = setInterval(() => channel.write(frame({ event: { phase: "observe", message: "units" } })), 5);
        passed = 301_000;
    };
    await expect(client.inspect("hosts", spec, extras)).rejects.toThrow(
        "pve01: not done after 300 s, though it goes on talking",
    );
    clearInterval(chatter);
    jest.restoreAllMocks();
});

test("in a push nothing is begun on the word of such a node, and what had been sent is named", async () => {
    const looks = { looks: [sound], hostname: "pve01", facts };
    const requests: Request[] = [];
    says = (request, channel) => {
        requests.push(request);
        channel.write(frame(request["op"] === "apply" ? looks : { set: 0, result: { outcome: asset } }));
    };
    const plan = {
        id: "0123456789abcdef",
        client: "test",
        files: {},
        packages: [],
        units: {},
        validate: [],
        activate: [],
        verify: [],
    };
    const pushed = client.look("hosts", spec, extras, () => undefined).then((looked) => looked.commit(plan));
    await expect(pushed).rejects.toThrow(/could not tell: .*transaction 0123456789abcdef had been sent by then/);
    expect(requests).toHaveLength(2);
});
