/** The conversation: a plan that is not whole means nothing at all. */
import { python } from "./python";

const talk = `
import io, sys, json, session
from engine import install, runner, recovery
from look import observe
began = []
install.ensure = lambda *_: began.append("install") or "/nowhere"
recovery.settle_first = lambda *_: None
session.remember = lambda *_: None
runner.start = lambda program, plans: began.extend(plans)
session.follow = lambda identifiers, send: [{number: {"outcome": "applied", "id": identifier}} for number, identifier in identifiers.items()]
session.os.geteuid = lambda: 0

observe.observe_all = lambda specs, tell: [{"files": {}} for _ in specs]
out = sys.stdout

class Pipe:
    def __init__(self, data=b""):
        self.buffer = io.BytesIO(data)

def frame(message):
    data = json.dumps(message).encode()
    return b"%d\\n%s" % (len(data), data)

def converse(data):
    began.clear()
    sys.stdin, sys.stdout = Pipe(data), Pipe()
    try:
        session.main("version")
        said = sys.stdout.buffer.getvalue()
    finally:
        sys.stdout = out
    return list(began), said.decode()

request = frame({"op": "apply", "sets": [{"name": "hosts", "spec": {"files": {}}}, {"name": "fstab", "spec": {"files": {}}}]})
work = {"id": "0123456789abcdef", "client": "x", "files": {"/etc/hosts": {"content": "\u00e4" * 50}}}
other = {**work, "id": "fedcba9876543210"}
plan = frame({"plans": [work, {"refused": True}]})
`;

test("cut at every byte of the request or of the plan, nothing begins", async () => {
    const { begun, length } = await python<{ begun: unknown[]; length: number }>(`${talk}
whole = request + plan
answer = {"begun": [cut for cut in range(len(whole)) if converse(whole[:cut])[0]], "length": len(whole)}`);
    expect(length).toBeGreaterThan(300);
    expect(begun).toEqual([]);
});

test("whole, it begins once, and the result is told", async () => {
    const [begun, said] = await python<[unknown[], string]>(`${talk}answer = converse(request + plan)`);
    expect(begun).toEqual(["install", expect.objectContaining({ id: "0123456789abcdef" })]);
    expect(said).toContain('"outcome": "applied"');
});

test("several plans are one start, and each result says whose it is", async () => {
    const [began, said] = await python<[unknown[], string]>(
        `${talk}answer = converse(request + frame({"plans": [work, other]}))`,
    );
    expect(began).toEqual([
        "install",
        expect.objectContaining({ id: "0123456789abcdef" }),
        expect.objectContaining({ id: "fedcba9876543210" }),
    ]);
    expect(said).toMatch(
        /"set": 0, "result": \{"outcome": "applied", "id": "0123456789abcdef"\}[^]*"set": 1, "result": \{"outcome": "applied", "id": "fedcba9876543210"\}/,
    );
});

test("a plan that the client refused, and one of nothing, start no transaction", async () => {
    const [refused, nothing] = await python<[[unknown[], string], [unknown[], string]]>(
        `${talk}answer = [converse(request + frame({"plans": [{"refused": True}, {"refused": True}]})), converse(request + frame({"plans": [{"nothing": True}, {"refused": True}]}))]`,
    );
    expect(refused[0]).toEqual([]);
    expect(nothing[0]).toEqual(["install"]);
    expect(nothing[1]).toContain('"outcome": "unchanged"');
});

test("a full disk on the way is told with its path", async () => {
    const [, said] = await python<[unknown[], string]>(`${talk}
def full(*_):
    raise OSError(28, "No space left on device", "/etc/holdfast/journal")
install.ensure = full
answer = converse(request + plan)`);
    expect(said).toContain("/etc/holdfast/journal: No space left on device; free space");
});
