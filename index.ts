/** Composition root: the stack's fleet, hardened. */
import * as pulumi from "@pulumi/pulumi";
import { hardenFleet, watchHosts } from "./components/hardenedFleet";
import { loadFleet, loadMailPassword, loadSecrets, mailPasswordWarnings, plainSecretWarnings } from "./config";
import type { FileSet } from "./provider/resource";

const fleet = loadFleet();
const hasPassword = loadMailPassword() !== undefined;
for (const warning of [...plainSecretWarnings(), ...fleet.warnings, ...mailPasswordWarnings(fleet, hasPassword)])
    void pulumi.log.warn(warning);

const secrets = loadSecrets(fleet);
const hardened = hardenFleet(fleet, secrets);
const watched = watchHosts(fleet, secrets);

/** By node: what is managed there, what was last seen there, and whether it was left alone. */
export const nodes = Object.fromEntries(
    fleet.nodes.map(({ identity: { name }, maintenance }) => [name, seen(hardened[name]?.fileSets, maintenance)]),
);

/** The other Linux hosts, in the same terms. */
export const hosts = Object.fromEntries(
    fleet.hosts.map(({ identity: { name }, maintenance }) => [name, seen(watched[name]?.fileSets, maintenance)]),
);

function seen(fileSets: Readonly<Record<string, FileSet>> = {}, skipped: boolean) {
    const observed = Object.fromEntries(Object.entries(fileSets).map(([concern, each]) => [concern, each.observed]));
    return { managed: Object.keys(fileSets), observed, skipped };
}
