/** `hostsFile`: further lines, or a file that is kept. */
import type { HostsEntry } from "../../model/hosts/format";
import type { Fault } from "../../model/fleet/faults";
import type { NodeConfig } from "../fleet/schema";
import { checkUnique } from "../../model/fleet/unique";
import type { ProjectFile, ReadProjectFile } from "../fleet/given";

type Path = readonly PropertyKey[];

export interface HostsFileSettings {
    readonly file?: ProjectFile;
    readonly extra: readonly HostsEntry[];
}

export function resolveHostsFile(
    { file, extra = [] }: NonNullable<NodeConfig["hostsFile"]> = {},
    read: ReadProjectFile,
): HostsFileSettings {
    return { file: file === undefined ? undefined : read(file), extra };
}

/** One name on two addresses of a family: the resolver would take either. */
export function checkHostsFile({ extra = [] }: NonNullable<NodeConfig["hostsFile"]> = {}, path: Path): Fault[] {
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
