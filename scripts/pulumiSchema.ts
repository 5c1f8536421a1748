/**
 * The provider's schema for other languages: FileSet from the argument types that the program and the provider share,
 * the components from the table of concerns, their settings from that of `holdfast:fleet`. `npm run schema` writes it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { fleetJsonSchema } from "../components/fleet/jsonSchema";
import { concernNames, definitionOf } from "../components/table";
import { FILE_SET_TYPE } from "../model/contract/fileSet";
import type { Schema } from "./reference/settings";

interface Property {
    readonly type?: string;
    readonly $ref?: string;
    readonly description?: string;
    readonly secret?: true;
    readonly default?: unknown;
    readonly items?: Property;
    readonly additionalProperties?: Property;
    readonly oneOf?: readonly Property[];
}
interface ObjectType {
    readonly type: "object";
    readonly description?: string;
    readonly properties: Readonly<Record<string, Property>>;
    readonly required?: readonly string[];
}
const any: Property = { $ref: "pulumi.json#/Any" };
const root = join(__dirname, "..");

/** Text of `schema/holdfast-pulumi.schema.json`; the plugin adds its version. */
export function pulumiSchema(): string {
    const types: Record<string, ObjectType> = {};
    const fileSet = fromTypeScript("FileSetArgs", types);
    const fleet = fromJsonSchema(types);
    const common = {
        fleet: { ...fleet, description: "As `holdfast:fleet` of a stack; by default that of the stack itself." },
        secrets: {
            type: "object",
            additionalProperties: { type: "string" },
            secret: true as const,
            description: "By their keys of `holdfast:`, such as `mailPassword`; by default those that the stack has.",
        },
    };
    const machine = { type: "string", description: "Name of the machine, below `nodes` or `hosts` of the fleet." };
    const component = (description: string, inputs: Record<string, Property>, requiredInputs: string[]) => ({
        isComponent: true,
        description,
        inputProperties: inputs,
        requiredInputs,
        properties: {
            observed: { ...any, description: "What was seen on the machine that is not as declared, or unknown." },
        },
    });
    const resources = {
        [FILE_SET_TYPE]: {
            description:
                "Files, packages and units of one machine that are applied as one, with one validation and one activation; its id is `NODE/CONCERN`.",
            inputProperties: fileSet.properties,
            requiredInputs: fileSet.required,
            properties: {
                ...fileSet.properties,
                observed: { ...any, description: "Facts by name, as they were after the last operation." },
            },
            required: fileSet.required,
        },
        "holdfast:components:HardenedFleet": {
            ...component("Every machine of the fleet, hardened, risky changes wave by wave.", common, []),
            properties: {
                nodes: {
                    ...any,
                    description: "By node: what is managed, whether it was left alone, what to attend to.",
                },
                hosts: { ...any, description: "The other Linux hosts, in the same terms." },
            },
        },
        "holdfast:components:HardenedNode": component(
            "One Proxmox VE node with every concern that its settings ask for.",
            { machine, ...common },
            ["machine"],
        ),
        ...Object.fromEntries(
            concernNames.map((concern) => [
                `holdfast:components:${definitionOf(concern).component}`,
                component(guarantee(concern), { machine, ...common }, ["machine"]),
            ]),
        ),
    };
    const schema = {
        name: "holdfast",
        displayName: "Holdfast",
        description: "Keeps Proxmox VE hypervisors bootable, reachable and watched.",
        license: "Apache-2.0",
        meta: { moduleFormat: "(.*)" },
        language: {
            nodejs: { respectSchemaVersion: true },
            python: { respectSchemaVersion: true, pyproject: { enabled: true } },
        },
        config: { variables: configuration },
        provider: { description: "The stack's `holdfast:` keys.", inputProperties: configuration },
        types: sorted(types),
        resources: sorted(resources),
    };
    return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** As the provider reads them (provider/configuration.ts, host/connectOptions.ts). */
const secret = (description: string): Property => ({ type: "string", secret: true, description });
const configuration: Readonly<Record<string, Property>> = {
    fleet: { ...any, description: "The machines and what is wanted of them." },
    privateKey: secret("SSH key, where neither an agent nor a key file serves."),
    privateKeyPassphrase: secret("Of that key."),
    proxmoxToken: secret("`USER@REALM!NAME=UUID`, of the Proxmox API."),
    mailPassword: secret("Of `mail.user` at the relay."),
    backupPassword: secret("Of the configuration's backup."),
    connectTimeout: {
        type: "integer",
        default: 15,
        description: "Seconds that a machine may take to answer, 1 to 600.",
    },
    allowUnknownHostKey: { type: "boolean", default: false, description: "Trust a host key on first use." },
};

/** The docstring of the concern's class: what the reference prints as its guarantee. */
function guarantee(concern: (typeof concernNames)[number]): string {
    const folder = concern.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const source = readFileSync(join(root, "components", folder, "index.ts"), "utf8");
    return (/^\/\*\*([^]*?)\*\//.exec(source)?.[1] ?? "")
        .replace(/\s*\n?\s*\*\s?/g, " ")
        .replace(/\s+/g, " ")
        .trim();
}

// What the provider takes where nothing is said (provider/inputs.ts).
const defaults: Readonly<Record<string, unknown>> = {
    "FileArgs.mode": "0644",
    "FileArgs.owner": "root",
    "FileArgs.group": "root",
    "CommandArgs.timeout": 30,
    "FileSetArgs.onDelete": "keep",
    "HostArgs.port": 22,
    "HostArgs.user": "root",
};

/** An interface of model/contract/fileSet.ts, and those that it names, into `types`. */
function fromTypeScript(name: string, types: Record<string, ObjectType>): ObjectType {
    const files = ["model/contract/fileSet.ts", "model/lint/lintContext.ts"].map((path) => join(root, path));
    const declared = new Map<string, ts.InterfaceDeclaration>();
    for (const file of files)
        ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true).forEachChild((node) => {
            if (ts.isInterfaceDeclaration(node)) declared.set(node.name.text, node);
        });
    const docOf = (node: ts.Node) => {
        const text = ts
            .getJSDocCommentsAndTags(node)
            .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "")
            .join(" ");
        return text === "" ? {} : { description: text.replace(/\s+/g, " ").trim() };
    };
    const objectOf = (of: string, node: ts.InterfaceDeclaration | ts.TypeLiteralNode): ObjectType => {
        const members = node.members.filter((member) => ts.isPropertySignature(member));
        return {
            type: "object",
            ...docOf(node),
            properties: Object.fromEntries(
                members.map((member) => {
                    const key = member.name.getText();
                    const value = defaults[`${of}.${key}`];
                    return [
                        key,
                        {
                            ...typeOf(`${of}${key[0]!.toUpperCase()}${key.slice(1)}`, member.type!),
                            ...docOf(member),
                            ...(value !== undefined && { default: value }),
                        },
                    ];
                }),
            ),
            required: members.filter(({ questionToken }) => !questionToken).map((member) => member.name.getText()),
        };
    };
    const named = (of: string, node: ts.InterfaceDeclaration | ts.TypeLiteralNode): Property => {
        const token = `holdfast:host:${of.replace(/Args$/, "")}`;
        types[token] ??= objectOf(of, node);
        return { $ref: `#/types/${token}` };
    };
    const typeOf = (of: string, node: ts.TypeNode): Property => {
        if (ts.isTypeOperatorNode(node)) return typeOf(of, node.type);
        if (ts.isArrayTypeNode(node)) return { type: "array", items: typeOf(of, node.elementType) };
        if (ts.isTypeLiteralNode(node)) return named(of, node);
        if (node.kind === ts.SyntaxKind.StringKeyword) return { type: "string" };
        if (node.kind === ts.SyntaxKind.NumberKeyword) return { type: "integer" };
        if (node.kind === ts.SyntaxKind.BooleanKeyword) return { type: "boolean" };
        if (ts.isUnionTypeNode(node) || node.getText() === "Proof") return { type: "string" };
        if (!ts.isTypeReferenceNode(node)) return any;
        const [reference, args = []] = [node.typeName.getText(), node.typeArguments];
        if (reference === "Readonly") return typeOf(of, args[0]!);
        if (reference === "Record") return { type: "object", additionalProperties: typeOf(of, args[1]!) };
        const known = declared.get(reference);
        return known ? named(reference, known) : any;
    };
    return objectOf(name, declared.get(name)!);
}

/** `holdfast:fleet` into `types`; what is settings in one place alone has that place's name. */
function fromJsonSchema(types: Record<string, ObjectType>): Property {
    const whole = JSON.parse(fleetJsonSchema()) as Schema;
    const tokens = new Map<string, string>();
    const resolve = (schema: Schema): Schema => {
        const [, name] = /^#\/definitions\/(.+)$/.exec(schema.$ref ?? "") ?? [];
        const only = schema.allOf?.length === 1 ? schema.allOf[0] : undefined;
        const below = name === undefined ? only : whole.definitions?.[name];
        return below === undefined
            ? schema
            : { ...resolve(below), ...(schema.description !== undefined && { description: schema.description }) };
    };
    const convert = (given: Schema, name: string): Property => {
        const { description, ...schema } = resolve(given);
        return { ...shapeOf(schema, name), ...(description !== undefined && { description }) };
    };
    const shapeOf = (schema: Schema, name: string): Property => {
        const { type, anyOf, properties, additionalProperties, items, const: constant, enum: choices } = schema;
        if (properties) return objectOf(schema, name);
        if (anyOf) return unionOf(anyOf, name);
        if (type === "array") return { type, items: items ? convert(items, name) : any };
        if (type === "object" || typeof additionalProperties === "object")
            return {
                type: "object",
                additionalProperties:
                    typeof additionalProperties === "object" ? convert(additionalProperties, name) : any,
            };
        if (type === "string" || type === "boolean" || type === "integer" || type === "number") return { type };
        const example: unknown = constant ?? choices?.[0];
        if (typeof example === "string" || typeof example === "boolean") return { type: typeof example };
        return any;
    };
    // Two shapes in one place have no type in every language: the plugin checks them all the same.
    const unionOf = (options: readonly Schema[], name: string): Property => {
        const kinds = options.map((option) => shapeOf(resolve(option), name));
        const different = [...new Map(kinds.map((kind) => [JSON.stringify(kind), kind])).values()];
        return different.length === 1 ? different[0]! : any;
    };
    const objectOf = ({ properties = {}, required = [] }: Schema, name: string): Property => {
        const key = JSON.stringify(properties);
        const token = tokens.get(key) ?? `holdfast:components:${name}`;
        tokens.set(key, token);
        types[token] ??= {
            type: "object",
            properties: Object.fromEntries(
                Object.entries(properties).map(([property, schema]) => [
                    property,
                    convert(schema, `${name}${property[0]!.toUpperCase()}${property.slice(1)}`),
                ]),
            ),
            required,
        };
        return { $ref: `#/types/${token}` };
    };
    return convert(whole, "Fleet");
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
    return Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)));
}
