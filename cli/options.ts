/** Options that several commands have. */
import { InvalidArgumentError, Option } from "commander";

/** A day: whoever waits longer does not wait. */
const longest = 86_400;

/** For a run that nobody watches: what was seen by then is told, and the rest is "could not tell". */
export function timeLimit(): Option {
    return new Option("--timeout <seconds>", "end the look after so long, and say so (default: none)").argParser(
        wholeNumber(longest),
    );
}

/** @param most seconds as `holdfast:connectTimeout` has them, or ports */
export function wholeNumber(most: number): (text: string) => number {
    return (text) => {
        const number = Number(text);
        if (!Number.isInteger(number) || number < 1 || number > most)
            throw new InvalidArgumentError(`expected a whole number from 1 to ${most}.`);
        return number;
    };
}
