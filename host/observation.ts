/** What the node's program tells: the shapes of host/node/look/observe.py and session.py. */
import type { Cluster } from "./cluster";
import type { Busy } from "../model/contract/busyLook";
import type { CommandArgs, ConfirmArgs, FileArgs } from "../model/contract/fileSet";
import type { Verdict } from "../model/contract/verdict";
import type { NodeFacts } from "../model/lint/lintContext";

/** What to look at. Equal specs have equal JSON: keys are sorted by whoever makes one. */
export interface Spec {
    readonly files: Readonly<Record<string, Pick<FileArgs, "when" | "yields">>>;
    readonly packages: readonly string[];
    readonly units: readonly string[];
    readonly facts: Readonly<Record<string, { readonly probe: string; readonly args: readonly string[] }>>;
}

export interface SeenFile {
    readonly kind: "file" | "absent" | "symlink" | "folder" | "special" | "unreadable" | "not applicable";
    /** A link's target, or why it is unreadable. */
    readonly detail?: string;
    /** UTF-8 text; with `binary`, lossy. */
    readonly content?: string;
    readonly binary?: boolean;
    readonly sha256?: string;
    readonly mode?: string;
    readonly owner?: string;
    readonly group?: string;
    /** Seconds since 1970. */
    readonly modified?: number;
    /** Of a state before Holdfast: no backup is kept of a secret file. */
    readonly secret?: boolean;
}

/** As it was before Holdfast, where Holdfast has switched it. */
export interface UnitBefore {
    readonly kind: "unit";
    readonly enabled?: boolean;
    readonly active?: boolean;
}

export interface SeenUnit {
    readonly enabled: boolean;
    readonly active: boolean;
    /** systemd's own words: `enabled, failed`. */
    readonly detail: string;
}

export interface Observation {
    readonly files: Readonly<Record<string, SeenFile>>;
    readonly packages: readonly string[];
    readonly units: Readonly<Record<string, SeenUnit>>;
    readonly facts: Readonly<Record<string, Verdict>>;
    /** A digest of its machine-id: another one under the same name is another machine. */
    readonly machine?: string;
    /** Content by path of the files that a fact of the probe `sourced-files` asks for. */
    readonly sourced?: Readonly<Record<string, string>>;
}

/** What the lints want to know besides the files themselves. */
export interface Surroundings {
    readonly hostname: string;
    readonly facts?: NodeFacts;
    readonly sourced?: Readonly<Record<string, string>>;
    /** Holdfast's own work there, at the time of the look. */
    readonly busy?: Busy;
    /**
     * By path: who may have written it at the time that was asked about; a path of which nothing is known is missing.
     */
    readonly writers?: Readonly<Record<string, string>>;
    /** By path: where a file comes from that may be replaced unseen; somebody's own is missing. */
    readonly origins?: Readonly<Record<string, "holdfast" | "package" | "installer">>;
    /** How its votes stand, where that was asked. */
    readonly cluster?: Cluster;
    /** The state before Holdfast's first write; a path that Holdfast never wrote is missing here. */
    readonly originals?: Readonly<Record<string, SeenFile | UnitBefore>>;
}

/** What the node's checks alone go by: the commands of Holdfast's own, and the facts of which a value is declared. */
export interface Expected {
    readonly commands: readonly CommandArgs[];
    readonly facts: Readonly<
        Record<string, { readonly probe: string; readonly args: readonly string[]; readonly value: string }>
    >;
}

/** kind, sha256, mode, owner, group, detail: what has to stay the same between the look and the commit. */
export type Identity = readonly (string | null)[];

export function identityOf(seen: SeenFile): Identity {
    return [
        seen.kind,
        seen.sha256 ?? null,
        seen.mode ?? null,
        seen.owner ?? null,
        seen.group ?? null,
        seen.detail ?? null,
    ];
}

export interface PlannedFile {
    readonly was: Identity;
    readonly content?: string;
    readonly absent?: boolean;
    readonly mode: string;
    readonly owner: string;
    readonly group: string;
    /** No backup is kept of what stood there: the transaction's journal has it, for as long as that takes. */
    readonly secret?: true;
}

/** Everything the node needs to finish or undo the transaction by itself. */
export interface Plan {
    readonly id: string;
    /** Who does it, for the lock: `user@workstation`. */
    readonly client: string;
    /** A file's content is secret: what a command says of it is told to the client, and kept out of the node's log. */
    readonly secret?: boolean;
    readonly files: Readonly<Record<string, PlannedFile>>;
    readonly packages: readonly string[];
    readonly units: Readonly<Record<string, { readonly enabled?: boolean; readonly active?: boolean }>>;
    readonly validate: readonly CommandArgs[];
    readonly activate: readonly CommandArgs[];
    readonly verify: readonly CommandArgs[];
    readonly confirm?: ConfirmPlan;
}

/** `token`: SHA-256, in hexadecimal digits, of what a confirmation has to bring. */
export type ConfirmPlan = ConfirmArgs & { readonly token: string };

/** Of a step that was undone; its codes stand in docs/when-things-go-wrong.md. */
export interface StepVerdict extends Verdict {
    /** A path or a unit. */
    readonly subject?: string;
}

export interface Undone {
    /**
     * `nothing`: nothing had been changed. `complete`: the node is as it was. `incomplete`: not all could be put back.
     */
    readonly state: "nothing" | "complete" | "incomplete";
    readonly verdicts: readonly StepVerdict[];
}

/** Where a transaction fails. */
export type Phase = "lock" | "observe" | "stage" | "validate" | "commit" | "activate" | "verify" | "rollback";

export interface Result {
    readonly id?: string;
    /**
     * `stuck`: it failed, and what it had changed could not all be undone. `unknown`: the node knows nothing of this
     * transaction; it never began, or its memory of it is gone.
     */
    readonly outcome: "unchanged" | "applied" | "failed" | "stuck" | "unknown";
    readonly phase?: Phase;
    /** Documented in docs/when-things-go-wrong.md. */
    readonly code?: string;
    readonly message?: string;
    readonly undone?: Undone;
    readonly change?: Change;
}

/** What became of a change that had to be confirmed; the node's record says the same. */
export interface Change {
    /** `too late`: it was confirmed when the node had reverted it. `stuck`: the revert failed. */
    readonly outcome: "confirmed" | "reverted" | "too late" | "stuck";
    /** Why, by the codes of docs/when-things-go-wrong.md, or `confirmed`. */
    readonly code: string;
    readonly text: string;
    /** Who began it. */
    readonly client: string;
    /** Seconds since 1970, by the node's clock. */
    readonly at: number;
    /** What made the node revert. */
    readonly failed: readonly StepVerdict[];
    /** What is not as it was, after the revert. */
    readonly differs: readonly StepVerdict[];
    /** Where it is stuck: what to type at the node's console. */
    readonly console?: string;
}

/** For people. */
export function undoneInWords({ state, verdicts }: Undone): string {
    if (state === "nothing") return "Nothing was changed";
    if (state === "complete") return "The node is as it was";
    return `Rollback NOT complete: ${verdicts.flatMap((each) => (each.state === "ok" ? [] : [each.text])).join("; ")}`;
}

/** For people; the same words on the node: `python3 /usr/local/lib/holdfast/current/main.py change`. */
export function changeInWords({ outcome, text, failed, differs, console }: Change): string {
    const list = (of: readonly StepVerdict[]) => of.map((each) => each.text).join("; ");
    const still = differs.filter(({ state }) => state !== "ok");
    const beside = differs.filter(({ state }) => state === "ok");
    return [
        `the change of the network is ${outcome}: ${failed.length > 0 ? list(failed) : text}`,
        ...(still.length > 0 ? [`does not work after the revert: ${list(still)}`] : []),
        ...(beside.length > 0 ? [`differs after the revert: ${list(beside)}`] : []),
        ...(console === undefined ? [] : [`at the node's console: ${console}`]),
    ].join(". ");
}

export interface PhaseEvent {
    readonly phase: string;
    readonly message: string;
}

/** JSON with sorted keys: equal values have equal text. */
export function canonical(value: unknown): string {
    return JSON.stringify(value, (_, item: unknown) =>
        item !== null && typeof item === "object" && !Array.isArray(item)
            ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
            : item,
    );
}
