/** The hand-over from a session to its runner, at the moments at which either may end. */
import { python, scratch } from "./python";

/** systemd and the transactions are played; files and locks are real. */
const play = `
import os
from engine import batch, commands, durable, lock, recovery, results, runner, transaction, verdict
durable.RUN = durable.RESULTS = given
durable.JOURNAL = f"{given}/journal"
units, done = [], []
def run(argv, timeout=0):
    if argv[0] == "systemd-run":
        units.append(next(word for word in argv if word.startswith("--unit="))[len("--unit="):])
    return commands.Outcome(0, "inactive" if argv[0] == "systemctl" else "", "")
commands.run = run
batch.run = lambda identifiers: done.append(identifiers) or True
plans = [{"id": "0123456789abcdef"}, {"id": "fedcba9876543210"}]
runner.LINGER = 0.05
`;

async function played<T>(script: string): Promise<T> {
    const { folder, remove } = await scratch();
    return python<T>(`${play}${script}`, folder).finally(remove);
}

test("a session that ends before its runner has begun does not take the work with it", async () => {
    const [done, left] = await played<[string[][], string[]]>(`
runner.start(given, plans)
runner.dismiss()
runner.run(units[0])
answer = [done, [name for name in os.listdir(given) if name.endswith(".queue")]]`);
    expect(done).toEqual([["0123456789abcdef", "fedcba9876543210"]]);
    expect(left).toEqual([]);
});

test.each(["0o000", "0o022"])(
    "with umask %s what it leaves in /run is root's alone, all the way down",
    async (umask) => {
        const open = await played<unknown[]>(`
durable.RUN = f"{given}/run/holdfast"
os.makedirs(durable.RUN)
os.chmod(durable.RUN, 0o755)  # as an earlier version's hook made it
lock.GATE = f"{durable.RUN}/start"
os.umask(${umask})
runner.start(given, plans)
batch.Events(f"{durable.RUN}/0123456789abcdef/events").add({})
results.keep("0123456789abcdef", {"outcome": "applied"})
results.keep("00000000000000aa", {"outcome": "applied"})
found = [os.path.join(folder, name) for folder, _, names in os.walk(durable.RUN) for name in [".", *names]]
answer = [len(found), *(path for path in found if os.stat(path).st_mode & 0o077)]`);
        expect(open).toEqual([11]);
    },
);

test("a runner that nobody dismisses leaves after a while, and the next start is a new one", async () => {
    const [first, second] = await played<string[]>(`
runner.start(given, plans[:1])
runner.run(units[0])
runner.start(given, plans[1:])
answer = units`);
    expect([first, second]).toEqual([
        "holdfast-transaction-0123456789abcdef.service",
        "holdfast-transaction-fedcba9876543210.service",
    ]);
});

test("a killed runner's queue is no longer one, and what it has left is reported by the program that follows it", async () => {
    const [units, reported] = await played<[string[], string[]]>(`
reported = []
runner.undo = lambda identifiers, unit: reported.extend(identifiers)
runner.start(given, plans)
open(f"{given}/0123456789abcdef/result.json", "w").close()
runner.after(units[0])
runner.start(given, [{"id": "00000000000000aa"}])
answer = [units, reported]`);
    expect(reported).toEqual(["fedcba9876543210"]);
    expect(units).toHaveLength(2);
});

test("a plan that is handed over twice is done once; one that has its result is begun anew, under another unit's name", async () => {
    const names = await played<string[]>(`
runner.start(given, plans[:1])
runner.is_running = lambda unit: True
runner.start(given, plans[:1])
open(f"{given}/0123456789abcdef/result.json", "w").close()
runner.start(given, plans[:1])
answer = units`);
    expect(names).toEqual([
        "holdfast-transaction-0123456789abcdef.service",
        expect.stringMatching(/^holdfast-transaction-0123456789abcdef-\d+\.service$/),
    ]);
});

test("after a kill each is told what became of it: undone, undone by whoever came first, applied, or never begun", async () => {
    const outcomes = await played<object[]>(`
from engine import lock, packages
lock.LOCK, packages.HELD = f"{given}/lock", f"{given}/held"
durable.RESULTS = f"{given}/results"
os.mkdir(durable.RESULTS)
ids = ["undone", "earlier", "applied", "unbegun"]
runner.start(given, [{"id": identifier, "client": "test"} for identifier in ids])
results.keep("earlier", verdict.failed("verify", "verify-failed", "no", verdict.undone_by([])))
open(f"{given}/applied/{transaction.DECIDED}", "w").close()
left = verdict.undone_by([verdict.bad("edited-since", "/etc/a: left alone: edited since", "/etc/a")])
found = recovery.Found(recovery.Journal("undone"), ["undone"], {"id": "undone", "steps": []}, left, left["verdicts"])
found.journal.close = lambda log: None
recovery.undo_all = lambda log, is_boot: [found]
runner.after(units[0])
answer = [json.load(open(f"{given}/{identifier}/result.json")) for identifier in ids]`);
    expect(outcomes).toMatchObject([
        {
            outcome: "stuck",
            code: "ended-early",
            undone: { state: "incomplete", verdicts: [{ code: "edited-since" }] },
        },
        { outcome: "failed", code: "verify-failed", undone: { state: "complete" } },
        { outcome: "applied" },
        { outcome: "failed", code: "ended-early", undone: { state: "nothing" } },
    ]);
});
