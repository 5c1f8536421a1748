/** Figures of several runs. */

export function median(values: readonly number[]): number {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)]!;
}

/** `1.2–1.9`: the least and the most. */
export function spread(values: readonly number[], digits = 1): string {
    return `${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)}`;
}
