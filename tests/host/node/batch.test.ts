/** Which transactions go together, and what becomes of the others where one cannot go on. */
import { python, scratch } from "./python";

/** Plans without files, in a /run and a journal of their own; apt and systemd are played. */
const play = `
import os, batch, commands, durable, lock, packages, transaction
durable.RUN = durable.RESULTS = given
lock.LOCK = f"{given}/lock"
transaction.Transaction.prepare = lambda self, complaint=None: complaint and self.fail(transaction.Refused("stage", complaint), durable.NOTHING)
steps = []
for step in ("commit", "enable", "activate", "verify", "finish"):
    setattr(transaction.Transaction, step, lambda self, *_, step=step: self.result or steps.append([step, self.identifier]))
transaction.Transaction.finish = lambda self: self.result or self.decide({"outcome": "applied"})
transaction.recover = lambda tell: {}
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
    expect(batches).toEqual([["0", "1", "2"], ["3", "4"]]);
});

test("apt runs once for all; where that fails, the one at fault is found and the others go on", async () => {
    const [runs, outcomes] = await played<[string[][], object[]]>(`
runs = []
packages.install = lambda names, held: runs.append(names) or ("no such package" if "wrong" in names else None)
outcomes = results([plan("a", packages=["good"]), plan("b", packages=["wrong"]), plan("c")])
answer = [runs, outcomes]`);
    expect(runs).toEqual([["good", "wrong"], ["good"], ["wrong"]]);
    expect(outcomes).toMatchObject([{ outcome: "applied" }, { outcome: "failed", phase: "stage", message: "no such package" }, { outcome: "applied" }]);
});

test("while another apt has the lock, nobody waits for it twice", async () => {
    const [runs, outcomes] = await played<[string[][], object[]]>(`
runs = []
packages.install = lambda names, held: runs.append(names) or "E: Could not get lock /var/lib/dpkg/lock-frontend"
outcomes = results([plan("a", packages=["one"]), plan("b", packages=["two"])])
answer = [runs, outcomes]`);
    expect(runs).toEqual([["one", "two"]]);
    expect(outcomes).toMatchObject([{ outcome: "failed", phase: "stage" }, { outcome: "failed", phase: "stage" }]);
});

test("systemd reads its unit files once, between what the boot starts and what starts now", async () => {
    const steps = await played<string[][]>(`
commands.run = lambda argv, *_: steps.append(argv) or commands.Outcome(0, "", "")
reload = [{"argv": transaction.RELOAD}]
results([plan("a", activate=reload), plan("b", units={"u": {"enabled": True}}), plan("c")])
answer = [step for step in steps if step[0] in ("enable", "activate") or step == transaction.RELOAD]`);
    expect(steps).toEqual([["enable", "a"], ["enable", "b"], ["enable", "c"], ["systemctl", "daemon-reload"], ["activate", "a"], ["activate", "b"], ["activate", "c"]]);
});

test("a lock that cannot be taken refuses them all with the remedy, and is free afterwards", async () => {
    const [refused, later] = await played<[object[], object[]]>(`
plans = [plan("a"), plan("b")]
class Full:
    def __init__(self, file):
        self.file = file
    def write(self, data):
        raise OSError(28, "No space left on device")
    def __getattr__(self, name):
        return getattr(self.file, name)
lock.open = lambda *arguments, **options: Full(open(*arguments, **options))
refused = results(plans)
lock.open, lock.WAIT = open, 0
answer = [refused, results([plan("c")])]`);
    const expected = { outcome: "failed", phase: "lock", rollback: "nothing was changed", message: expect.stringMatching(/lock: No space left on device; free space or inodes there$/) as string };
    expect(refused).toMatchObject([expected, expected]);
    expect(later).toMatchObject([{ outcome: "applied" }]);
});
