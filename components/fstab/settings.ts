/** `fstab`: its entries, or a file that is kept. */
import { z } from "zod";
import {
    bindProblem,
    deviceNameOptions,
    isOnDeviceName,
    sourceProblem,
    type SourceProblem,
} from "../../model/fstab/blockSource";
import { canonicalTarget, isMountedAtBoot, isSwap } from "../../model/fstab/entry";
import { typeProblem } from "../../model/fstab/fstype";
import { type Fault, describe, formatPath } from "../../model/fleet/faults";
import { flag, object } from "../../model/fleet/kit";
import * as value from "../../model/fleet/values";
import type { DeepReadonly, Place, ProjectFile, ResolveContext } from "../concern";

const fstabEntry = object({
    source: value.fstabSource,
    target: value.mountTarget,
    fstype: value.fstype,
    options: z.array(value.mountOption).min(1, { error: "expected at least one option, such as defaults" }).optional(),
    freq: value.fstabNumber.optional(),
    passno: value.fstabNumber.optional(),
    essential: flag.optional().describe("the node must not boot without it: no nofail, no time limit"),
});
export const schema = z
    .union(
        [
            z
                .array(fstabEntry)
                .min(1, { error: "expected at least the entry of / (leave fstab out to have the file left alone)" }),
            object({
                file: value.projectFile.describe(
                    "keep this file of the project, comments and all, with the fewest edits",
                ),
                essential: z
                    .array(value.mountTarget)
                    .optional()
                    .describe("mount points that the node must not boot without"),
            }),
            z.literal(false),
        ],
        { error: "expected a list of entries, { file: … }, or false" },
    )
    .optional()
    .describe("/etc/fstab, whole, or a file that is kept; only where declared");

type FstabConfig = NonNullable<z.infer<typeof schema>>;
export type FstabEntryConfig = z.infer<typeof fstabEntry>;
type Path = readonly PropertyKey[];

/**
 * Either the whole file as entries, or a file with the targets that are essential besides `/`, `/usr`, `/var` and
 * `/boot`.
 */
export type FstabSettings =
    | { readonly entries: DeepReadonly<FstabEntryConfig[]> }
    | { readonly file: ProjectFile; readonly essential: readonly string[] };

export function resolveFstab(given: Exclude<FstabConfig, false>, { read }: ResolveContext): FstabSettings {
    return Array.isArray(given) ? { entries: given } : { file: read(given.file), essential: given.essential ?? [] };
}

export function checkFstab({ own: fstab, path }: Pick<Place<FstabConfig>, "own" | "path">): Fault[] {
    if (!Array.isArray(fstab)) return [];
    const single = fstab.flatMap(({ options = [], ...entry }, index) => {
        const { source, target, fstype } = entry;
        const deviceName = (device: string, expected: string, remedy: string) =>
            `expected ${expected}, got ${device}: the kernel may give that name to another disk at the next boot; ${remedy}`;
        const bad = (key: string, found: SourceProblem | undefined) =>
            found ? [{ path: [...path, index, key], message: `${found.problem}. ${found.remedy}` }] : [];
        const name = isOnDeviceName(entry)
            ? [
                  {
                      path: [...path, index, "source"],
                      message: deviceName(source, "UUID=…", `blkid ${source} prints the UUID`),
                  },
              ]
            : [];
        const devices = deviceNameOptions({ fstype, options }).map((found) => ({
            path: [...path, index, "options", found.index],
            message: deviceName(found.device, "a path below /dev/disk/by-id", "ls -l /dev/disk/by-id lists them"),
        }));
        const nowhere =
            !target.startsWith("/") && !isSwap({ ...entry, options })
                ? [
                      {
                          path: [...path, index, "target"],
                          message: `expected an absolute mount point, got ${describe(target)}: only swap has none, so this is never mounted`,
                      },
                  ]
                : [];
        return [
            ...name,
            ...devices,
            ...nowhere,
            ...bad("source", sourceProblem({ ...entry, options })),
            ...bad("fstype", typeProblem({ ...entry, options })),
            ...bad("options", bindProblem({ ...entry, options })),
        ];
    });
    return [...single, ...checkTargetTwice(fstab, path)];
}

/** systemd makes a unit of the first only. Two drives that share a mount point by hand (noauto) are an old custom. */
function checkTargetTwice(fstab: readonly FstabEntryConfig[], path: Path): Fault[] {
    const first = new Map<string, number>();
    return fstab.flatMap(({ options = [], ...entry }, index) => {
        if (isSwap({ ...entry, options }) || !entry.target.startsWith("/") || !isMountedAtBoot({ ...entry, options }))
            return [];
        const target = canonicalTarget(entry.target);
        const earlier = first.get(target);
        if (earlier === undefined) first.set(target, index);
        return earlier === undefined
            ? []
            : [
                  {
                      path: [...path, index, "target"],
                      message: `${target} is already the target of ${formatPath([...path, earlier])}, and only that one is mounted: remove one of them`,
                  },
              ];
    });
}
