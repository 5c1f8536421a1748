/** Errors of the way to the node. Every message names the node and says what to do next. */

/**
 * The node could not be reached or asked; nothing is known about its state. Never the same as "deleted" or "no drift".
 */
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

/** What answers there has another host key than the node, or one that nobody knows. */
export class OtherKeyError extends UnreachableError {}

/** The machine at the node's address is called otherwise. */
export class OtherNameError extends UnreachableError {}

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

/** It said what no program of Holdfast's says. Nothing else of what it says is believed. */
export class AnswerError extends UnreachableError {
    constructor(
        node: string,
        private readonly what: string,
        meanwhile = "",
    ) {
        super(
            node,
            `could not tell: the node ${what}${meanwhile}. What answers there is not Holdfast's own program: look at the node itself, on its console, and trust nothing that it says until you know why`,
        );
    }

    /** `meanwhile`: what had been done when it said so. */
    after(meanwhile: string): AnswerError {
        return new AnswerError(this.node, this.what, `; ${meanwhile}`);
    }
}
