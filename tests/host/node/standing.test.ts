/**
 * The checks alone: what they go by, and what they say where that is missing, damaged or too much to ask of a timer.
 */
import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Checked } from "../../../host/checked";
import type { Expected } from "../../../host/observation";
import { TalkingNode } from "../../helpers/talkingNode";
import { python, scratch } from "./python";

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => ({ folder, remove } = await scratch()));
afterEach(() => remove());

const name = hostname().split(".")[0]!;

/** `pretend`: further Python before it. */
const check = (names: readonly string[] = [], pretend = "") =>
    python<Checked>(
        `import standing\nstanding.EXPECTED = given["folder"]\n${pretend}\nanswer = standing.answer_of(given["names"], "0123456789abcdef")`,
        { folder, names },
    );
const declare = (concern: string, expected: Partial<Expected>) =>
    writeFile(join(folder, `${concern}.json`), JSON.stringify(expected));

const hosts: Partial<Expected> = {
    commands: [{ argv: ["holdfast", "resolver", "localhost", "192.0.2.11"] }],
    facts: { "resolves localhost": { probe: "resolver", args: ["localhost"], value: "192.0.2.11" } },
};

test("a name that gives a loopback address is told by check and by fact, with code and remedy", async () => {
    await declare("hosts", hosts);
    const { state, verdicts } = await check();
    expect(state).toBe("bad");
    expect(verdicts).toEqual([
        {
            concern: "hosts",
            check: "resolver localhost 192.0.2.11",
            state: "bad",
            code: "name-loopback",
            text: expect.stringMatching(/^localhost still resolves to (127\.0\.0\.1|::1)/),
            remedy: "look for it in /etc/hosts, or in libnss-myhostname and DNS",
        },
        {
            concern: "hosts",
            check: "resolves localhost",
            state: "bad",
            code: "not-as-declared",
            text: expect.stringMatching(/^loopback .*, not 192\.0\.2\.11$/),
            remedy: expect.stringContaining("pulumi preview --refresh"),
        },
    ]);
});

test("where all is as declared, that is said of each", async () => {
    await declare("hosts", hosts);
    const sound =
        "from concerns.hosts.node import checks as c, names\nc.resolve = names.resolve = names.resolve_once = lambda _: ['192.0.2.11']";
    const { state, verdicts, host, at } = await check([], sound);
    expect([state, host, verdicts.map(({ code }) => code)]).toEqual(["ok", name, ["passed", "passed"]]);
    expect(Math.abs(at - Date.now() / 1000)).toBeLessThan(60);
});

test("what could not be looked at is unknown, never ok: nothing expected, a damaged file, an unknown check, one that breaks down", async () => {
    const codes = async (names?: readonly string[], pretend?: string) => {
        const { state, verdicts } = await check(names, pretend);
        return [state, ...verdicts.map(({ concern, code }) => `${concern} ${code}`)];
    };
    expect(await codes()).toEqual(["unknown", "node nothing-expected"]);
    expect(await codes(["hosts"])).toEqual(["unknown", "hosts nothing-expected"]);
    await writeFile(join(folder, "hosts.json"), "{");
    expect(await codes()).toEqual(["unknown", "hosts nothing-expected"]);
    await declare("hosts", { commands: [{ argv: ["holdfast", "of-a-later-version"] }] });
    expect(await codes()).toEqual(["unknown", "hosts no-such-check"]);
    await declare("hosts", { commands: [{ argv: ["holdfast", "resolver", "only-one-word"] }] });
    expect(await codes()).toEqual(["unknown", "hosts check-failed"]);
    await declare("hosts", { facts: { x: { probe: "of-a-later-version", args: [], value: "ok" } } });
    expect(await codes()).toEqual(["unknown", "hosts no-such-probe"]);
});

test("bad stays bad beside what could not be told", async () => {
    await declare("hosts", hosts);
    await writeFile(join(folder, "fstab.json"), "{");
    expect((await check()).state).toBe("bad");
});

test("a check that wakes disks or starts something is left to transactions", async () => {
    await declare("smartd", { commands: [{ argv: ["holdfast", "smartd", "{staged:/etc/smartd.conf}"] }] });
    expect((await check()).verdicts.map(({ state, code }) => [state, code])).toEqual([
        ["skipped", "only-in-transaction"],
    ]);
});

test("the live file is looked at in place of the staged one", async () => {
    await declare("fstab", { commands: [{ argv: ["holdfast", "findmnt", "{staged:/etc/fstab}"] }] });
    const pretend =
        "from look.verdict import bad\nfrom concerns.fstab.node import checks as c\nc.findmnt = lambda timeout, path: bad('fstab-refused', path)";
    expect((await check([], pretend)).verdicts[0]).toMatchObject({ code: "fstab-refused", text: "/etc/fstab" });
});

test("main.py prints it, with an exit status for each state", async () => {
    const status = (state: string) =>
        python<unknown>(
            `import contextlib, io, main, standing
standing.answer_of = lambda names, version: {"state": given, "names": names}
out = io.StringIO()
with contextlib.redirect_stdout(out):
    status = main.main(["check", "hosts"])
answer = [status, json.loads(out.getvalue())]`,
            state,
        );
    expect(await status("ok")).toEqual([0, { state: "ok", names: ["hosts"] }]);
    expect(await status("bad")).toEqual([2, { state: "bad", names: ["hosts"] }]);
    expect(await status("unknown")).toEqual([1, { state: "unknown", names: ["hosts"] }]);
    const usage = "import contextlib, io, main\nwith contextlib.redirect_stderr(io.StringIO()):\n";
    expect(await python(`${usage}    answer = [main.main(words) for words in ([], ["run"], ["no"])]`)).toEqual([
        64, 64, 64,
    ]);
});

test("a client asks the same over its connection", async () => {
    process.env["HOLDFAST_SSH_CONFIG"] = "/dev/null";
    const node = await TalkingNode.running();
    try {
        const { verdicts, state, host } = await node.client(name).check(["not-pushed"]);
        expect([host, state, verdicts.map(({ code }) => code)]).toEqual([name, "unknown", ["nothing-expected"]]);
    } finally {
        await node.stop();
    }
});
