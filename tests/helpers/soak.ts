/** How often a test tries: `npm run soak` asks for many times as much, since some faults are rare. */
import fc from "fast-check";

/** Times as much as in `npm test`. */
export const soak = Number(process.env["HOLDFAST_SOAK"] ?? 1);

export function runs(count: number): number {
    return count * soak;
}

// What says nothing of its own gets fast-check's hundred.
fc.configureGlobal({ numRuns: runs(100) });
