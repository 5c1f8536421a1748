/** What node, provider and commands tell each other about one thing: data. Nobody reads what it means out of `text`. */

export interface Verdict {
    /**
     * `ok`: there is something to show, in `text`. `unknown`: it could not be told. `skipped`: there is nothing to tell
     * here.
     */
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
    "boot-bad": "a check of the group says that the node would not survive a reboot",
    "boot-nothing-to-check": "no check of the group has anything to tell on this machine",
    "boot-untold": "a check of the group could not tell",
    "backup-does-not-say": "the backup program did not answer what became of its last run",
    "bmc-silent": "the BMC does not say how full its event log is",
    "docker-silent": "Docker, or the program that asks it, did not answer which containers run",
    "guard-silent": "the network guard's program is not there, or did not answer",
    "judged-by-lints": "the content goes with the answer, and the lints on the workstation judge it",
    "keys-unreadable": "root's own authorized_keys cannot be read (pmxcfs hangs?)",
    "mail-does-not-say": "the mail program did not answer what became of the last mail",
    "network-never-started": "ifupdown2 has left no record of a start of the network",
    "no-bmc": "this node has no BMC",
    "no-ifupdown2": "the node has classic ifupdown",
    "no-drill-yet": "no restore on trial has been due since the stack asked for it",
    "no-reading": "the program that reads it has left no reading, or could not read",
    "no-self-tests": "smartd starts self-tests of no disk here",
    "no-such-probe": "the node's program does not know the probe: it is of another version",
    "not-booted-since": "the node has not booted since one of the files changed",
    "probe-failed": "the probe ended with an error, which is in the text",
    "reload-refused": "a change of the running network would be refused now, for the reason in the text",
    "root-without-device": "/ is on no block device (ZFS, an overlay), so its entry names none",
    "sshd-silent": "sshd -T did not say which key files it reads",
} as const satisfies Readonly<Record<string, string>>;

/**
 * Codes of checks, and what each means; docs/checks.md lists them. They are never renamed nor used for something else.
 */
export const checkCodes = {
    passed: "all is as it should be",
    "address-not-held": "no interface holds the declared address, and none gets it at the next boot",
    "addresses-untold": "which addresses the node has could not be told",
    "boot-check-failed": "a check of the next boot broke down with the error in its text",
    "check-failed": "the check broke down with the error in its text",
    "exporter-open": "the metrics' port answers addresses that may not scrape",
    "exporter-silent": "nothing answers on the metrics' port",
    "filter-not-enforced":
        "this kernel does not enforce IPAddressDeny=, so the metrics' port would be open to everyone",
    "findmnt-silent": "findmnt --verify did not run to its end",
    "fstab-refused": "findmnt --verify finds faults in the fstab",
    "generator-failed": "the dry run of systemd's fstab generator failed",
    "ifup-silent": "ifup did not run to its end",
    "interfaces-refused": "the node's own ifup refuses the interfaces file",
    "keys-not-read": "sshd does not read the file with the rescue keys",
    "keys-refused": "ssh-keygen takes some of the rescue keys' lines for no keys",
    "mount-stops-boot": "a mount that is not essential would stop the boot when its disk is missing",
    "name-elsewhere": "the node's name resolves to another address than the declared one, or to none",
    "name-loopback": "the node's name resolves to a loopback address, with which pmxcfs does not start",
    "no-such-check": "the node's program does not know the check: it is of another version",
    "not-as-declared": "a fact is not as the stack declares it",
    "nothing-expected": "nothing on the node says what is expected of it, or it cannot be read",
    "only-in-transaction": "the check wakes a disk or starts something, so it is asked in a transaction alone",
    "smartd-refused": "smartd refuses its configuration, or cannot watch a disk that is there",
    "smartd-silent": "smartd did not run to its end",
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
