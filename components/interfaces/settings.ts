/** `interfaces`: its stanzas, or a file that is taken as it is. */
import { z } from "zod";
import type { ProbeArgs } from "../../model/contract/fileSet";
import type { Fault } from "../../model/fleet/faults";
import { flag, object } from "../../model/fleet/kit";
import * as value from "../../model/fleet/values";
import { commandKeywords } from "../../model/interfaces/keywords";
import { normalizeKeyword } from "../../model/interfaces/parse";
import type { DeepReadonly, Place, ProjectFile, ResolveContext } from "../concern";

const optionValue = z.union([z.string(), z.number(), flag, z.array(z.union([z.string(), z.number()])).min(1)], {
    error: "expected text, a number, true, false, or a list of texts and numbers",
});
const stanza = object({
    name: value.linkName,
    auto: flag.optional().describe("bring it up at boot"),
    /** Classes of `allow-CLASS`: hotplug, ovs, or the name of an OVS bridge. */
    allow: z.array(value.linkName).optional(),
    family: z.enum(["inet", "inet6"], { error: "expected inet or inet6" }).optional(),
    method: z.enum(["loopback", "manual", "static", "dhcp", "auto"], {
        error: "expected loopback, manual, static, dhcp or auto",
    }),
    options: z.record(value.optionName, optionValue).superRefine(checkOptions).optional(),
    comments: z.array(value.commandLine).optional().describe("lines after the options, where Proxmox keeps them"),
});

/** Hook lines are shell commands by definition (interfaces(5)); nothing else may look like one. */
function checkOptions(options: Record<string, unknown>, context: z.core.$RefinementCtx): void {
    for (const [name, given] of Object.entries(options)) {
        const schema = commandKeywords.has(normalizeKeyword(name)) ? value.commandLine : value.optionText;
        for (const item of Array.isArray(given) ? given : [given]) {
            const result = schema.safeParse(String(item));
            if (!result.success)
                context.addIssue({
                    code: "custom",
                    path: [name],
                    input: item,
                    message: result.error.issues[0]?.message,
                });
        }
    }
}

/** Exactly one of its keys; tried on the node, and counted only where it passed before the change. */
const probe = z
    .union(
        [object({ tcp: value.tcpTarget }), object({ ping: value.anyAddress }), object({ resolve: value.domainName })],
        { error: 'expected one of { tcp: "192.0.2.1:53" }, { ping: 192.0.2.1 } and { resolve: nas.example.test }' },
    )
    .describe("what has to work after a reload if it worked before, tried on the node");

export const schema = z
    .union(
        [
            object({
                file: value.projectFile.optional().describe("take this file of the project as it is"),
                source: z.array(value.sourcePattern).optional().describe("files to read as well, as in interfaces(5)"),
                stanzas: z.array(stanza).min(1, { error: "expected at least one stanza" }).optional(),
                apply: z
                    .enum(["boot", "reload"], { error: "expected boot or reload" })
                    .optional()
                    .describe(
                        "when the new file takes effect: at the next boot (default), or at once, and reverted by the node itself unless it is confirmed over a new connection",
                    ),
                confirmWindow: value.confirmWindow
                    .optional()
                    .describe("seconds after which the node reverts a reload that nobody confirms; 120 by default"),
                probes: z.array(probe).optional().describe("what else has to work after a reload"),
                bootWindow: value.bootSeconds
                    .optional()
                    .describe(
                        "seconds in which a boot has to answer at the node's address, before the last files that a boot was proven with come back; 300 by default",
                    ),
            }),
            z.literal(false),
        ],
        { error: "expected { file: … }, { stanzas: … }, or false" },
    )
    .optional()
    .describe("/etc/network/interfaces; only where declared");

type InterfacesConfig = NonNullable<z.infer<typeof schema>>;
export type StanzaConfig = z.infer<typeof stanza>;

/** Of `apply: reload`. */
export interface Reload {
    /** Seconds. */
    readonly window: number;
    readonly probes: readonly ProbeArgs[];
}

export type InterfacesSettings = { readonly reload?: Reload } & (
    | { readonly file: ProjectFile }
    | { readonly source: readonly string[]; readonly stanzas: DeepReadonly<StanzaConfig[]> }
);

export function resolveInterfaces(
    { file, source = [], stanzas, apply, confirmWindow = 120, probes = [] }: Exclude<InterfacesConfig, false>,
    { read }: ResolveContext,
): InterfacesSettings | undefined {
    const reload = apply === "reload" && { reload: { window: confirmWindow, probes } };
    return file === undefined ? stanzas && { source, stanzas, ...reload } : { file: read(file), ...reload };
}

/** A node's own file replaces the defaults' stanzas, and the other way round: the two cannot be mixed. */
export function mergeInterfaces(
    base: InterfacesConfig | undefined,
    own: InterfacesConfig | undefined,
): InterfacesConfig | undefined {
    if (own === undefined) return base;
    if (!own || !base) return own;
    const { file, source, stanzas, ...rest } = base;
    const content = own.file !== undefined || own.stanzas !== undefined ? {} : { file, source, stanzas };
    return { ...content, ...rest, ...own };
}

export function checkInterfaces({ machine, own, merged: interfaces, path }: Place<InterfacesConfig>): Fault[] {
    if (!machine || !interfaces) return [];
    const { file, source, stanzas } = interfaces;
    if (file !== undefined && (stanzas ?? source) !== undefined)
        return [{ path, message: "expected either file, or source and stanzas, not both" }];
    if (file === undefined && stanzas === undefined && (own !== undefined || source !== undefined))
        return [{ path, message: "expected file or stanzas" }];
    return [];
}
