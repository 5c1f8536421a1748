/** What a wave asks of the nodes of the one before; without nodes. */
import type { Look } from "../../host/look";
import type { NodeClient } from "../../host/nodeClient";
import type { SeenFile } from "../../host/observation";
import type { Verdict } from "../../model/contract/verdict";
import type { FileSetArgs, Proof } from "../../model/contract/fileSet";
import { Proofs } from "../../provider/proofs";

const digest = (digit: string) => digit.repeat(64);
const file = (sha256: string): SeenFile => ({
    kind: "file",
    content: "",
    sha256,
    mode: "0644",
    owner: "root",
    group: "root",
});

interface Node {
    readonly files?: Readonly<Record<string, SeenFile>>;
    readonly booted?: Verdict;
    readonly busy?: Look["busy"];
    readonly state?: "ok" | "bad" | "unknown";
}

const booted: Verdict = { state: "ok", code: "seen", text: "booted" };
const unbooted: Verdict = { state: "bad", code: "not-booted-since", text: "has not booted since /etc/hosts changed" };
let asked: string[];
beforeEach(() => (asked = []));

/** A node that has its change, has booted with it and is ready, unless it is told otherwise. */
function clientOf(name: string, { files, booted: told = booted, busy, state = "ok" }: Node): NodeClient {
    const client: Pick<NodeClient, "inspect" | "check"> = {
        inspect: (_name, spec) => {
            asked.push(`look ${name}`);
            const seen: Look["seen"] = {
                files: files ?? { "/etc/hosts": file(digest("a")) },
                packages: [],
                units: {},
                facts: Object.fromEntries("booted" in spec.facts ? [["booted", told]] : []),
            };
            return Promise.resolve({ hostname: name, seen, ...(busy && { busy }) });
        },
        check: () => {
            asked.push(`check ${name}`);
            const one = {
                concern: "boot-readiness",
                check: "space",
                code: "boot-disk-full",
                text: "/ is full",
                remedy: "",
            };
            const verdicts = state === "ok" ? [] : [{ ...one, state }];
            return Promise.resolve({ host: name, version: "0123456789abcdef", at: 0, state, verdicts });
        },
    };
    return client as NodeClient;
}

const setOf = (name: string, proof: Proof | undefined, after: readonly string[]): FileSetArgs => ({
    host: { name, address: name },
    concern: "hosts",
    files: {},
    rollout: {
        proof,
        after: after.map((each) => ({
            host: { name: each, address: each },
            concern: "hosts",
            files: { "/etc/hosts": { sha256: digest("a") } },
        })),
    },
});

const proofsOf = (nodes: Readonly<Record<string, Node>>) => new Proofs(({ name }) => clientOf(name, nodes[name] ?? {}));
const proved = (proof: Proof | undefined, node: Node) =>
    proofsOf({ pve01: node }).prove(setOf("pve02", proof, ["pve01"]));

test("a node that has booted with its change, and is ready, lets the next wave begin", async () => {
    await proved("booted", {});
    expect(asked).toEqual(["look pve01", "check pve01"]);
});
test("nothing is asked where no proof is, and of a first wave", async () => {
    await proved(undefined, { booted: unbooted });
    await proofsOf({}).prove(setOf("pve01", "booted", []));
    expect(asked).toEqual([]);
});
test("one that has not booted since is waited for, and the line says what to type next", async () => {
    await expect(proved("booted", { booted: unbooted })).rejects.toThrow(
        "pve02 waits, and is untouched (rollout.proof: booted): pve01 has not booted since /etc/hosts changed. Next: holdfast reboot pve01, then pulumi up",
    );
});
test("written and confirmed ask for no boot", async () => {
    await proved("written", { booted: unbooted, state: "bad" });
    await proved("confirmed", { booted: unbooted, state: "bad" });
    expect(asked).toEqual(["look pve01", "look pve01"]);
});
test("one that has not its own change yet, as with --target, is waited for whatever the proof is", async () => {
    for (const proof of ["written", "confirmed", "booted"] as const)
        for (const files of [{ "/etc/hosts": file(digest("b")) }, { "/etc/hosts": { kind: "absent" } as const }])
            await expect(proved(proof, { files })).rejects.toThrow(
                "pve01 has not what the stack declares in /etc/hosts. Next: pulumi up without --target, which begins there",
            );
    await proved("booted", { files: { "/etc/hosts": { kind: "not applicable" } } });
});
test("a change that nobody has confirmed yet is not proven", async () => {
    const busy = { state: "running", by: "transaction 1, which waits for its confirmation", since: 0 } as const;
    await expect(proved("confirmed", { busy })).rejects.toThrow("pve01 work is under way: transaction 1, which waits");
    await proved("written", { busy });
});
test("one that has booted and would not again stops the rollout with an error, as does one that cannot tell", async () => {
    await expect(proved("booted", { state: "bad" })).rejects.toThrow(
        "pve01 has booted with what it was given, and would not again (space: / is full); look at: holdfast ready pve01",
    );
    await expect(proved("booted", { state: "unknown" })).rejects.toThrow("whether it would again cannot be told");
    const silent: Verdict = { state: "unknown", code: "no-such-probe", text: "unknown probe booted-with" };
    await expect(proved("booted", { booted: silent })).rejects.toThrow("cannot be told: unknown probe booted-with");
});
test("a wave that waits is waited for by the next one, and nobody is asked twice in a run", async () => {
    const proofs = proofsOf({ pve01: { booted: unbooted } });
    for (const concern of ["hosts", "fstab"])
        await expect(proofs.prove({ ...setOf("pve02", "booted", ["pve01"]), concern } as FileSetArgs)).rejects.toThrow(
            "pve02 waits",
        );
    await expect(proofs.prove(setOf("pve03", "booted", ["pve02"]))).rejects.toThrow("pve02 waits for its own turn");
    expect(asked).toEqual(["look pve01"]);
});
test("several canaries that have to boot are named in one command", async () => {
    const proofs = proofsOf({ pve01: { booted: unbooted }, pve02: { booted: unbooted } });
    await expect(proofs.prove(setOf("pve03", "booted", ["pve01", "pve02"]))).rejects.toThrow(
        "Next: holdfast reboot pve01 pve02, then pulumi up",
    );
});
