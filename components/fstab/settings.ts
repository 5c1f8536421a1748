/** `fstab`: its entries, or a file that is kept. */
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
import type { FstabConfig, FstabEntryConfig } from "../fleet/schema";
import type { DeepReadonly, ProjectFile, ReadProjectFile } from "../fleet/given";

type Path = readonly PropertyKey[];

/** Either the whole file as entries, or a file with the targets that are essential besides `/`, `/usr`, `/var` and `/boot`. */
export type FstabSettings =
    | { readonly entries: DeepReadonly<FstabEntryConfig[]> }
    | { readonly file: ProjectFile; readonly essential: readonly string[] };

export function resolveFstab(given: FstabConfig | undefined, read: ReadProjectFile): FstabSettings | undefined {
    if (!given) return undefined;
    return Array.isArray(given) ? { entries: given } : { file: read(given.file), essential: given.essential ?? [] };
}

export function checkFstab(fstab: FstabConfig | undefined, path: Path): Fault[] {
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
