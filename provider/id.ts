import type { FileSetArgs } from "../model/contract/fileSet";

/** Of a FileSet in state: `NODE/CONCERN`. */
export function idOf(args: Pick<FileSetArgs, "host" | "concern">): string {
    return `${args.host.name}/${args.concern}`;
}
