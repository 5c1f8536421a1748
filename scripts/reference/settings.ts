/** `holdfast:fleet`, key by key, from its JSON Schema. */
import { fleetJsonSchema } from "../../components/fleet/jsonSchema";

/** Of JSON Schema, what zod writes of the settings. */
export interface Schema {
    readonly $ref?: string;
    readonly description?: string;
    readonly type?: string;
    readonly const?: unknown;
    readonly enum?: readonly unknown[];
    readonly minimum?: number;
    readonly maximum?: number;
    readonly format?: string;
    readonly anyOf?: readonly Schema[];
    readonly allOf?: readonly Schema[];
    readonly items?: Schema;
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly required?: readonly string[];
    readonly additionalProperties?: Schema | boolean;
    readonly definitions?: Readonly<Record<string, Schema>>;
}

export interface Setting {
    /** `nodes.NAME.fstab[].source` */
    readonly path: string;
    readonly values: string;
    readonly meaning: string;
    readonly required: boolean;
}

const root = JSON.parse(fleetJsonSchema()) as Schema;

/** In the schema's order; what `defaults` repeats of a node is said once. */
export function settings(): Setting[] {
    return Object.entries(root.properties ?? {}).flatMap(([key, schema]) =>
        key === "defaults" ? [settingOf(key, schema, false)] : walk(key, schema, root.required?.includes(key) ?? false),
    );
}

function walk(path: string, schema: Schema, required: boolean): Setting[] {
    return [settingOf(path, schema, required), ...below(path, schema)];
}

function settingOf(path: string, schema: Schema, required: boolean): Setting {
    return { path, values: valuesOf(schema), meaning: descriptionOf(schema), required };
}

function below(path: string, schema: Schema): Setting[] {
    const { properties, required = [], items, additionalProperties, anyOf = [], allOf = [] } = resolve(schema);
    return [
        ...Object.entries(properties ?? {}).flatMap(([key, child]) =>
            walk(`${path}.${key}`, child, required.includes(key)),
        ),
        ...(items ? below(`${path}[]`, items) : []),
        ...(typeof additionalProperties === "object" ? below(`${path}.NAME`, additionalProperties) : []),
        ...[...anyOf, ...allOf].flatMap((option) => below(path, option)),
    ];
}

function resolve(schema: Schema): Schema {
    const name = /^#\/definitions\/(.+)$/.exec(schema.$ref ?? "")?.[1];
    if (name === undefined) return schema;
    return {
        ...resolve(root.definitions?.[name] ?? {}),
        ...(schema.description !== undefined && { description: schema.description }),
    };
}

function descriptionOf(schema: Schema): string {
    const { description, allOf = [] } = resolve(schema);
    return description ?? allOf.map(descriptionOf).find((text) => text !== "") ?? "";
}

function valuesOf(schema: Schema): string {
    const {
        type,
        const: constant,
        enum: choices,
        minimum,
        maximum,
        format,
        anyOf,
        allOf,
        items,
        properties,
        additionalProperties,
    } = resolve(schema);
    const options = anyOf ?? allOf;
    if (options) return [...new Set(options.map(valuesOf))].join(" or ");
    if (constant !== undefined) return code(constant);
    if (choices) return choices.map(code).join(", ");
    if (type === "array") return items ? `list of ${valuesOf(items)}` : "list";
    if (type === "object" || properties) return typeof additionalProperties === "object" ? "map by name" : "settings";
    if (type === "boolean") return "true or false";
    if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
    return format ?? (type === "integer" ? "number" : type === "string" ? "text" : (type ?? "any"));
}

function code(value: unknown): string {
    return `\`${String(value)}\``;
}
