/** Composition root: the stack's fleet, hardened. */
import * as pulumi from "@pulumi/pulumi";
import { hardenFleet, named, watchHosts } from "./components/hardenedFleet";
import { summaryOf } from "./components/summary";
import { loadFleet, loadMailPassword, loadSecrets, mailPasswordWarnings, plainSecretWarnings } from "./config";

const fleet = loadFleet();
const hasPassword = loadMailPassword() !== undefined;
for (const warning of [...plainSecretWarnings(fleet), ...fleet.warnings, ...mailPasswordWarnings(fleet, hasPassword)])
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
    void import("./components/commands").then(({ runCommands }) => runCommands(fleet.commands, { secrets, fileSets }));

/**
 * By node: what is managed there, whether it was left alone, and what was seen there that is not as declared or
 * unknown.
 */
export const nodes = Object.fromEntries(
    fleet.nodes.map(({ identity: { name }, maintenance }) => [
        name,
        summaryOf(hardened[name]?.fileSets ?? {}, maintenance),
    ]),
);

/** The other Linux hosts, in the same terms. */
export const hosts = Object.fromEntries(
    fleet.hosts.map(({ identity: { name }, maintenance }) => [
        name,
        summaryOf(watched[name]?.fileSets ?? {}, maintenance),
    ]),
);
