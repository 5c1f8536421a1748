/** The node may not be touched: an edit that nobody has seen, or a lint that only the node's facts could decide. */
export class RefusedError extends Error {
    override readonly name = "RefusedError";
}
