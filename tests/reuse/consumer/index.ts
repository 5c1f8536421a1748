/** Somebody else's Pulumi program: nodes from its own inventory, one concern alone, and a file of its own on a node. */
import { FileSet, HardenedNode, HostsFile } from "holdfast/components";
import { formatFault, parseFleet } from "holdfast/model";

const inventory = { pve01: "192.0.2.11", pve02: "192.0.2.12" };

const { fleet, faults } = parseFleet(
    { domain: "example.test", nodes: Object.fromEntries(Object.entries(inventory).map(([name, address]) => [name, { address, temperature: false }])) },
    (file) => {
        throw new Error(`${file}: this program keeps no files`);
    },
);
if (!fleet) throw new Error(faults.map(formatFault).join("\n"));

const identities = fleet.nodes.map(({ identity }) => identity);
for (const node of fleet.nodes) new HardenedNode(node.identity.name, { node, peers: identities.filter((peer) => peer !== node.identity) });

const backup = { name: "backup", address: "192.0.2.40" };
export const observed = new HostsFile("backup-hosts", { host: backup, node: backup, peers: identities }).fileSet.observed;

new FileSet("backup-motd", { host: backup, concern: "motd", node: backup, files: { "/etc/motd": { content: "Backups only.\n" } } });
