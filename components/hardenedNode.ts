/**
 * One machine with every concern that its settings ask for: a Proxmox VE node as a component, another host without one
 * around.
 */
import * as pulumi from "@pulumi/pulumi";
import type { NodeIdentity } from "../model/lint/lintContext";
import type { FileSet } from "../provider/resource";
import { ConcernComponent, type Secrets, withSecrets } from "./component";
import type { ConcernDefinition, FleetView, PlanArgs } from "./concern";
import type { Machine } from "./fleet";
import { isRisky } from "./rollout";
import { summaryOf } from "./summary";
import { afterSuccessOf } from "./waves";
import { type Concern, concernNames, concerns } from "./table";

export interface HardenedNodeArgs {
    readonly node: Machine;
    /** The other nodes of the cluster. */
    readonly peers: readonly NodeIdentity[];
    /** All machines, for concerns that look further than the cluster; by default the node and its peers. */
    readonly fleet?: FleetView;
    /** What has to succeed before a risky concern of this node is touched: the risky concerns of an earlier wave. */
    readonly after?: readonly pulumi.Resource[];
    /** Of `mail.user` at the relay; a secret. */
    readonly mailPassword?: pulumi.Output<string>;
    /** All that the stack has, by their keys of `holdfast:`. */
    readonly secrets?: Secrets;
}

/** The component of each concern that the node has, by the key of its setting: `smartd`, `hostsFile`. */
type Components = {
    readonly [
        Name in Concern as (typeof concerns)[Name]["setting"]
    ]: (typeof concerns)[Name]["managed"] extends "always" ? ConcernComponent : ConcernComponent | undefined;
};

/* eslint-disable @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type --
   the fields follow from the table */
export interface HardenedNode extends Components {}

export class HardenedNode extends pulumi.ComponentResource {
    private readonly made: ByConcern;
    private readonly settings: Machine;

    constructor(name: string, args: HardenedNodeArgs, options?: pulumi.ComponentResourceOptions) {
        super("holdfast:components:HardenedNode", name, {}, options);
        const { node, peers, after = [], mailPassword } = args;
        this.settings = node;
        const begin = afterSuccessOf(after);
        this.made = harden(node, {
            name,
            fleet: args.fleet ?? viewOf(node, peers),
            secrets: { mailPassword, ...args.secrets },
            optionsOf: (concern) => ({ parent: this, dependsOn: isRisky(concern, node) ? begin : [] }),
        });
        const bySetting = concernNames.map((concern) => [concerns[concern].setting, this.made[concern]]);
        Object.assign(this, Object.fromEntries(bySetting));
        this.registerOutputs({ ...summaryOf(this.fileSets, node.maintenance) });
    }

    /** By concern. Their order is that of the stack's output `managed`: another one would show up in every preview. */
    get fileSets(): Readonly<Record<string, FileSet>> {
        return fileSetsOf(this.made);
    }

    /** What can keep the node from booting or from being reached, or can power it off. */
    get risky(): readonly FileSet[] {
        return concernNames
            .filter((concern) => isRisky(concern, this.settings))
            .flatMap((concern) => this.made[concern]?.fileSets ?? []);
    }
}

type ByConcern = Readonly<Partial<Record<Concern, ConcernComponent>>>;

/* eslint-enable */

export interface HardenOptions {
    /** The components' names begin with it. */
    readonly name: string;
    readonly fleet: FleetView;
    readonly secrets: Secrets;
    readonly optionsOf: (concern: Concern) => pulumi.ComponentResourceOptions;
}

/** A component for each concern that the machine's settings ask for, in the order of the table. */
export function harden(machine: Machine, { name, fleet, secrets, optionsOf }: HardenOptions): ByConcern {
    const { identity: node, host, maintenance, onDelete, takeOver } = machine;
    return Object.fromEntries(
        concernNames.flatMap((concern) => {
            const definition: ConcernDefinition = concerns[concern];
            const settings: unknown = machine[concerns[concern].setting];
            if (!settings) return [];
            const args: PlanArgs<unknown> = { host, node, maintenance, onDelete, takeOver, settings, fleet };
            const planned = withSecrets(definition as Planner, args, secrets);
            return [[concern, new ConcernComponent(definition, `${name}-${concern}`, planned, optionsOf(concern))]];
        }),
    );
}

/** The table knows that a machine's settings are those that the concern's plan takes; the compiler cannot. */
type Planner = ConcernDefinition & {
    readonly plan: (args: PlanArgs<unknown>) => ReturnType<ConcernDefinition["plan"]>;
};

/** By concern; a further FileSet of a concern by its own name. */
export function fileSetsOf(made: ByConcern): Readonly<Record<string, FileSet>> {
    return Object.fromEntries(Object.values(made).flatMap(({ byConcern }) => Object.entries(byConcern)));
}

function viewOf({ identity }: Machine, peers: readonly NodeIdentity[]): FleetView {
    return { machines: [identity, ...peers].map((each) => ({ identity: each, roles: ["node"] })) };
}
