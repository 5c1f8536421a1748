/** One command to a running QEMU, over its monitor socket (QMP). */
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** Milliseconds: it says nothing while it writes or reads a snapshot of all memory, on a busy machine for minutes. */
const ANSWER = 600_000;

interface Answer {
    readonly QMP?: unknown;
    readonly return?: unknown;
    readonly error?: { readonly class: string; readonly desc: string };
    readonly event?: string;
}

/**
 * @param socket path of QEMU's monitor socket
 * @returns what QEMU returned; events are passed over
 * @throws where nothing listens there, QEMU refuses the command, or says nothing for ten minutes
 */
export async function qmp(
    socket: string,
    execute: string,
    args: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
    const connection = connect(socket);
    connection.setTimeout(ANSWER, () => connection.destroy(new Error(`QEMU does not answer at ${socket}`)));
    try {
        await new Promise<void>((connected, failed) => connection.once("connect", connected).once("error", failed));
        const commands = [{ execute: "qmp_capabilities" }, { execute, arguments: args }];
        let result: unknown;
        for await (const line of createInterface({ input: connection })) {
            const answer = JSON.parse(line) as Answer;
            if (answer.error) throw new Error(`QEMU refuses ${execute}: ${answer.error.desc}`);
            if (answer.event !== undefined) continue;
            // The greeting and each result ask for the next command.
            const next = commands.shift();
            if (next === undefined) return answer.return;
            result = answer.return;
            connection.write(`${JSON.stringify(next)}\n`);
        }
        throw new Error(`QEMU ended during ${execute} (last answer: ${JSON.stringify(result)})`);
    } finally {
        connection.destroy();
    }
}
