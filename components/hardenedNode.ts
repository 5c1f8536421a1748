/**
 * One machine with every concern that its settings ask for: a Proxmox VE node as a component, another host without one
 * around.
 */
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { FileSetArgs, RolledOut, RolloutArgs } from "../model/contract/fileSet";
import type { NodeIdentity } from "../model/lint/lintContext";
import type { FileSet } from "../provider/resource";
import { ConcernComponent, type Secrets, withSecrets } from "./component";
import { isFileSet, type ConcernDefinition, type FleetView, type PlanArgs, type Planned } from "./concern";
import type { Machine } from "./fleet";
import { planArgs } from "./planned";
import { isRisky } from "./rollout";
import { summaryOf } from "./summary";
import { afterOutcomeOf, afterSuccessOf } from "./waves";
import { type Concern, concernNames, concerns, definitionOf } from "./table";

export interface HardenedNodeArgs {
    readonly node: Machine;
    /** The other nodes of the cluster. */
    readonly peers: readonly NodeIdentity[];
    /** All machines, for concerns that look further than the cluster; by default the node and its peers. */
    readonly fleet?: FleetView;
    /** What has to succeed before a risky concern of this node is touched: the risky concerns of an earlier wave. */
    readonly after?: readonly pulumi.Resource[];
    /** What the nodes of an earlier wave have to prove. */
    readonly rollout?: RolloutArgs;
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
        const { node, peers, after = [], rollout, mailPassword } = args;
        this.settings = node;
        const begin = afterSuccessOf(after);
        // A concern may be made before the one that it comes after: the table's order is that of the stack's outputs.
        let tell!: (made: ByConcern) => void;
        const making = new Promise<ByConcern>((resolve) => (tell = resolve));
        const fileSetsThat = async (are: (definition: ConcernDefinition) => boolean): Promise<readonly FileSet[]> => {
            const made = await making;
            const wanted = concernNames.filter((concern) => are(definitionOf(concern)));
            return wanted.flatMap((concern) => made[concern]?.fileSets ?? []);
        };
        const waitsFor = async (concern: Concern): Promise<pulumi.Resource[]> => {
            const { address, comesLast } = definitionOf(concern);
            if (isRisky(concern, node)) await begin;
            if (node.host.former !== undefined && address === "needs")
                await afterSuccessOf(await fileSetsThat((each) => each.address === "gives"));
            if (comesLast) await afterOutcomeOf(await fileSetsThat((each) => !each.comesLast));
            return []; // see waves.ts: the engine is told of none
        };
        this.made = harden(node, {
            name,
            fleet: args.fleet ?? viewOf(node, peers),
            rollout,
            secrets: { mailPassword, ...args.secrets },
            optionsOf: (concern) => ({ parent: this, dependsOn: waitsFor(concern) }),
        });
        tell(this.made);
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
    readonly rollout?: RolloutArgs;
    readonly secrets: Secrets;
    readonly optionsOf: (concern: Concern) => pulumi.ComponentResourceOptions;
    /** By default NAME-CONCERN. */
    readonly nameOf?: (concern: Concern) => string;
}

/** A component for each concern that the machine's settings ask for, in the order of the table. */
export function harden(
    machine: Machine,
    { name, fleet, rollout = {}, secrets, optionsOf, nameOf = (concern) => `${name}-${concern}` }: HardenOptions,
): ByConcern {
    return Object.fromEntries(
        concernNames.flatMap((concern) => {
            const definition: ConcernDefinition = concerns[concern];
            const args = planArgs(machine, concern, fleet);
            if (!args) return [];
            const isHeld = definition.risk === "boot or network" && Object.keys(rollout).length > 0;
            const planned = withSecrets(definition as Planner, isHeld ? { ...args, rollout } : args, secrets);
            return [[concern, new ConcernComponent(definition, nameOf(concern), planned, optionsOf(concern))]];
        }),
    );
}

/** What has to be seen on the machine before a wave that waits for it begins. */
export function rolledOut(machine: Machine, fleet: FleetView): RolledOut[] {
    if (machine.maintenance) return [];
    return concernNames.flatMap((concern) => {
        const args = planArgs(machine, concern, fleet);
        if (!args || definitionOf(concern).risk !== "boot or network") return [];
        const planned = [(concerns[concern] as Planner).plan(args)].flat() as readonly Planned[];
        return planned.filter((one) => isFileSet<FileSetArgs>(one)).map(digestsOf);
    });
}

function digestsOf({ host, concern, files }: FileSetArgs): RolledOut {
    return {
        host,
        concern,
        files: Object.fromEntries(
            Object.entries(files).map(([path, { content, when, yields }]) => [
                path,
                {
                    ...(content !== undefined && { sha256: createHash("sha256").update(content).digest("hex") }),
                    ...(when !== undefined && { when }),
                    ...(yields && { yields }),
                },
            ]),
        ),
    };
}

/** The table knows that a machine's settings are those that the concern's plan takes; the compiler cannot. */
type Planner = ConcernDefinition & {
    readonly plan: (args: PlanArgs<unknown>) => ReturnType<ConcernDefinition["plan"]>;
};

/** By concern; a further FileSet of a concern by its own name. */
export function fileSetsOf(made: ByConcern): Readonly<Record<string, FileSet>> {
    return Object.fromEntries(Object.values(made).flatMap(({ byConcern }) => Object.entries(byConcern)));
}

function viewOf(node: Machine, peers: readonly NodeIdentity[]): FleetView {
    return { machines: [node, ...peers.map((identity) => ({ identity, roles: ["node"] as const }))] };
}
