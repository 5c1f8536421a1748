/** Which transactions go together, and what becomes of the others where one cannot go on. */
import { python, scratch } from "./python";

/** Plans without files, in a /run and a journal of their own; apt and systemd are played. */
const play = `
import os
from engine import batch, commands, durable, lock, packages, refusal, transaction, unit_steps, verdict
from look import observe
durable.RUN = durable.RESULTS = given
durable.JOURNAL = f"{given}/journal"
os.mkdir(durable.JOURNAL)
packages.HELD = f"{given}/held"
there = []
observe.installed_packages = lambda names: [name for name in names if name in there]
lock.LOCK = f"{given}/lock"
transaction.Transaction.prepare = lambda self, complaint=None: complaint and self.fail(complaint, verdict.NOTHING)
steps = []
for step in ("commit", "enable", "activate", "verify", "finish"):
    setattr(transaction.Transaction, step, lambda self, *_, step=step: self.result or steps.append([step, self.identifier]))
transaction.Transaction.finish = lambda self: self.result or self.decide({"outcome": "applied"})
observe.missing_units = lambda names: names
def said(text, code="package-failed"):
    return refusal.Refused("stage", text, code)
def plan(identifier, **more):
    os.mkdir(f"{given}/{identifier}")
    with open(f"{given}/{identifier}/plan.json", "w") as stream:
        json.dump({"id": identifier, "client": "test", "files": {}, **more}, stream)
    return identifier
def results(identifiers):
    batch.run(identifiers)
    return [json.load(open(f"{given}/{identifier}/result.json")) for identifier in identifiers]
`;

async function played<T>(script: string): Promise<T> {
    const { folder, remove } = await scratch();
    return python<T>(`${play}${script}`, folder).finally(remove);
}

test("two that touch the same file or unit are not done together, since a power cut undoes them in any order", async () => {
    const batches = await played<string[][]>(`
each = [{"files": {"/a": {}}}, {"files": {"/b": {}}, "units": {"u": {}}}, {"files": {"/c": {}}}, {"files": {"/b": {}}}, {"files": {}, "units": {"u": {}}}]
split = batch.split([transaction.Transaction({"id": str(number), **plan}, None) for number, plan in enumerate(each)])
answer = [[one.identifier for one in together] for together in split]`);
    expect(batches).toEqual([
        ["0", "1", "2"],
        ["3", "4"],
    ]);
});

test("a unit's own file and its drop-ins are claimed with the unit", async () => {
    const claims = await played<string[]>(
        `answer = sorted(batch.claims_of({"files": {"/etc/systemd/system/a.service": {}, "/etc/systemd/system/b.service.d/x.conf": {}, "/etc/fstab": {}}}))`,
    );
    expect(claims).toEqual([
        "/etc/fstab",
        "/etc/systemd/system/a.service",
        "/etc/systemd/system/b.service.d/x.conf",
        "a.service",
        "b.service",
    ]);
});

test("apt runs once for all; where that fails, the one at fault is found and the others go on", async () => {
    const [runs, outcomes] = await played<[string[][], object[]]>(`
runs = []
packages.install = lambda names: runs.append(names) or (said("no such package") if "wrong" in names else there.extend(names))
outcomes = results([plan("a", packages=["good"]), plan("b", packages=["wrong"]), plan("c")])
answer = [runs, outcomes]`);
    expect(runs).toEqual([["good", "wrong"], ["good"], ["wrong"]]);
    expect(outcomes).toMatchObject([
        { outcome: "applied" },
        { outcome: "failed", phase: "stage", message: "no such package" },
        { outcome: "applied" },
    ]);
});

test("a package that is there has no complaint, though apt fails for another's sake ever after", async () => {
    const outcomes = await played<object[]>(`
packages.install = lambda names: there.append("good") or said("boom")
answer = results([plan("a", packages=["good"]), plan("b", packages=["wrong"])])`);
    expect(outcomes).toMatchObject([{ outcome: "applied" }, { outcome: "failed", phase: "stage", message: "boom" }]);
});

test("while another apt has the lock, nobody waits for it twice; a list that could not be fetched meanwhile is another matter", async () => {
    const [runs, outcomes] = await played<[string[][], object[]]>(`
runs = []
packages.install = lambda names: runs.append(names) or said("E: Could not get lock", "package-locked")
outcomes = results([plan("a", packages=["one"]), plan("b", packages=["two"])])
packages.install = lambda names: runs.append(names) or said("E: Unable to locate package x (apt-get update: E: Could not get lock)")
results([plan("c", packages=["one"]), plan("d", packages=["two"])])
answer = [runs, outcomes]`);
    expect(runs).toEqual([["one", "two"], ["one", "two"], ["one"], ["two"]]);
    expect(outcomes).toMatchObject([
        { outcome: "failed", phase: "stage" },
        { outcome: "failed", phase: "stage" },
    ]);
});

test("every unit that the packages bring is masked for all of apt's runs, and what an earlier version's killed run left masked is released", async () => {
    const calls = await played<unknown[]>(`
calls = []
commands.run = lambda argv, *_, **__: calls.append(" ".join(argv)) or commands.Outcome(0, "", "")
observe.observe_units = lambda names: {name: {"enabled": False, "active": False, "detail": "not-found"} for name in names}
packages.install = lambda names: calls.append("apt " + " ".join(names)) or said("boom")
with open(packages.HELD, "w") as stream:
    stream.write("left.service")
results([plan("a", packages=["one"], units={"one.service": {"enabled": True}}), plan("b", packages=["two"], units={"two.service": {"enabled": True}})])
answer = [call for call in calls if "mask" in call or "apt" in call] + [os.path.exists(packages.HELD), os.listdir(durable.JOURNAL)]`);
    expect(calls).toEqual([
        "systemctl unmask --runtime -- left.service",
        "systemctl mask -- one.service two.service",
        "apt one two",
        "apt one",
        "apt two",
        "systemctl unmask -- one.service two.service",
        false,
        [],
    ]);
});

test("where one cannot be undone, none goes on beside what it left, and each is told the truth", async () => {
    const outcomes = await played<object[]>(`
def broken(self):
    def fail():
        raise transaction.Refused("commit", "EIO", "disk-failing")
    def stay():
        raise OSError(30, "Read-only file system", "/etc/a")
    self.state, self.journal.read = transaction.State.COMMITTED, stay
    self.attempt("commit", fail)
def commit(self):
    if self.identifier == "b":
        broken(self)
transaction.Transaction.commit = commit
answer = results([plan("a"), plan("b"), plan("c")])`);
    expect(outcomes).toMatchObject([
        {
            outcome: "failed",
            phase: "commit",
            code: "beside-stuck",
            message: "transaction b could not be undone, so nothing beside it goes on",
            undone: { state: "nothing" },
        },
        {
            outcome: "stuck",
            phase: "commit",
            code: "disk-failing",
            message: "EIO",
            undone: {
                state: "incomplete",
                verdicts: [
                    {
                        state: "bad",
                        code: "undo-failed",
                        text: expect.stringMatching(
                            /Read-only file system: '\/etc\/a'; the next transaction or boot tries again$/,
                        ) as string,
                    },
                ],
            },
        },
        { outcome: "failed", phase: "commit" },
    ]);
});

test("systemd reads its unit files once, between what the boot starts and what starts now", async () => {
    const steps = await played<string[][]>(`
commands.run = lambda argv, *_, **__: steps.append(argv) or commands.Outcome(0, "", "")
transaction.Transaction.enable = lambda self: steps.append(["enable", self.identifier])
def activate(self, reload):
    if self.reads_units:
        reload(lambda *_: None)
    steps.append(["activate", self.identifier])
transaction.Transaction.activate = activate
reload = [{"argv": unit_steps.RELOAD}]
results([plan("a", activate=reload), plan("b", units={"u": {"enabled": True}}), plan("c")])
answer = [step for step in steps if step[0] in ("enable", "activate") or step == unit_steps.RELOAD]`);
    expect(steps).toEqual([
        ["enable", "a"],
        ["enable", "b"],
        ["enable", "c"],
        ["systemctl", "daemon-reload"],
        ["activate", "a"],
        ["activate", "b"],
        ["activate", "c"],
    ]);
});

test("a lock that cannot be taken refuses them all with the remedy, and is free afterwards", async () => {
    const [refused, later] = await played<[object[], object[]]>(`
plans = [plan("a"), plan("b")]
class Full(lock.io.FileIO):
    def write(self, data):
        raise OSError(28, "No space left on device")
real, lock.io.FileIO = lock.io.FileIO, Full
refused = results(plans)
lock.io.FileIO, lock.WAIT = real, 0
answer = [refused, results([plan("c")])]`);
    const expected = {
        outcome: "failed",
        phase: "lock",
        code: "disk-full",
        undone: { state: "nothing", verdicts: [] },
        message: expect.stringMatching(/lock: No space left on device; free space or inodes there$/) as string,
    };
    expect(refused).toMatchObject([expected, expected]);
    expect(later).toMatchObject([{ outcome: "applied" }]);
});

test("a fault of the program's own is one transaction's alone, told with its kind; those beside it go on", async () => {
    const outcomes = await played<object[]>(`
def faulty(self):
    self.attempt("commit", (lambda: {}["lost"]) if self.identifier == "b" else (lambda: None))
transaction.Transaction.commit = faulty
answer = results([plan("a"), plan("b"), plan("c")])`);
    expect(outcomes).toMatchObject([
        { outcome: "applied" },
        {
            outcome: "failed",
            phase: "commit",
            message: expect.stringMatching(/^KeyError: 'lost'; a fault of Holdfast's own/) as string,
            code: "fault",
            undone: { state: "nothing" },
        },
        { outcome: "applied" },
    ]);
});
