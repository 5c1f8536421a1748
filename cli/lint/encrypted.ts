/** What Pulumi encrypts in a stack file, wherever it stands: `{ secure: v1:… }`. */

interface WithStandIns {
    /** With a word in the place of each encrypted value. */
    readonly data: unknown;
    /** Where these are. */
    readonly encrypted: readonly (readonly PropertyKey[])[];
}

/** A node may be called `secure`: its value is no text. */
function isEncrypted(value: object): boolean {
    return Object.keys(value).length === 1 && "secure" in value && typeof value.secure === "string";
}

export function standIns(given: unknown): WithStandIns {
    const encrypted: PropertyKey[][] = [];
    const copy = (value: unknown, path: PropertyKey[], above: readonly unknown[]): unknown => {
        if (typeof value !== "object" || value === null) return value;
        if (isEncrypted(value)) {
            encrypted.push(path);
            return "encrypted";
        }
        // An alias inside of what it names: Pulumi refuses it, and there is no end to it.
        if (above.includes(value)) return null;
        if (Array.isArray(value)) return value.map((each, index) => copy(each, [...path, index], [...above, value]));
        return Object.fromEntries(
            Object.entries(value).map(([key, each]) => [key, copy(each, [...path, key], [...above, value])]),
        );
    };
    return { data: copy(given, [], []), encrypted };
}
