/** After a connection that broke once a plan was sent: the node goes on alone, and remembers the outcome. */
import pRetry, { AbortError } from "p-retry";
import { parseOutcome } from "./answers";
import { ConnectionLostError } from "./errors";
import type { Line } from "./line";
import type { Answer, Push } from "./push";
import { APPLY_TIMEOUT } from "./timeouts";

/** Milliseconds between tries to come back to a running transaction, and how often: a good two minutes. */
const REATTACH = { retries: 12, minTimeout: 1000, maxTimeout: 15_000 };
/** Seconds after which no try is begun any more: a node may report progress for ever in each. */
const REATTACH_FOR = 4 * 3600;
/** So often a node that does not know the transaction is asked again. */
const BEGIN_TRIES = 2;

/** Never rejects: the push learns what became of it. `id`: the transaction's. */
export async function comeBack(line: Line, push: Push, id: string, lost: Error): Promise<void> {
    const node = line.host.name;
    push.tell({
        phase: "verify",
        message: `connection lost (${lost.message}); the node goes on by itself, asking it for the outcome`,
    });
    const until = performance.now() + REATTACH_FOR * 1000;
    // As many at once as sshd allows: those that wait for their turn use up no try.
    const attach = (attempt: number) =>
        line.session(() => {
            if (performance.now() > until) throw new AbortError(`it is not done after ${REATTACH_FOR / 3600} hours`);
            return ask(line, push, id, attempt);
        });
    try {
        push.hearAgain(await pRetry(attach, REATTACH));
    } catch (error) {
        push.fail(
            new ConnectionLostError(
                node,
                `the connection broke during transaction ${id} and the node cannot be asked (${(error as Error).message}). It finishes or undoes the work by itself; when it is back, run up --refresh`,
                { cause: lost },
            ),
        );
    }
}

async function ask(line: Line, push: Push, id: string, attempt: number): Promise<Answer> {
    const talk = await line.talk();
    try {
        talk.send({ op: "result", id, spec: push.spec });
        for (;;) {
            const answer = outcomeIn(line.host.name, await talk.receive(APPLY_TIMEOUT), push);
            // The plan may have arrived whole and be on its way to its service still.
            if (answer.result?.outcome === "unknown" && attempt <= BEGIN_TRIES)
                throw new Error("it has not begun there");
            if (answer.result) return answer;
            push.hear(answer);
        }
    } finally {
        talk.close();
    }
}

/** One that says what no node says is not asked again. */
function outcomeIn(node: string, said: unknown, push: Push): Answer {
    try {
        return parseOutcome(node, said, [push.spec]);
    } catch (error) {
        throw new AbortError(error as Error);
    }
}
