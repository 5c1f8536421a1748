/** What the cluster says of a node that is to be away for a while. The words are those of corosync 3.1. */
import { ask, pairs, proxmox, type Fixture } from "./machine";

interface Cluster {
    readonly quorate?: boolean;
    readonly expected?: number;
    readonly total: number;
    readonly quorum: number;
    /** Of the QDevice. */
    readonly device?: string;
    readonly nodes?: number;
}

function cluster({ quorate = true, expected, total, quorum, device, nodes = 3 }: Cluster): Fixture {
    const conf = Array.from({ length: nodes }, (_, index) => `node {\n  name: pve0${index + 1}\n  quorum_votes: 1\n}`);
    const rows = Array.from(
        { length: total - (device?.startsWith("A,V") ? 1 : 0) },
        (_, index) =>
            `         ${index + 1}          1 ${device === undefined ? "" : `${device.padStart(10)} `}pve0${index + 1}${index === 0 ? " (local)" : ""}`,
    );
    const votes = device?.startsWith("A,V") ? 1 : 0;
    const deviceRow =
        device === undefined
            ? []
            : [`         0          ${votes}            Qdevice${votes === 0 ? " (votes 1)" : ""}`];
    return {
        files: { "/etc/corosync/corosync.conf": `nodelist {\n${conf.join("\n")}\n}\n` },
        commands: {
            "corosync-quorumtool -s": [
                quorate ? 0 : 2,
                `Quorum information\n------------------\nNodes:            ${total}\nQuorate:          ${quorate ? "Yes" : "No"}\n\nVotequorum information\n----------------------\nExpected votes:   ${expected ?? nodes + (device === undefined ? 0 : 1)}\nHighest expected: ${nodes}\nTotal votes:      ${total}\nQuorum:           ${quorum}\nFlags:            Quorate${device === undefined ? "" : " Qdevice"}\n\nMembership information\n----------------------\n    Nodeid      Votes${device === undefined ? "" : "    Qdevice"} Name\n${[...rows, ...deviceRow].join("\n")}\n`,
            ],
        },
    };
}

const qdevice = ({ files, ...rest }: Fixture): Fixture => ({
    ...rest,
    files: {
        "/etc/corosync/corosync.conf": `${String(files!["/etc/corosync/corosync.conf"])}quorum {\n  provider: corosync_votequorum\n  device {\n    model: net\n    votes: 1\n  }\n}\n`,
    },
});
pairs("quorum", {
    "a cluster without quorum": {
        fault: cluster({ quorate: false, total: 1, quorum: 2 }),
        says: ["boot-no-quorum", /not quorate/],
        twin: cluster({ total: 3, quorum: 2 }),
    },
    "two of three, of which one reboots": {
        fault: cluster({ total: 2, quorum: 2 }),
        says: ["boot-quorum-with-us", /without this node/],
        twin: cluster({ total: 4, quorum: 3, nodes: 4 }),
    },
    "a QDevice that gives no vote": {
        fault: cluster({ total: 2, quorum: 2, nodes: 2, device: "NA,NV,NMW" }),
        says: ["boot-qdevice-dead", /gives no vote/],
        twin: cluster({ total: 3, quorum: 2, nodes: 2, device: "A,V,NMW" }),
    },
    "a QDevice that no node is connected to, so that it is not even in the list": {
        fault: qdevice(cluster({ total: 3, quorum: 2 })),
        says: ["boot-qdevice-dead", /gives no vote/],
        twin: qdevice(cluster({ total: 3, quorum: 2, nodes: 2, device: "A,V,NMW" })),
    },
    "votes of nodes that were never removed": {
        fault: cluster({ total: 3, quorum: 2, expected: 5 }),
        says: ["boot-expected-votes", /5 votes are expected, the nodes have 3/],
        twin: cluster({ total: 3, quorum: 2, expected: 3 }),
    },
    "one of two, beside a cluster that nobody has joined yet": {
        fault: cluster({ total: 2, quorum: 2, nodes: 2 }),
        says: ["boot-quorum-with-us", /without this node/],
        twin: cluster({ total: 1, quorum: 1, nodes: 1 }),
    },
    "one of three, told to expect no other vote": {
        fault: cluster({ total: 1, quorum: 1, expected: 1 }),
        says: ["boot-expected-votes", /1 votes are expected, the nodes have 3/],
        twin: cluster({ total: 1, quorum: 1, nodes: 1 }),
    },
});

test("a corosync that is down is not taken for ok, and a node without a cluster has none to lose", async () => {
    const files = { "/etc/corosync/corosync.conf": "" };
    const down = { "corosync-quorumtool -s": [1, "Cannot initialize QUORUM service"] as const };
    expect(await ask("quorum", { files, commands: down })).toMatchObject({ state: "unknown" });
    expect(await ask("quorum", { files })).toMatchObject({ state: "unknown" });
    expect(await ask("quorum")).toMatchObject({ state: "skipped", code: "boot-no-cluster" });
});

const links = (second: string): Fixture => ({
    files: { "/etc/corosync/corosync.conf": "" },
    commands: {
        "corosync-cfgtool -s": `Local node ID 1, transport knet\nLINK ID 0 udp\n\taddr\t= 192.0.2.11\n\tstatus:\n\t\tnodeid:          1:\tlocalhost\n\t\tnodeid:          2:\tconnected\nLINK ID 1 udp\n\taddr\t= 198.51.100.11\n\tstatus:\n\t\tnodeid:          1:\tlocalhost\n\t\tnodeid:          2:\t${second}\n`,
    },
});
/** Of this node's two links, to node 2 and to node 3. */
const ofThree = (
    to3: readonly [string, string],
    to2: readonly [string, string] = ["connected", "connected"],
): Fixture => ({
    files: { "/etc/corosync/corosync.conf": "" },
    commands: {
        "corosync-cfgtool -s": `Local node ID 1, transport knet\n${[0, 1].map((link) => `LINK ID ${link} udp\n\taddr\t= 192.0.2.${link + 11}\n\tstatus:\n\t\tnodeid:          1:\tlocalhost\n\t\tnodeid:          2:\t${to2[link]!}\n\t\tnodeid:          3:\t${to3[link]!}\n`).join("")}`,
    },
});
pairs("cluster-links", {
    "the second link is down": {
        fault: links("disconnected"),
        says: ["boot-link-down", /^link 1 to node 2 is down$/],
        twin: links("connected"),
    },
    "one link to a node, while another node is powered off": {
        fault: ofThree(["disconnected", "disconnected"], ["disconnected", "connected"]),
        says: ["boot-link-down", /^link 0 to node 2 is down$/],
        twin: ofThree(["disconnected", "disconnected"]),
    },
});

test("a node with no link is the quorum's matter, and is named", async () => {
    expect(await ask("cluster-links", ofThree(["disconnected", "disconnected"]))).toMatchObject({
        state: "ok",
        text: "node 3 is away",
    });
});

interface Ha {
    readonly node?: string;
    readonly service?: string;
    /** Where it is. */
    readonly on?: string;
    /** Seconds since pve-ha-lrm has written. */
    readonly silent?: number;
    readonly mode?: string;
}
/** As pve-ha-manager 4 keeps it in pmxcfs. */
function ha({ node = "online", service = "started", on = "pve01", silent = 5, mode = "active" }: Ha): Fixture {
    const timestamp = Math.floor(Date.now() / 1000) - silent;
    const manager = {
        master_node: "pve02",
        node_status: { pve01: node, pve02: "online" },
        service_status: { "vm:100": { node: on, running: 1, state: service, uid: "Aa1" } },
        timestamp,
    };
    return {
        files: {
            ...proxmox,
            "/etc/pve/ha/manager_status": JSON.stringify(manager),
            "/etc/pve/nodes/pve01/lrm_status": JSON.stringify({ mode, results: {}, state: "active", timestamp }),
        },
    };
}
pairs("ha-state", {
    "a guest that HA has given up": {
        fault: ha({ service: "error" }),
        says: ["boot-ha-error", /HA has given up vm:100/],
        twin: ha({ service: "started" }),
    },
    "a node that HA takes for dead": {
        fault: ha({ node: "fence" }),
        says: ["boot-ha-fenced", /says of this node: fence/],
        twin: ha({ node: "online" }),
    },
    "a service of HA that has stopped": {
        fault: ha({ silent: 3600 }),
        says: ["boot-ha-silent", /pve-ha-lrm/],
        // Without a guest of its own it sleeps.
        twin: ha({ silent: 3600, on: "pve02" }),
        is: "skipped",
    },
});
test("HA's maintenance is said, a guest given up elsewhere is that node's, and a pmxcfs that is down is not taken for no HA", async () => {
    expect(await ask("ha-state", ha({ mode: "maintenance" }))).toMatchObject({ code: "boot-ha-maintenance" });
    expect(await ask("ha-state", ha({ service: "error", on: "pve02" }))).toMatchObject({ state: "skipped" });
    expect(await ask("ha-state", { files: proxmox })).toMatchObject({ state: "skipped", code: "boot-no-ha" });
    const files = { "/usr/lib/systemd/system/pve-cluster.service": "" };
    expect(await ask("ha-state", { files })).toMatchObject({ state: "unknown", code: "boot-pmxcfs-down" });
});
