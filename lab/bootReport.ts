/** What the console would have shown after a boot, read from a node that answers. */
import type { ExecaReturnValue } from "execa";

export interface ExecOptions {
    /** Standard input. */
    readonly input?: string | Buffer;
    /** Seconds; 60 by default. */
    readonly timeout?: number;
    /** false: a non-zero exit status is a result, not an error. */
    readonly reject?: boolean;
    /** false: the output keeps its final newline. */
    readonly strip?: boolean;
}

/** Runs a command inside a node, as root. */
export type Exec = (command: readonly string[], options?: ExecOptions) => Promise<ExecaReturnValue>;

export interface BootReport {
    /** Whether multi-user.target was reached. */
    readonly multiUser: boolean;
    readonly failed: readonly { readonly unit: string; readonly message: string }[];
    /** Seconds from power-on to the end of the start-up jobs. */
    readonly seconds: number;
}

/** One command for all of it: in emulation each connection takes a second. */
export async function readBootReport(exec: Exec, seconds: number): Promise<BootReport> {
    const { stdout } = await exec(["sh", "-c", script]);
    const [target, ...units] = stdout.split("\n").map((line) => line.trim());
    const failed = units.filter(Boolean).map((line) => {
        const [unit = "", ...message] = line.split(" ");
        return { unit, message: message.join(" ") };
    });
    return { multiUser: target === "active", failed, seconds };
}

/** The target's state, then a line for each failed unit: its name, and the last that its journal has. */
const script = `
systemctl is-active multi-user.target
systemctl list-units --failed --plain --no-legend --no-pager | while read -r unit rest; do
    printf '%s ' "$unit"; journalctl --boot _SYSTEMD_UNIT="$unit" --output=cat --no-pager --lines=1 | tr '\\n' ' '; echo
done`;
