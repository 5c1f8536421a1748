/** What a reboot of a node would mean, and what became of a step to it, as host/node/power/ tells them. */
import { z } from "zod";
import { parseAnswer } from "./answers";
import { clusterAnswer } from "./cluster";
import type { NodeClient } from "./nodeClient";
import { line, listOf, seconds, text } from "./values";

const kernelVersion = z.stringFormat("kernel version", /^[0-9A-Za-z][0-9A-Za-z.+~_-]{0,199}$/);

const guest = z.strictObject({
    kind: z.enum(["qemu", "lxc"]),
    id: z.int().min(1).max(999_999_999),
    name: line(100),
});

const outlook = z.strictObject({
    /** Of the boot that is looked at. */
    bootId: z.stringFormat("boot id", /^[0-9a-f-]{36}$/),
    /** `systemctl is-system-running`. */
    system: line(40),
    multiUser: z.boolean(),
    /** Holdfast's own work there. */
    busy: z.strictObject({ state: z.enum(["running", "left open"]), by: line(256), since: seconds }).optional(),
    kernel: z.strictObject({
        running: kernelVersion,
        /** With image and initrd. */
        newest: kernelVersion.nullable(),
        pinned: kernelVersion.nullable(),
        /** Whether proxmox-boot-tool is there. */
        tool: z.boolean(),
    }),
    /** `skipped`: no Proxmox tools. */
    guests: z.strictObject({
        state: z.enum(["ok", "unknown", "skipped"]),
        text: text(4096),
        running: listOf(guest, 100_000),
    }),
    cluster: clusterAnswer,
});

const taken = z.strictObject({
    state: z.enum(["ok", "bad"]),
    code: z.enum(["done", "not-root", "step-failed", "another-boot"]),
    text: text(8192),
});

export type Guest = z.infer<typeof guest>;
export type Outlook = z.infer<typeof outlook>;
export type Taken = z.infer<typeof taken>;

export type Step =
    | { readonly step: "part"; readonly kind: Guest["kind"]; readonly id: number; readonly how: "shutdown" | "migrate" }
    | { readonly step: "pin"; readonly how: "once" | "good"; readonly version: string }
    | { readonly step: "pin"; readonly how: "back"; readonly version: string | null }
    | { readonly step: "reboot"; readonly bootId: string; readonly by: string };

/** Seconds for a step: a guest with much memory takes its time to move. */
const STEP_LIMIT = 3700;

/** @throws UnreachableError where the node cannot be asked, AnswerError where it says what no node says */
export function askOutlook(client: NodeClient): Promise<Outlook> {
    const answer = z.strictObject({ hostname: line(256), outlook });
    return client
        .converse({ op: "outlook" }, (node, said) => parseAnswer(node, said, answer), 120)
        .then((said) => said.outlook);
}

export function takeStep(client: NodeClient, step: Step): Promise<Taken> {
    const answer = z.strictObject({ hostname: line(256), taken });
    return client
        .converse({ op: "step", ...step }, (node, said) => parseAnswer(node, said, answer), STEP_LIMIT)
        .then((said) => said.taken);
}
