/** `hostsFile`: further lines, or a file that is kept. */
import { z } from "zod";
import type { HostsEntry } from "../../model/hosts/format";
import type { Fault } from "../../model/fleet/faults";
import { object } from "../../model/fleet/kit";
import { checkUnique } from "../../model/fleet/unique";
import * as value from "../../model/fleet/values";
import { formerNodes } from "../../model/hosts/formerNodes";
import type { FleetView, Place, ProjectFile, ResolveContext } from "../concern";

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

/**
 * A kept file that names a node which the stack has no more: it is the user's, so nothing takes the line out. Once for
 * a file that several nodes have.
 */
export function warnOfFormerNodes(
    having: readonly { readonly settings: HostsFileSettings }[],
    { machines }: FleetView,
): string[] {
    const nodes = machines.filter(({ roles }) => roles.includes("node")).map(({ identity }) => identity);
    const others = machines.map(({ identity }) => identity.name);
    const lines = having.flatMap(({ settings: { file, extra } }) =>
        formerNodes(file?.content ?? "", nodes, [...others, ...extra.flatMap(({ names }) => names)]).map(
            ({ line, address, name }) =>
                `${file!.path}:${line}: ${name} (${address}) is named like a node and is none of this stack. Delete the line if the node is gone; another host's is kept in peace under hostsFile.extra`,
        ),
    );
    return [...new Set(lines)];
}
