/** A component by its type, from the fleet's settings instead of from parsed ones: what a language without ours has. */
import * as pulumi from "@pulumi/pulumi";
import { formatFault, type Fleet, type Machine, parseFleet, viewOf } from "../components/fleet";
import type { ConcernComponent, Secrets } from "../components/component";
import { hardenFleet, watchHosts } from "../components/hardenedFleet";
import { harden, HardenedNode } from "../components/hardenedNode";
import { summariesOf, summaryOf } from "../components/summary";
import { type Concern, concernNames, definitionOf } from "../components/table";
import { loadSecrets } from "../config";
import { readProjectFile } from "../projectFile";

export interface ComponentInputs {
    /** As `holdfast:fleet`; by default the stack's. */
    readonly fleet?: unknown;
    /** Name below `nodes` or `hosts`. */
    readonly machine?: string;
    /** By their keys of `holdfast:`. */
    readonly secrets?: Readonly<Record<string, string>>;
}

export interface Constructed {
    readonly urn: pulumi.Output<string>;
    readonly outputs: Readonly<Record<string, unknown>>;
}

const PREFIX = "holdfast:components:";

/** @throws Error for a type that is none of ours, a machine that the fleet has not, and every fault of the fleet */
export function construct(
    type: string,
    name: string,
    inputs: ComponentInputs,
    options: pulumi.ComponentResourceOptions,
): Constructed {
    const component = type.startsWith(PREFIX) ? type.slice(PREFIX.length) : "";
    const concern = concernNames.find((each) => definitionOf(each).component === component);
    if (concern === undefined && component !== "HardenedFleet" && component !== "HardenedNode")
        throw new Error(`${type}: the holdfast provider constructs no such component; its schema lists them`);
    const fleet = fleetOf(inputs);
    for (const warning of fleet.warnings) void pulumi.log.warn(warning);
    if (component === "HardenedFleet") {
        const made = new HardenedFleet(name, fleet, secretsOf([...fleet.nodes, ...fleet.hosts], inputs), options);
        return { urn: made.urn, outputs: { nodes: made.nodes, hosts: made.hosts } };
    }
    const machine = machineOf(fleet, inputs.machine);
    if (concern === undefined) {
        const peers = fleet.nodes.filter((node) => node !== machine).map(({ identity }) => identity);
        const secrets = secretsOf([machine], inputs);
        const made = new HardenedNode(name, { node: machine, peers, fleet: viewOf(fleet), secrets }, options);
        return { urn: made.urn, outputs: { observed: summaryOf(made.fileSets, machine.maintenance).attention } };
    }
    const alone = onlyWith(concern, machine);
    const made = oneConcern(concern, name, alone, fleet, secretsOf([alone], inputs), options);
    return { urn: made.urn, outputs: { observed: summaryOf(made.byConcern, machine.maintenance).attention } };
}

/** `hardenFleet` as a resource: in TypeScript the stack itself is what is around the nodes. */
class HardenedFleet extends pulumi.ComponentResource {
    readonly nodes: Readonly<Record<string, unknown>>;
    readonly hosts: Readonly<Record<string, unknown>>;

    constructor(name: string, fleet: Fleet, secrets: Secrets, options: pulumi.ComponentResourceOptions) {
        super(`${PREFIX}HardenedFleet`, name, {}, options);
        const hardened = hardenFleet(fleet, secrets, this);
        const watched = watchHosts(fleet, secrets, this);
        this.nodes = summariesOf(fleet.nodes, hardened);
        this.hosts = summariesOf(fleet.hosts, watched);
        this.registerOutputs({ nodes: this.nodes, hosts: this.hosts });
    }
}

function onlyWith(concern: Concern, machine: Machine): Machine {
    const { setting } = definitionOf(concern);
    const off = Object.fromEntries(concernNames.map((each) => [definitionOf(each).setting, undefined]));
    return { ...machine, ...off, [setting]: (machine as unknown as Record<string, unknown>)[setting] };
}

function oneConcern(
    concern: Concern,
    name: string,
    machine: Machine,
    fleet: Fleet,
    secrets: Secrets,
    options: pulumi.ComponentResourceOptions,
): ConcernComponent {
    const { setting, component } = definitionOf(concern);
    const made = harden(machine, {
        name: machine.identity.name,
        fleet: viewOf(fleet),
        secrets,
        nameOf: () => name,
        optionsOf: () => options,
    })[concern];
    if (!made)
        throw new Error(`${name}: ${component} is off for ${machine.identity.name}: give it a setting \`${setting}\``);
    return made;
}

function fleetOf({ fleet: given }: ComponentInputs): Fleet {
    const declared = given ?? new pulumi.Config("holdfast").getObject<unknown>("fleet");
    if (declared === undefined)
        throw new Error("no fleet: give the component the argument `fleet`, or the stack the key holdfast:fleet");
    // The engine starts a plugin in the project's folder.
    const { fleet, faults } = parseFleet(declared, (file) => readProjectFile(process.cwd(), file));
    if (!fleet)
        throw new Error(`the fleet has faults:\n${faults.map((fault) => `  ${formatFault(fault)}`).join("\n")}`);
    if (fleet.proxmox !== undefined || fleet.commands.length > 0)
        void pulumi.log.warn(
            "`proxmox` and `commands` of the fleet are for TypeScript programs (hardenStack), and are left out here",
        );
    return fleet;
}

/** What these machines need, given or the stack's. @throws pulumi.RunError where one that is needed is neither */
function secretsOf(machines: readonly Machine[], { secrets: given = {} }: ComponentInputs): Secrets {
    const config = new pulumi.Config("holdfast");
    return loadSecrets(
        { nodes: machines, hosts: [] },
        {
            get: (key) => given[key] ?? config.get(key),
            getSecret: (key) => (given[key] === undefined ? config.getSecret(key) : pulumi.secret(given[key])),
        },
    );
}

function machineOf(fleet: Fleet, name: string | undefined): Machine {
    const all = [...fleet.nodes, ...fleet.hosts];
    const machine = all.find(({ identity }) => identity.name === name);
    if (machine === undefined)
        throw new Error(
            `machine: expected one of ${all.map(({ identity }) => identity.name).join(", ")}, got ${name ?? "nothing"}`,
        );
    return machine;
}
