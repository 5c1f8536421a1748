/** What is said of a fact that no `up` can change. */
import type { FactArgs, FileSetArgs } from "../../model/contract/fileSet";
import type { Verdict } from "../../model/contract/verdict";
import { compare } from "../../provider/compare";
import { stateOf } from "../../provider/state";
import { stillDiffers } from "../../provider/stillDiffers";

const host = { name: "pve01", address: "192.0.2.11" };

function said(name: string, fact: FactArgs, verdict: Partial<Verdict>): string[] {
    const declared: FileSetArgs = { host, concern: "test", files: {}, facts: { [name]: fact } };
    const facts: Record<string, Verdict> = { [name]: { state: "ok", code: "seen", text: "", ...verdict } };
    const seen = { files: {}, packages: [], units: {}, facts };
    const state = stateOf(declared, seen);
    return stillDiffers(declared, state, compare(state, declared), seen);
}

const source = { probe: "source", args: ["UUID=9c8d", "/srv/usb"], value: "present" };

test("a missing optional disk: what it means, and what to do", () => {
    expect(said("source UUID=9c8d", source, { text: "absent" })).toEqual([
        expect.stringMatching(
            /^UUID=9c8d is not on this node, so nothing can be mounted on \/srv\/usb: .* Plug the disk in; .*take its entry out of the node's fstab in the stack$/,
        ),
    ]);
});

test("what is as declared, or has nothing to tell, is not spoken of", () => {
    expect(said("source UUID=9c8d", source, { text: "present" })).toEqual([]);
    expect(said("source UUID=9c8d", source, { state: "skipped", code: "root-without-device", text: "zfs" })).toEqual(
        [],
    );
});

test.each<[string, FactArgs, string, RegExp]>([
    ["mount", { probe: "mount", args: ["/srv"], value: "mounted" }, "not mounted", /: mount \/srv$/],
    [
        "resolver",
        { probe: "resolver", args: ["pve01"], value: "192.0.2.11" },
        "loopback 127.0.1.1",
        /pve01 to loopback 127\.0\.1\.1 and not to 192\.0\.2\.11.*nsswitch/,
    ],
    ["pending", { probe: "interfaces-pending", value: "none" }, "pending", /interfaces\.new waits.*Revert/],
    ["log", { probe: "last-run", args: ["/s", "3"], value: "on time" }, "never", /not known to have run.*list-timers/],
    ["SEL", { probe: "sel", value: "has room" }, "nearly full", /nearly full.*ipmitool sel clear$/],
    ["new", { probe: "of-tomorrow", value: "well" }, "ill", /^'new' is 'ill' and not 'well'\. Look at the node$/],
    ["log", { probe: "exporter", args: ["9100"], value: "answers" }, "a\u001b]0;x\u202e", /a\\x1b\]0;x\\u202e/],
])("%s: %j", (name, fact, text, expected) => {
    expect(said(name, fact, { text })).toEqual([expect.stringMatching(expected)]);
});

test("what could not be told is not said to be wrong; the code says what to do", () => {
    const fact = { probe: "sel", value: "has room" };
    expect(said("SEL", fact, { state: "unknown", code: "no-reading", text: "unknown" })).toEqual([
        "whether 'SEL' is 'has room' could not be told. The next run may have one; else look at: journalctl -t holdfast",
    ]);
    expect(said("source UUID=9c8d", source, { state: "unknown", code: "probe-failed", text: "OSError: 5" })).toEqual([
        expect.stringMatching(/^whether .* could not be told: OSError: 5\. /),
    ]);
});

test("files and units are named by their path", () => {
    const declared: FileSetArgs = { host, concern: "test", files: {}, units: { "a.service": { active: true } } };
    const seen = { files: {}, packages: [], units: {}, facts: {} };
    const state = stateOf(declared, seen);
    expect(stillDiffers(declared, state, compare(state, declared), seen)).toEqual([
        expect.stringMatching(/^units\["a\.service"\]\.active is still not as declared/),
    ]);
});
