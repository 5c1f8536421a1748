/** The schema (host/answers.ts) against what the node's Python really says: it runs here, and is asked as a node is. */
import { hostname } from "node:os";
import type { ConcernDefinition } from "../../../components/concern";
import { concerns } from "../../../components/table";
import type { NodeClient } from "../../../host/nodeClient";
import type { Spec } from "../../../host/observation";
import { checkCodes, factCodes } from "../../../model/contract/verdict";
import { namesUnits } from "../../../model/interfaces/rules/restarts";
import { TalkingNode } from "../../helpers/talkingNode";
import { heard } from "../../helpers/told";
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

test("the node and the lints agree on which text names a unit", async () => {
    const texts = [
        "systemctl restart x",
        "/sbin/service x start",
        "invoke-rc.d x",
        "invoke-rcxd x",
        "aservice",
        "éservice x",
        "sys temctl",
    ];
    const asked = `from look import facts\nanswer = [bool(facts.NAMES_UNITS.search(text)) for text in given]`;
    expect(await python(asked, texts)).toEqual(texts.map(namesUnits));
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
    const ofConcerns: object = Object.assign(
        {},
        ...Object.values<ConcernDefinition>(concerns).map(({ codes }) => codes),
    );
    // What the engine tells has codes of its own (tests/host/node/files.test.ts).
    const given = await python<string[]>(`
import ast, pathlib
paths = [path for folder in (sys.path[0], *concerns.__path__) for path in pathlib.Path(folder).rglob("*.py")]
told = [path for path in paths if "engine" not in path.parts and not {"bootReadiness", "checks"} <= set(path.parts)]
calls = [node for path in told for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
answer = ["seen", "passed"] + [call.args[0].value for call in calls if getattr(call.func, "id", "") in ("bad", "unknown", "skipped") and isinstance(call.args[0], ast.Constant)]`);
    expect([...new Set(given)].sort()).toEqual(Object.keys({ ...factCodes, ...checkCodes, ...ofConcerns }).sort());
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

/**
 * What no kill brings about: steps.test.ts holds those results that one does. `told` are the program's own, in its
 * words.
 */
const telling = `
import ast, pathlib
from engine import change, durable, refusal, results, runner, verdict
import session
told = []
results.write = lambda path, identifier, result: None
results.note = lambda identifier, result: told.append({**result, "id": identifier})
results.safe.make_folder = lambda path: None
durable.RUN = durable.RESULTS = "/nonexistent"
session.send = lambda message: told.append(message["result"])
`;

test("every code and phase that a transaction can fail with is one of the schema's", async () => {
    const told = await python<{ code: string; phase: string }[]>(`${telling}
named = ("Refused", "translated", "attempt", "as_refused", "failed", "refuse_if_ending", "refuse_if_edited", "UnchangedStep")
calls = [node for path in pathlib.Path(sys.path[0]).rglob("*.py") for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
called = [(getattr(call.func, "id", getattr(call.func, "attr", "")), call.args) for call in calls if call.args]
phases = {args[0].value for name, args in called if name in named and isinstance(args[0], ast.Constant)}
answer = [verdict.failed(phase, code, "why", verdict.NOTHING) for phase in sorted(phases) for code in refusal.CODES]`);
    expect(heard(told)).toEqual(told);
    expect(new Set(told.map(({ phase }) => phase)).size).toBeGreaterThan(5);
});

test("so are a stuck one, one that was withdrawn, one of an earlier version, and those that never began or nobody remembers", async () => {
    const told = await python<{ outcome: string; code?: string }[]>(`${telling}
left = [verdict.ok("put-back", "/a is back", "/a"), verdict.waits("dpkg is at work", "b.service"), verdict.bad(verdict.UNDO_FAILED, "EROFS", "/c")]
results.keep("0", verdict.failed("commit", "disk-failing", "EIO", verdict.undone_by(left)))
results.keep("1", verdict.failed("commit", "beside-stuck", "withdrawn", verdict.undone_by([])))
results.keep("2", results.early_end(verdict.NOTHING))
results.keep_downfall("3", verdict.undone_by([]))
request = {"kind": "arm", "client": "ops@ws", "token": "0" * 64, "window": 20, "program": "/p"}
failed = [verdict.bad("check-failed", "port a of b: it is a port of nothing", "port a of b")]
results.keep("31", {"outcome": "applied", "change": change.confirmed(request)})
results.keep("32", results.early_end(verdict.undone_by([verdict.ok("differs", "link c is new", "c")]), {"steps": [request]}, True))
results.keep("33", results.with_change(verdict.failed("verify", "checks-failed", "b", verdict.undone_by([verdict.bad("revert-incomplete", "x", "y")])), request, failed))
runner.queued, runner.os.unlink = (lambda unit: ["4"]), (lambda path: None)
runner.give_up("a.service", "systemd-run: no")
for said in ("nothing was changed", "the node is as it was", "NOT complete: /a was edited"):
    told.append(verdict.from_earlier({"outcome": "failed", "phase": "verify", "message": "old", "rollback": said}))
told.append(verdict.from_earlier({"outcome": "applied"}))
told.append(results.remembered("5"))
def broken(error):
    def raises(*_):
        raise error
    return raises
for error in (OSError(28, "No space left on device", "/run/holdfast"), refusal.Refused("observe", "too long", "answer-too-long")):
    session.read = broken(error)
    session.answer({"op": "read"}, "version", None)
session.recovery.settle_first = lambda *_: None
session.observe.observe_all, session.around = (lambda *_: []), (lambda *_: {})
session.os.geteuid = lambda: 1000
session.receive = lambda: {"plans": [{"nothing": True}]}
session.send = lambda message: told.append(message["result"]) if "result" in message else None
session.apply({"sets": []}, "version", None)
answer = told`);
    expect(heard(told)).toEqual(told);
    expect(told.map(({ outcome, code }) => `${outcome} ${code ?? "-"}`)).toEqual([
        "stuck disk-failing",
        "failed beside-stuck",
        "failed ended-early",
        "failed went-down",
        "applied -",
        "failed not-confirmed",
        "stuck checks-failed",
        "failed start-failed",
        "failed earlier-version",
        "failed earlier-version",
        "stuck earlier-version",
        "applied -",
        "unknown -",
        "failed disk-full",
        "failed answer-too-long",
        "failed not-root",
    ]);
});
