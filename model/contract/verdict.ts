/** What node, provider and commands tell each other about one thing: data. Nobody reads what it means out of `text`. */

export interface Verdict {
    /** `ok`: there is something to show, in `text`. `unknown`: it could not be told. `skipped`: there is nothing to tell here. */
    readonly state: (typeof states)[number];
    /** One of `factCodes`; it never changes its meaning. */
    readonly code: string;
    /** For people. */
    readonly text: string;
}

export const states = ["ok", "bad", "unknown", "skipped"] as const;

/** Codes of facts, and what each means. They are never renamed nor used for something else. */
export const factCodes = {
    seen: "the fact's value is the text; whether it is as declared, the provider compares",
    "all-may-scrape": "every address of this host may scrape, so none can be tried that may not",
    "bmc-silent": "the BMC does not say how full its event log is",
    "judged-by-lints": "the content goes with the answer, and the lints on the workstation judge it",
    "mail-does-not-say": "the mail program did not answer what became of the last mail",
    "network-never-started": "ifupdown2 has left no record of a start of the network",
    "no-bmc": "this node has no BMC",
    "no-reading": "the program that reads it has left no reading, or could not read",
    "no-self-tests": "smartd starts self-tests of no disk here",
    "no-such-probe": "the node's program does not know the probe: it is of another version",
    "probe-failed": "the probe ended with an error, which is in the text",
    "root-without-device": "/ is on no block device (ZFS, an overlay), so its entry names none",
} as const satisfies Readonly<Record<string, string>>;

const SKIPPED = "not checked";

/** In state and outputs a fact is one string, as in the states of every earlier version: this writes it … */
export function factText({ state, text }: Verdict): string {
    if (state !== "skipped") return text;
    return text === "" ? SKIPPED : `${SKIPPED}: ${text}`;
}

/** … and this reads it: a fact that is skipped on this node is no difference. */
export function isSkippedFact(value: string): boolean {
    return value === SKIPPED || value.startsWith(`${SKIPPED}: `);
}

/** Of a fact that is only reported: it could not be told, or a mail got nowhere. */
const reported = /^(?:unknown|undeliverable)\b/;

/** Whether it deserves a line where only exceptions are told. `declared`: undefined where nothing is expected of it. */
export function isExceptionalFact(value: string, declared: string | undefined): boolean {
    if (isSkippedFact(value)) return false;
    return declared === undefined ? reported.test(value) : value !== declared;
}
