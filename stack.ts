/** The stack's fleet, hardened: the whole of what a project's index.ts calls, in a clone and from the package. */
import * as pulumi from "@pulumi/pulumi";
import { hardenFleet, named, watchHosts } from "./components/hardenedFleet";
import { summariesOf, type Summary } from "./components/summary";
import { loadFleet, loadMailPassword, loadSecrets, mailPasswordWarnings, plainSecretWarnings } from "./config";
import { version } from "./package.json";

/** What the stack outputs. */
export interface Hardened {
    /**
     * By node: what is managed there, whether it was left alone, and what was seen there that is not as declared or
     * unknown.
     */
    readonly nodes: Readonly<Record<string, Summary>>;
    /** The other Linux hosts, in the same terms. */
    readonly hosts: Readonly<Record<string, Summary>>;
    /** The version that did it: a preview after an upgrade shows both, `holdfast changes` what lies between them. */
    readonly holdfast: string;
}

/** Registers everything that `holdfast:fleet` asks for. @throws pulumi.RunError with every fault of the config */
export function hardenStack(): Hardened {
    const fleet = loadFleet();
    const hasPassword = loadMailPassword() !== undefined;
    for (const warning of [
        ...plainSecretWarnings(fleet),
        ...fleet.warnings,
        ...mailPasswordWarnings(fleet, hasPassword),
    ])
        void pulumi.log.warn(warning);

    const secrets = loadSecrets(fleet);
    const hardened = hardenFleet(fleet, secrets);
    const watched = watchHosts(fleet, secrets);
    const fileSets = { ...named(hardened), ...named(watched) };
    if (fleet.proxmox) {
        const { proxmox: settings } = fleet;
        const after = Object.values(fileSets);
        void import("./components/proxmox").then(
            ({ ProxmoxCluster }) => new ProxmoxCluster("proxmox", { settings, secrets, after }),
        );
    }
    // Loaded where it is used: @pulumi/command costs time, and a plugin.
    if (fleet.commands.length > 0)
        void import("./components/commands").then(({ runCommands }) =>
            runCommands(fleet.commands, { secrets, fileSets }),
        );

    return {
        nodes: summariesOf(fleet.nodes, hardened),
        hosts: summariesOf(fleet.hosts, watched),
        holdfast: version,
    };
}
