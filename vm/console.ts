/** What a boot's console tells where nobody can log in. Pure. */

/** A unit that could not be started, as the console says it. */
export interface ConsoleFailure {
    readonly unit: string;
    readonly message: string;
}

/** systemd's emergency mode, with a shell or with none where root's password is locked. */
export function hasGivenUp(said: string): boolean {
    return /You are in emergency mode|root account is locked/.test(said);
}

/**
 * The kernel ran into a breakpoint of its own making: it patches itself while it boots, and QEMU's emulation, a thread
 * for each processor, can run what has just been taken away again. Seen once in some hundred boots. Or its timer did
 * not tick while the kernel waited for it, on a busy workstation. No fault of what is in the node.
 */
export function hasTripped(said: string): boolean {
    return /Oops: int3[^]*Kernel panic|Kernel panic - not syncing: IO-APIC \+ timer doesn't work/.test(said);
}

/**
 * systemd's own lines: `[FAILED] Failed to mount srv-local.mount - /srv/local.`, `[ TIME ] Timed out waiting for device
 * …`.
 */
export function readConsoleFailures(said: string): ConsoleFailure[] {
    const plain = said.replace(/\x1b\[[\d;?]*[A-Za-z]/g, "");
    return [...plain.matchAll(/^\s*\[\s*(?:FAILED|DEPEND|TIME)\s*\]\s*(.*?)\s*$/gm)].map(([, message = ""]) => ({
        unit: /\S+\.(?:mount|service|device|target|swap|socket)\b/.exec(message)?.[0] ?? "",
        message,
    }));
}
