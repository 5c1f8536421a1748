/** How Proxmox says no: in the status line, and again in the body. */
export class ApiError extends Error {
    constructor(
        readonly status: number,
        message: string,
        readonly errors?: Readonly<Record<string, string>>,
    ) {
        super(message);
    }
}

export function parameterError(errors: Readonly<Record<string, string>>): ApiError {
    return new ApiError(400, "Parameter verification failed.", errors);
}

export function permissionError(path: string, privilege: string): ApiError {
    return new ApiError(403, `Permission check failed (${path}, ${privilege})`);
}
