/** Values that only one place of the config may have. */
import { type Fault, formatPath } from "./faults";

type Path = readonly PropertyKey[];

export interface Claim {
    readonly path: Path;
    readonly value: string;
    /** Written down more than once by right: the same extra line for several nodes. */
    readonly shared?: boolean;
}

export function checkUnique(what: string, claims: readonly Claim[]): Fault[] {
    const first = new Map<string, Claim>();
    return claims.flatMap((claim) => {
        const key = claim.value.toLowerCase();
        const earlier = first.get(key);
        if (!earlier) first.set(key, claim);
        if (!earlier || (earlier.shared && claim.shared)) return [];
        if (claim.path.includes("aliases") && isBelow(claim.path, earlier.path))
            return [
                {
                    path: claim.path,
                    message: `${formatPath(earlier.path)} has the name ${claim.value} already: remove it`,
                },
            ];
        return [
            { path: claim.path, message: `${what} ${claim.value} is already taken by ${formatPath(earlier.path)}` },
        ];
    });
}

function isBelow(path: Path, above: Path): boolean {
    return above.every((step, index) => step === path[index]);
}
