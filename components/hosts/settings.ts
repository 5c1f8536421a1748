/** `hostsFile`: further lines, or a file that is kept. */
import { z } from "zod";
import type { HostsEntry } from "../../model/hosts/format";
import type { Fault } from "../../model/fleet/faults";
import { object } from "../../model/fleet/kit";
import { checkUnique } from "../../model/fleet/unique";
import * as value from "../../model/fleet/values";
import type { Place, ProjectFile, ResolveContext } from "../concern";

export const schema = object(
    {
        file: value.projectFile
            .optional()
            .describe("keep this file of the project, comments and all, with the fewest edits"),
        extra: z
            .array(
                object({
                    address: value.anyAddress,
                    names: z.array(value.anyName).min(1, { error: "expected at least one name" }),
                }),
            )
            .optional()
            .describe("further lines of /etc/hosts"),
    },
    "settings: the hosts file is always managed",
)
    .optional()
    .describe("/etc/hosts; always managed");

type HostsFileConfig = NonNullable<z.infer<typeof schema>>;

/** Key by key; there is no switch, as the file is always managed. */
export function mergeHostsFile(
    defaults: HostsFileConfig | undefined,
    own: HostsFileConfig | undefined,
): HostsFileConfig {
    return { ...defaults, ...own };
}

export interface HostsFileSettings {
    readonly file?: ProjectFile;
    readonly extra: readonly HostsEntry[];
}

export function resolveHostsFile({ file, extra = [] }: HostsFileConfig, { read }: ResolveContext): HostsFileSettings {
    return { file: file === undefined ? undefined : read(file), extra };
}

/** One name on two addresses of a family: the resolver would take either. */
export function checkHostsFile({ machine, merged, path }: Place<HostsFileConfig>): Fault[] {
    const { extra = [] } = (machine && merged) ?? {};
    return checkUnique(
        "name",
        extra.flatMap(({ address, names }, line) =>
            names.map((name, index) => ({
                path: [...path, "extra", line, "names", index],
                value: `${name} (${address.includes(":") ? "IPv6" : "IPv4"})`,
            })),
        ),
    );
}
