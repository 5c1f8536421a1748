/**
 * Whether the wave before has proven what it changed: asked of its nodes themselves, at the moment a node of the next
 * wave would be touched. So it holds whatever a run is told to leave out (`--target`), and a run that finds a wave
 * unproven ends well: what waits is kept as pending, and the next `up` asks again.
 */
import type { NodeClient } from "../host/nodeClient";
import type { Spec } from "../host/observation";
import { readiness } from "../host/readiness";
import type { FileSetArgs, HostArgs, Proof, RolledOut } from "../model/contract/fileSet";
import { RefusedError } from "./refused";

/** Nothing is wrong: it is not this node's turn yet. */
export class WaitsError extends Error {}

/** Why a node of the wave before does not let the next one begin. */
interface Lack {
    readonly node: string;
    /**
     * `boot`: it has to boot first. `change`: it has not its own change. `turn`: it waits itself. `confirmation`: that
     * is not there yet.
     */
    readonly lacks: "boot" | "change" | "turn" | "confirmation";
    readonly text: string;
}

type Asked = Pick<NodeClient, "inspect" | "check">;

const QUESTION = "booted";

export class Proofs {
    /** Nodes that wait themselves. */
    private readonly waiting = new Set<string>();
    /** What each was asked in this run: a wave is over before the next begins, so the answer stays. */
    private readonly asked = new Map<string, Promise<Lack | undefined>>();

    constructor(private readonly nodes: (host: HostArgs) => Asked) {}

    /**
     * @throws WaitsError where the wave before has not proven its change yet, RefusedError where it has booted with it
     * and would not survive another boot, UnreachableError where it cannot be asked
     */
    async prove({ host: { name }, rollout = {} }: Pick<FileSetArgs, "host" | "rollout">): Promise<void> {
        const { proof, after = [] } = rollout;
        if (!proof || after.length === 0) return;
        const lacks = (await Promise.all(byNode(after).map((sets) => this.lackOf(sets, proof)))).filter(
            (lack) => lack !== undefined,
        );
        if (lacks.length === 0) return;
        this.waiting.add(name);
        throw new WaitsError(waitsInWords(name, proof, lacks));
    }

    private lackOf(sets: readonly [RolledOut, ...RolledOut[]], proof: Proof): Promise<Lack | undefined> {
        const node = sets[0].host.name;
        if (this.waiting.has(node))
            return Promise.resolve({ node, lacks: "turn", text: `${node} waits for its own turn` });
        const question = JSON.stringify([proof, sets]);
        const known = this.asked.get(question) ?? lackOf(this.nodes(sets[0].host), node, sets, proof);
        this.asked.set(question, known);
        return known;
    }
}

/** The sets of each node, in the order of the nodes. */
function byNode(after: readonly RolledOut[]): [RolledOut, ...RolledOut[]][] {
    const found = new Map<string, [RolledOut, ...RolledOut[]]>();
    for (const set of after) {
        const others = found.get(set.host.name);
        if (others) others.push(set);
        else found.set(set.host.name, [set]);
    }
    return [...found.values()];
}

async function lackOf(
    client: Asked,
    node: string,
    sets: readonly RolledOut[],
    proof: Proof,
): Promise<Lack | undefined> {
    const files = Object.assign({}, ...sets.map((set) => set.files)) as RolledOut["files"];
    const paths = Object.keys(files);
    const conditions = Object.entries(files).map(([path, { sha256: _, ...when }]) => [path, when] as const);
    const spec: Spec = {
        files: Object.fromEntries(conditions),
        packages: [],
        units: [],
        facts: proof === "booted" ? { [QUESTION]: { probe: "booted-with", args: paths } } : {},
    };
    const { seen, busy } = await client.inspect("rollout", spec, { facts: false, sourced: [] });
    const others = paths.filter((path) => {
        const { kind, sha256 } = seen.files[path]!;
        if (kind === "not applicable") return false;
        return files[path]!.sha256 === undefined ? kind !== "absent" : files[path]!.sha256 !== sha256;
    });
    if (others.length > 0)
        return { node, lacks: "change", text: `${node} has not what the stack declares in ${others.join(", ")}` };
    if (proof === "written") return undefined;
    if (busy) return { node, lacks: "confirmation", text: `on ${node} work is under way: ${busy.by}` };
    if (proof === "confirmed") return undefined;
    const booted = seen.facts[QUESTION]!;
    if (booted.state === "bad") return { node, lacks: "boot", text: `${node} ${booted.text}` };
    if (booted.state !== "ok")
        throw new RefusedError(`${node}: whether it has booted with what it was given cannot be told: ${booted.text}`);
    await refuseUnready(client, node);
    return undefined;
}

/** It has booted, and would not again: no other node is to follow it. */
async function refuseUnready(client: Pick<Asked, "check">, node: string): Promise<void> {
    const { state, reasons } = await readiness(client);
    if (state === "ready") return;
    const why = reasons.map(({ check, text }) => `${check}: ${text}`).join("; ");
    const found = state === "unknown" ? "whether it would again cannot be told" : "would not again";
    throw new RefusedError(
        `${node} has booted with what it was given, and ${found}${why === "" ? "" : ` (${why})`}; look at: holdfast ready ${node}`,
    );
}

function waitsInWords(name: string, proof: Proof, lacks: readonly Lack[]): string {
    const said = lacks.map(({ text }) => text).join("; ");
    const unbooted = lacks.filter((lack) => lack.lacks === "boot").map(({ node }) => node);
    const has = (what: Lack["lacks"]) => lacks.some((lack) => lack.lacks === what);
    const next = has("change")
        ? "pulumi up without --target, which begins there"
        : has("turn")
          ? "what that waits for, then pulumi up"
          : unbooted.length > 0
            ? `holdfast reboot ${unbooted.join(" ")}, then pulumi up`
            : "pulumi up, once that is over";
    return `${name} waits, and is untouched (rollout.proof: ${proof}): ${said}. Next: ${next}`;
}
