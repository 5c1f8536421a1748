/**
 * The shape of `holdfast:fleet`, as a user writes it, put together from the concerns' own. What spans several fields is
 * in `checks.ts` and in the concerns' `settings.ts`.
 */
import { z } from "zod";
import { flag, object } from "../../model/fleet/kit";
import { mailSchema, monitoringSchema, sshDefaults, sshSchema } from "../../model/fleet/shared";
import * as value from "../../model/fleet/values";
import { commandsSchema } from "../commands/settings";
import type { ConcernDefinition, Role } from "../concern";
import { proxmoxSchema } from "../proxmox/settings";
import { type Concern, concerns } from "../table";

type Definition<Name extends Concern> = (typeof concerns)[Name];
type Settable = { [Name in Concern]: Definition<Name> extends { readonly schema: z.ZodType } ? Name : never }[Concern];
/** Those that stand on machines of a role. */
type StandingOn<Wanted extends Role> = {
    [Name in Settable]: Definition<Name>["roles"] extends "every"
        ? Name
        : Wanted & Definition<Name>["roles"][number] extends never
          ? never
          : Name;
}[Settable];
type Shape<Names extends Settable> = { [Name in Names as Definition<Name>["setting"]]: Definition<Name>["schema"] };

/** The settings that stand under `defaults` and under a machine, by key. */
function shapeOf<Names extends Settable>(isWanted: (concern: ConcernDefinition) => boolean): Shape<Names> {
    const wanted: readonly ConcernDefinition[] = Object.values(concerns).filter(isWanted);
    return Object.fromEntries(
        wanted.flatMap(({ setting, schema }) => (schema ? [[setting, schema]] : [])),
    ) as Shape<Names>;
}

/** By concern, under `defaults`. */
const settings = shapeOf<Settable>(() => true);
/** What a host's role alone does not say is a rule of its own: `check`. */
const standsOnOne =
    (...wanted: readonly Role[]) =>
    ({ roles }: ConcernDefinition) =>
        roles === "every" || roles.some((role) => wanted.includes(role));

const onDelete = z.enum(["keep", "restore"], { error: "expected keep or restore" });
const reach = {
    address: value.address.describe("what the host's own name resolves to"),
    address6: value.address6.optional().describe("the same in IPv6"),
    maintenance: flag.optional().describe("true: not contacted; its state and its line in the peers' hosts files stay"),
    ssh: sshSchema.optional().describe("how to reach it"),
    onDelete: onDelete.optional().describe("of this one; the fleet's by default"),
    takeOver: flag.optional().describe("of this one; the fleet's by default"),
};
const node = object({
    ...reach,
    aliases: z.array(value.anyName).optional().describe("further names"),
    bmc: z
        .union([value.address, value.anyName], { error: "expected the address or name of its BMC" })
        .optional()
        .describe("iDRAC, iLO, IPMI: how to get to its console when nothing else answers; stands in its runbook"),
    ...shapeOf<StandingOn<"node">>(standsOnOne("node")),
});
const host = object({
    ...reach,
    roles: z.array(z.enum(["docker", "monitoring"], { error: "expected docker or monitoring" })).optional(),
    ...shapeOf<StandingOn<"docker" | "monitoring">>(standsOnOne("docker", "monitoring")),
});

export const fleetSchema = object({
    domain: value.domainName.optional(),
    ssh: object(sshDefaults).optional().describe("for every host; a host's own wins"),
    mail: mailSchema.optional().describe("who gets what the watch on the hardware has to say"),
    monitoring: monitoringSchema.optional(),
    rollout: object({
        canary: z
            .array(value.hostName)
            .optional()
            .describe("nodes that get risky changes first; by default the first by name"),
        batch: value.batchSize
            .optional()
            .describe(
                "nodes at a time after that; 1 by default, and `double` where a proof is asked for and no node reloads its network. A share such as 25% is of all nodes that are contacted, rounded down; with `double` each wave has twice the nodes of the one before, the canaries being the first",
            ),
        proof: z
            .enum(["written", "confirmed", "booted"], { error: "expected written, confirmed or booted" })
            .optional()
            .describe(
                "what each node of a wave has to have shown before the next wave gets a change of hosts, fstab, interfaces or the network's guard: its files written, its reload confirmed, or a boot since and readiness for another; asked of the nodes themselves, with --target too. By default a wave begins when the one before has ended well: files written, a reload confirmed",
            ),
        withoutQuorum: flag
            .optional()
            .describe(
                "true: these changes are made even where the cluster has no quorum, or would have none without the node; for the very change that brings it back",
            ),
    }).optional(),
    onDelete: onDelete
        .optional()
        .describe(
            "what `pulumi destroy`, or taking a node or concern out of the stack, does: keep the files as they are (default), or restore what stood there before Holdfast",
        ),
    takeOver: flag
        .optional()
        .describe(
            "true: a first push may replace files that stand there; by default it shows what no package, installer or Holdfast brought, and stops",
        ),
    defaults: object(settings).optional().describe("any concern's settings, for every node that has none of its own"),
    nodes: z.record(value.hostName, node),
    hosts: z.record(value.hostName, host).optional(),
    proxmox: proxmoxSchema
        .optional()
        .describe("what lies in the cluster's database; the token is the secret holdfast:proxmoxToken"),
    commands: commandsSchema.optional().describe("own steps, by name, through @pulumi/command: never seen as drift"),
});

export type FleetConfig = z.infer<typeof fleetSchema>;
export type NodeConfig = z.infer<typeof node>;
export type HostConfig = z.infer<typeof host>;
