/** `holdfast ready`: what the nodes say in words, and the exit status. */
import { askAll, exitStatus, renderReady, type Answer } from "../../cli/ready/run";
import { chosen } from "../../cli/stackFleet";
import type { Checked } from "../../host/checked";
import type { NodeClient } from "../../host/nodeClient";
import { UnreachableError } from "../../host/errors";
import { parseFleet } from "../../components/fleet";

const verdict = (check: string, state: "ok" | "bad" | "unknown" | "skipped", text = "", remedy = "") => ({
    concern: "boot-readiness",
    check,
    state,
    code: "boot-x",
    text,
    remedy,
});
const proof = verdict("proof", "skipped", "not proven since 2026-11-20: /etc/fstab changed");
const said = (state: Checked["state"], ...verdicts: Checked["verdicts"]): Checked => ({
    host: "pve01",
    version: "0",
    at: 1,
    state,
    verdicts: [...verdicts, proof],
});

const { nodes } = parseFleet(
    {
        nodes: {
            pve01: { address: "192.0.2.11" },
            pve02: { address: "192.0.2.12" },
            pve03: { address: "192.0.2.13", maintenance: true },
        },
    },
    () => "",
).fleet!;

/** Of nodes that answer so. */
function stack(answers: Readonly<Record<string, Checked | Error>>) {
    const ended: string[] = [];
    const clientOf = ({ identity: { name } }: (typeof nodes)[number]) => {
        const answer = answers[name] ?? new Error(`${name} was asked`);
        return {
            check: (concerns: readonly string[]) => {
                expect(concerns).toEqual(["boot-readiness"]);
                return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ ...answer, host: name });
            },
            end: () => ended.push(name),
        } as unknown as NodeClient;
    };
    return { stack: { nodes, clientOf }, ended };
}

const ok = said("ok", verdict("own-name", "ok", "pve01 is 192.0.2.11"));
const bad = said("bad", verdict("own-name", "bad", "pve01 resolves to 127.0.1.1", "correct /etc/hosts"));
const untold = said("unknown", verdict("fstab-generator", "unknown", "unshare is not installed"));

test("a node that is ready, with what its files' last boot says; connections are closed", async () => {
    const { stack: one, ended } = stack({ pve01: ok });
    const answers = await askAll(one, ["pve01"]);
    expect(renderReady(answers, false)).toBe("pve01: ready; not proven since 2026-11-20: /etc/fstab changed\n");
    expect([exitStatus(answers), ended]).toEqual([0, ["pve01"]]);
    expect(renderReady(answers, true)).toContain("\n  ok      own-name: pve01 is 192.0.2.11\n");
});

test("what is bad is said with its remedy, and wins over what could not be told", async () => {
    const { stack: both } = stack({ pve01: bad, pve02: new UnreachableError("pve02", "no route to host") });
    const answers = await askAll(both, ["pve02", "pve01"]);
    expect(renderReady(answers, false)).toBe(
        "pve01: NOT ready; not proven since 2026-11-20: /etc/fstab changed\n  bad     own-name: pve01 resolves to 127.0.1.1. correct /etc/hosts\npve02: unreachable: pve02: no route to host\n",
    );
    expect(exitStatus(answers)).toBe(2);
});

test.each<[string, Readonly<Record<string, Checked | Error>>, string[]]>([
    ["a check that could not look", { pve01: ok, pve02: untold }, ["pve01", "pve02"]],
    ["a node that does not answer", { pve01: ok, pve02: new Error("silent") }, ["pve01", "pve02"]],
    ["a node under maintenance, which nobody asks", { pve01: ok, pve02: ok }, []],
])("%s is not taken for ready", async (_, answers, names) => {
    expect(exitStatus(await askAll(stack(answers).stack, names))).toBe(1);
});

test("nobody asked is no yes, and a node that the stack has not is an error that names those it has", () => {
    expect(exitStatus([])).toBe(1);
    expect(() => chosen({ nodes }, ["pve09"])).toThrow(
        "pve09: the stack declares no such node; it has pve01, pve02, pve03",
    );
});

test("what a node says steers no terminal", () => {
    const answer = { node: "pve01", state: "unreachable", reason: "\u001b[2Jgone" } satisfies Answer;
    expect(renderReady([answer], false)).not.toContain("\u001b");
});
