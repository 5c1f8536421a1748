/** What the settings of several concerns are made with. */
import { type Concern, concerns } from "../table";

export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** A file of the project that is taken over as it is. */
export interface ProjectFile {
    /** Relative to the project. */
    readonly path: string;
    readonly content: string;
}

/** A file that cannot be read is a fault of the config, and comes back empty. */
export type ReadProjectFile = (path: string) => ProjectFile;

/** `{}` for `true`, and for nothing at all where a node has the concern by default; undefined: it has it not. */
export function settingsOf<Settings extends object>(
    concern: Concern,
    given: Settings | boolean | undefined,
): Settings | Partial<Settings> | undefined {
    if (given === false || (given === undefined && concerns[concern].managed !== "by default")) return undefined;
    return typeof given === "object" ? given : {};
}
