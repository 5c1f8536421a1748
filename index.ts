/** Composition root: the stack's fleet, hardened. */
import * as pulumi from "@pulumi/pulumi";
import { hardenFleet, watchHosts } from "./components/hardenedFleet";
import { loadFleet, loadMailPassword, mailPasswordWarnings } from "./config";

const fleet = loadFleet();
const mailPassword = loadMailPassword();
for (const warning of [...fleet.warnings, ...mailPasswordWarnings(fleet, mailPassword !== undefined)])
    void pulumi.log.warn(warning);

const hardened = hardenFleet(fleet, { mailPassword });
const watched = watchHosts(fleet);

/** By node: what is managed there, what was last seen there, and whether it was left alone. */
export const nodes = Object.fromEntries(
    fleet.nodes.map(({ identity: { name }, maintenance }) => {
        const fileSets = Object.entries(hardened[name]?.fileSets ?? {});
        const observed = Object.fromEntries(fileSets.map(([concern, fileSet]) => [concern, fileSet.observed]));
        return [name, { managed: fileSets.map(([concern]) => concern), observed, skipped: maintenance }];
    }),
);

/** The other Linux hosts, in the same terms. */
export const hosts = Object.fromEntries(
    fleet.hosts.map(({ identity: { name }, maintenance }) => {
        const observed = watched[name] && { "node-exporter": watched[name].fileSet.observed };
        return [name, { managed: Object.keys(observed ?? {}), observed: observed ?? {}, skipped: maintenance }];
    }),
);
