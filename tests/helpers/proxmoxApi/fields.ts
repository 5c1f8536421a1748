/**
 * Parameters of a request against the schema of their section: typed as Proxmox types them, wrong ones refused in its
 * words.
 */
import { parameterError } from "./errors";
import type { Settings } from "./cluster";

export type FieldType = "boolean" | "integer" | "string" | readonly string[];
export type Fields = Readonly<Record<string, FieldType>>;

/**
 * What came as text, as numbers where they are numbers: readers refuse "1" for 1.
 * @param required names that have to be there
 */
export function typed(
    given: Readonly<Record<string, string>>,
    fields: Fields,
    required: readonly string[] = [],
): Settings {
    const errors: Record<string, string> = {};
    for (const name of required)
        if (given[name] === undefined) errors[name] = "property is missing and it is not optional";
    const values = Object.entries(given).map(([name, text]): [string, string | number] => {
        const type = fields[name];
        if (type === undefined)
            errors[name] = "property is not defined in schema and the schema does not allow additional properties";
        else if (type === "integer" && !/^-?\d+$/.test(text))
            errors[name] = `type check ('integer') failed - got '${text}'`;
        else if (type === "boolean" && !/^(?:0|1|true|false|yes|no|on|off)$/.test(text))
            errors[name] = `type check ('boolean') failed - got '${text}'`;
        else if (typeof type === "object" && !type.includes(text))
            errors[name] = `value '${text}' does not have a value in the enumeration '${type.join(", ")}'`;
        if (type === "boolean") return [name, /^(?:1|true|yes|on)$/.test(text) ? 1 : 0];
        return [name, type === "integer" ? Number(text) : text];
    });
    if (Object.keys(errors).length > 0) throw parameterError(errors);
    return Object.fromEntries(values);
}

/** A change: `delete` names what goes; what is not spoken of stays. */
export function change(
    settings: Settings,
    { delete: gone, digest: _, ...given }: Readonly<Record<string, string>>,
    fields: Fields,
): void {
    const values = typed(given, fields);
    for (const name of gone?.split(/[,; ]+/).filter(Boolean) ?? []) {
        if (!(name in fields)) throw parameterError({ delete: `no such option '${name}'` });
        Reflect.deleteProperty(settings, name);
    }
    Object.assign(settings, values);
}
