/** `interfaces`: its stanzas, or a file that is taken as it is. */
import type { Fault } from "../../model/fleet/faults";
import type { InterfacesConfig, StanzaConfig } from "../fleet/schema";
import type { DeepReadonly, ProjectFile, ReadProjectFile } from "../fleet/given";

type Path = readonly PropertyKey[];

export type InterfacesSettings =
    | { readonly file: ProjectFile }
    | { readonly source: readonly string[]; readonly stanzas: DeepReadonly<StanzaConfig[]> };

export function resolveInterfaces(
    given: InterfacesConfig | undefined,
    read: ReadProjectFile,
): InterfacesSettings | undefined {
    if (!given) return undefined;
    const { file, source = [], stanzas } = given;
    return file === undefined ? stanzas && { source, stanzas } : { file: read(file) };
}

export function checkInterfaces(interfaces: InterfacesConfig | undefined, isOwn: boolean, path: Path): Fault[] {
    if (!interfaces) return [];
    const { file, source, stanzas } = interfaces;
    if (file !== undefined && (stanzas ?? source) !== undefined)
        return [{ path, message: "expected either file, or source and stanzas, not both" }];
    if (file === undefined && stanzas === undefined && (isOwn || source !== undefined))
        return [{ path, message: "expected file or stanzas" }];
    return [];
}
