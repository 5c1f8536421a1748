/** Which known word a misspelt one was probably meant to be. */

/**
 * The nearest, in whatever case; of equally near ones the first. `undefined` where none is near.
 * @param most slips to allow for; by default by the shorter of the two words, so that one word is not taken for quite
 *   another
 */
export function nearest<Word extends string>(word: string, known: Iterable<Word>, most?: number): Word | undefined {
    const given = word.toLowerCase();
    let best: { readonly word: Word; readonly slips: number } | undefined;
    for (const candidate of known) {
        const tolerated = most ?? tolerable(Math.min(given.length, candidate.length));
        if (Math.abs(candidate.length - given.length) > tolerated) continue;
        const slips = countSlips(given, candidate.toLowerCase(), tolerated);
        if (slips <= tolerated && slips < (best?.slips ?? Infinity)) best = { word: candidate, slips };
    }
    return best?.word;
}

function tolerable(length: number): number {
    if (length < 3) return 0;
    return length < 5 ? 1 : 2;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (optimal string
 * alignment). Not Levenshtein's distance, as libraries count it: two letters in the wrong order are one slip, and the
 * commonest.
 * @param most gives up past that many: the answer is then some greater number
 */
export function countSlips(from: string, to: string, most = Infinity): number {
    let beforePrevious: number[] = [];
    let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
    for (let row = 1; row <= from.length; row += 1) {
        const current = [row];
        for (let column = 1; column <= to.length; column += 1) {
            const replaced = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
            let cost = Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1);
            const swapped =
                row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
            if (swapped) cost = Math.min(cost, beforePrevious[column - 2]! + 1);
            current.push(cost);
        }
        // A swap looks back two rows, so that both have to be past it.
        if (Math.min(...current) > most && Math.min(...previous) > most) return most + 1;
        beforePrevious = previous;
        previous = current;
    }
    return previous[to.length]!;
}
