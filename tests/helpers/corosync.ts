/** Lab nodes as one cluster: a real corosync on each, and pmxcfs started in it. */
import type { LabNode } from "../../lab";

export async function formCluster(nodes: readonly LabNode[]): Promise<void> {
    const members = nodes.map(
        ({ name, address }, index) =>
            `  node {\n    name: ${name}\n    nodeid: ${index + 1}\n    quorum_votes: 1\n    ring0_addr: ${address}\n  }\n`,
    );
    const conf = `totem {
  version: 2
  cluster_name: lab
  transport: knet
  crypto_cipher: none
  crypto_hash: none
}
nodelist {
${members.join("")}}
quorum {
  provider: corosync_votequorum
}
logging {
  to_syslog: yes
}
`;
    for (const node of nodes) {
        await node.exec(["tee", "/etc/corosync/corosync.conf"], { input: conf });
        await node.exec(["systemctl", "restart", "corosync"]);
    }
    for (const node of nodes) {
        await node.exec(["timeout", "30", "sh", "-c", "until corosync-quorumtool -s >/dev/null; do sleep 0.2; done"]);
        await node.exec(["systemctl", "restart", "pve-cluster"]);
    }
    for (const node of nodes) await node.exec(waitFor("grep -q '\"quorate\": 1' /etc/pve/.members"));
}

/** As if it had never been in one. */
export async function leaveCluster(nodes: readonly LabNode[]): Promise<void> {
    for (const node of nodes) {
        await node.exec(["systemctl", "stop", "corosync", "pve-cluster"]);
        await node.exec(["sh", "-c", "rm -f /etc/corosync/corosync.conf /var/lib/pve-cluster/*"]);
    }
}

/** A command that ends well once the condition holds, within half a minute. */
export function waitFor(condition: string): string[] {
    return ["timeout", "30", "sh", "-c", `until ${condition}; do sleep 0.2; done`];
}
