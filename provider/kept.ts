/** A failure after which the resource is kept in state, as it was found, so that the next `up` goes on from there. */
export class KeptError extends Error {
    constructor(
        message: string,
        readonly state: object,
        /** By default that of a FileSet's state. */
        readonly id?: string,
    ) {
        super(message);
    }
}
