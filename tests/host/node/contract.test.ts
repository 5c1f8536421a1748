/** The schema (host/answers.ts) against what the node's Python really says: it runs here, and is asked as a node is. */
import { hostname } from "node:os";
import type { NodeClient } from "../../../host/nodeClient";
import type { Spec } from "../../../host/observation";
import { checkCodes, factCodes } from "../../../model/contract/verdict";
import { TalkingNode } from "../../helpers/talkingNode";
import { python } from "./python";

jest.setTimeout(60_000);

const name = hostname().split(".")[0]!;
const empty: Spec = { files: {}, packages: [], units: [], facts: {} };
let node: TalkingNode;
let client: NodeClient;

beforeAll(async () => {
    process.env["HOLDFAST_SSH_CONFIG"] = "/dev/null";
    node = await TalkingNode.running();
    client = node.client(name);
});
afterAll(() => node.stop());

test("a look at files of every kind, packages and units is what the schema expects", async () => {
    const spec: Spec = {
        files: {
            "/etc/hostname": {},
            "/etc/hosts": { when: "/nonexistent" },
            "/nonexistent": {},
            "/proc/self": {},
            "/etc": {},
            "/dev/null": {},
            "/bin/ls": {},
        },
        packages: ["python3", "not-there"],
        units: ["multi-user.target", "not-there.service"],
        facts: {},
    };
    const seen = await client.read("test", spec);
    expect(Object.values(seen.files).map(({ kind }) => kind)).toEqual([
        "file",
        "not applicable",
        "absent",
        "symlink",
        "folder",
        "special",
        expect.stringMatching(/^(file|symlink)$/),
    ]);
    expect(Object.keys(seen.units)).toEqual(spec.units);
});

test("every probe's answer is one", async () => {
    const probes = await python<string[]>("import probes\nanswer = [*probes.PROBES, *concerns.names('PROBES')]");
    const args: Partial<Record<string, string[]>> = {
        resolver: ["localhost"],
        mount: ["/"],
        source: ["UUID=1234-ABCD", "/"],
        link: ["lo"],
        exporter: ["1"],
        "last-run": ["/nonexistent", "60"],
        "smartd-coverage": ["smartmontools.service"],
        "sourced-files": ["/etc/network/interfaces.d/*"],
        "root-alone": ["/etc"],
    };
    const facts = Object.fromEntries(probes.map((probe) => [probe, { probe, args: args[probe] ?? [] }]));
    const seen = await client.read("test", { ...empty, facts });
    expect(Object.keys(seen.facts).sort()).toEqual([...probes].sort());
    expect(Object.values(seen.facts).filter(({ code }) => code === "no-such-probe")).toEqual([]);
});

test("the codes that the node's program may give are those that are documented", async () => {
    // What the engine tells has codes of its own (tests/host/node/files.test.ts).
    const given = await python<string[]>(`
import ast, pathlib
paths = [path for folder in (sys.path[0], *concerns.__path__) for path in pathlib.Path(folder).rglob("*.py")]
told = [path for path in paths if "engine" not in path.parts and "bootReadiness" not in path.parts]
calls = [node for path in told for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
answer = ["seen", "passed"] + [call.args[0].value for call in calls if getattr(call.func, "id", "") in ("bad", "unknown", "skipped") and isinstance(call.args[0], ast.Constant)]`);
    expect([...new Set(given)].sort()).toEqual(Object.keys({ ...factCodes, ...checkCodes }).sort());
});

test("what the lints want, who wrote, and what stood there before are what the schema expects", async () => {
    const look = await client.inspect(name, empty, {
        facts: true,
        sourced: ["/etc/host*"],
        written: { "/etc/hostname": 1_700_000_000 },
        originals: ["/etc/hostname", "networking.service"],
    });
    expect(look.facts!.links.map((link) => link.name)).toContain("lo");
    expect(Object.keys(look.sourced!)).toContain("/etc/hosts");
});

test("names that are no UTF-8 are shown, and no reason not to hear the rest", async () => {
    const told = await python<string>(`
import io, session
class Out:
    buffer = io.BytesIO()
sys.stdout, out = Out(), sys.stdout
session.send({"hostname": "a\\udcff"})
sys.stdout = out
answer = Out.buffer.getvalue().decode()`);
    expect(told).toBe('18\n{"hostname": "a?"}');
});

test("an answer that would be too long is refused there, with what makes it so", async () => {
    const said = await python<string>(`
import session
from engine.refusal import Refused
session.FRAME_LIMIT = 1000
try:
    session.send({"observed": [{"seen": {"files": {"/etc/fstab": {"content": "x" * 2000}, "/etc/hosts": {"content": "y"}}}}]})
except Refused as refused:
    answer = str(refused)`);
    expect(said).toMatch(
        /^the answer would have \d+ bytes, more than 1000; longest: \/etc\/fstab \(2000 characters\), /,
    );
});

test("the result of a transaction is told without long files rather than not at all", async () => {
    const said = await python<string>(`
import io, session
class Out:
    buffer = io.BytesIO()
session.FRAME_LIMIT = 1000
sys.stdout, out = Out(), sys.stdout
session.send({"set": 0, "result": {"outcome": "applied"}, "seen": {"files": {"/a": {"kind": "file", "content": "x" * 5000}, "/b": {"kind": "absent"}}}})
sys.stdout = out
answer = Out.buffer.getvalue().decode().split("\\n")[1]`);
    expect(JSON.parse(said)).toEqual({
        set: 0,
        result: { outcome: "applied" },
        seen: { files: { "/a": { kind: "unreadable", detail: "too long to be sent" }, "/b": { kind: "absent" } } },
    });
});
