/** What the API, or the way to it, had to say. */
export class ApiError extends Error {
    override readonly name = "ApiError";

    /** @param status of HTTP; undefined where there was no answer of an API */
    constructor(
        message: string,
        readonly status?: number,
        options?: ErrorOptions,
    ) {
        super(message, options);
    }

    /**
     * There is no such storage; Proxmox says so with a 500, never with a 404. Of nothing else: a guest's file "does not
     * exist" while the guest moves to another node.
     */
    get isAbsent(): boolean {
        return this.status === 500 && /: 500 storage '[^']*' does not exist$/.test(this.message);
    }
}
