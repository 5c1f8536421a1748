/**
 * What the provider says of a look that was none: the engine hands nothing else of an unchanged resource's look on
 * (tried: the state that Read returns is in no event of a refresh without differences), so `holdfast drift` knows it by
 * this very line.
 */
export function skippedLook(node: string): string {
    return `${node}: skipped, it is under maintenance; this says nothing about its state`;
}
