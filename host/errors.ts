/** Errors of the way to the node. Every message names the node and says what to do next. */

/** The node could not be reached or asked; nothing is known about its state. Never the same as "deleted" or "no drift". */
export class UnreachableError extends Error {
    override readonly name = "UnreachableError";

    constructor(
        readonly node: string,
        message: string,
        options?: ErrorOptions,
    ) {
        super(`${node}: ${message}`, options);
    }
}

/** The connection broke after a plan was sent: the node finishes or undoes it by itself. */
export class ConnectionLostError extends Error {
    override readonly name = "ConnectionLostError";

    constructor(
        readonly node: string,
        message: string,
        options?: ErrorOptions,
    ) {
        super(`${node}: ${message}`, options);
    }
}
