/**
 * What means something else to Pulumi's engine than it says: sdk/go/common/resource/plugin/rpc.go and
 * sdk/go/common/resource/sig. Nothing from a node may be one of these, or the engine would follow it on the
 * workstation.
 */

/**
 * The key that makes an object a secret, an asset (a file or URL that the engine opens), an archive, an output, a
 * resource.
 */
export const SIGNATURE = "4dabf18193072939515e22adb298388d";
/** The value of that key in a secret. */
export const SECRET = "1b47061264138c4ac30d75fd1eb44270";
/** Stands for any value that is not known before the `up`. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** One for each kind of value; the engine takes any of them for "not known yet". */
const unknowns: ReadonlySet<unknown> = new Set([
    UNKNOWN,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
    "030794c1-ac77-496b-92df-f27374a8bd58", // asset
    "e48ece36-62e2-4504-bad9-02848725956a", // archive
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

export function isUnknown(value: unknown): boolean {
    return unknowns.has(value);
}
