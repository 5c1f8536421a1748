/** Where progress and warnings of one resource go. */
import type { PhaseEvent } from "../host/observation";

export interface Log {
    /** Shown beside the resource while it is worked on. */
    status(message: string): void;
    info(message: string): void;
    warning(message: string): void;
}

export function statusOf({ phase, message }: PhaseEvent): string {
    return message ? `${phase}: ${message}` : phase;
}
