/** A rollout by proof on real nodes, in the real engine: who is touched, and who waits. */
import { planClusterMetrics } from "../../components/clusterMetrics";
import type { Lab, LabNode } from "../../lab";
import { formCluster, leaveCluster, waitFor } from "../helpers/corosync";
import { openTestLab, readNodeFile, toIncidentState } from "../helpers/lab";
import { expectSuccess, fleetOf } from "../helpers/labFleet";
import { PulumiProject, type Finished } from "../helpers/pulumiProject";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";
import { aDayGoesBy } from "../helpers/quietEvents";
import { soak } from "../helpers/soak";

jest.setTimeout(300_000);

let lab: Lab;
let project: PulumiProject;
let nodes: LabNode[];

beforeAll(async () => {
    lab = await openTestLab();
    nodes = lab.nodes.slice(0, 3);
    for (const node of nodes) await toIncidentState(lab, node);
    project = await PulumiProject.create(lab);
    await project.pulumi("stack", "init", "lab");
    expectSuccess(await up("first.example.test", {}));
}, 600_000);

afterAll(async () => {
    for (const node of nodes) {
        await node.exec(["systemctl", "disable", "holdfast-boot-readiness.timer", "holdfast-boot-readiness.path"]);
        await node.exec(["sh", "-c", "rm -f /etc/systemd/system/holdfast-boot-readiness.*; systemctl daemon-reload"]);
    }
    await project.remove();
});

/** The hosts file of every node gets another line: a change that is risky on each. */
async function up(name: string, rollout: object, ...flags: string[]): Promise<Finished> {
    const fleet = await fleetOf(
        lab,
        project,
        nodes.map((node) => node.name),
    );
    for (const { hostsFile } of Object.values(fleet.nodes))
        hostsFile.extra.push({ address: "192.0.2.99", names: [name] });
    const defaults = { ...fleet.defaults, bootReadiness: true };
    await project.configure("lab", { fleet: { ...fleet, defaults, rollout } });
    return project.runPulumi(["up", "--yes", "--skip-preview", "--stack", "lab", ...flags]);
}

/** Which nodes have the line. */
async function having(name: string): Promise<string[]> {
    const found = await Promise.all(
        nodes.map(async (node) =>
            (await node.exec(["cat", "/etc/hosts"])).stdout.includes(name) ? node.name : undefined,
        ),
    );
    return found.filter((each) => each !== undefined);
}

test("a node is asked whether it would survive a reboot after its wave, not before: no fault is told that this up has mended", async () => {
    for (const { name } of nodes)
        expect(await project.factsInState("lab", name)).toMatchObject({
            "boot-readiness": { "boot: name": "ok", "boot: network": "ok" },
        });
});

test("where the second of three fails, the third is untouched", async () => {
    const second = nodes[1]!;
    // The file is written, and the node's name does not resolve by it: the node's own check undoes it.
    await second.exec([
        "sh",
        "-ec",
        "cp /etc/nsswitch.conf /root/nsswitch; sed -i 's/^hosts:.*/hosts: dns/' /etc/nsswitch.conf",
    ]);
    const { exitCode, output } = await up("second.example.test", { canary: ["pve01"] });
    await second.exec(["mv", "/root/nsswitch", "/etc/nsswitch.conf"]);
    expect([output, exitCode === 0]).toEqual([output, false]);
    expect(await having("second.example.test")).toEqual(["pve01"]);
    expect(output).toContain("not attempted because pve02 failed: pve03");
    expectSuccess(await up("second.example.test", { canary: ["pve01"] }));
    expect(await having("second.example.test")).toEqual(["pve01", "pve02", "pve03"]);
});

describe("with three in a real cluster, one of them stopped", () => {
    beforeAll(async () => {
        await formCluster(nodes);
        await nodes[2]!.exec(["systemctl", "stop", "corosync"]);
        await nodes[0]!.exec(waitFor("corosync-quorumtool -s | grep -q 'Total votes: *2'"));
    });
    afterAll(async () => {
        await leaveCluster(nodes);
        // What lies in /etc/pve is asked for before a reboot.
        for (const node of nodes) await node.exec(["systemctl", "start", "pve-cluster"]);
    });

    test("clusterMetrics has it as corosync says: whole but for one vote, no more to lose, a link down; the stopped one has no quorum", async () => {
        const file = "/var/lib/prometheus-holdfast/node-exporter/holdfast_cluster.prom";
        const program = "/usr/local/lib/holdfast/cluster-metrics";
        const measured = async (node: LabNode, settled: string) => {
            const host = await hostOf(node);
            await pushFileSet(lab, planClusterMetrics({ host, node: { name: node.name, address: node.address } }));
            await node.exec(waitFor(`${program} && grep -q '${settled}' ${file}`));
            const lines = (await readNodeFile(node, file)).split("\n").filter((line) => line.startsWith("holdfast"));
            await node.exec([
                ...["sh", "-c"],
                `systemctl disable --now holdfast-cluster-metrics.timer && rm ${file} ${program} /etc/systemd/system/holdfast-cluster-metrics.* && systemctl daemon-reload`,
            ]);
            return lines;
        };
        expect(await measured(nodes[0]!, "votes_missing 1")).toEqual([
            "holdfast_pmxcfs_answers 1",
            "holdfast_cluster_corosync_answers 1",
            "holdfast_cluster_quorate 1",
            "holdfast_cluster_votes_spare 0",
            "holdfast_cluster_votes_missing 1",
            "holdfast_cluster_links_down 0", // its only link: it is gone
        ]);
        expect(await measured(nodes[2]!, "quorate")).toEqual([
            "holdfast_pmxcfs_answers 1",
            "holdfast_cluster_corosync_answers 0",
            "holdfast_cluster_quorate 0",
        ]);
    });

    test("nothing is touched: without the canary there is no quorum", async () => {
        const { exitCode, output } = await up("third.example.test", {});
        expect([output, exitCode === 0]).toEqual([output, false]);
        expect(output).toContain(
            "pve01: hosts is not touched: without this node the cluster would have 1 votes of the 2 that it needs (2 of 3 votes are there now)",
        );
        expect(await having("third.example.test")).toEqual([]);
    });

    test("nor where corosync does not say: the one that is stopped", async () => {
        const { exitCode, output } = await up("third.example.test", { canary: ["pve03"] });
        expect([output, exitCode === 0]).toEqual([output, false]);
        expect(output).toContain("pve03: hosts is not touched: how the cluster's votes stand is not known");
        expect(await having("third.example.test")).toEqual([]);
    });

    test("who says so in the stack mends it all the same", async () => {
        expectSuccess(await up("third.example.test", { withoutQuorum: true }));
        expect(await having("third.example.test")).toEqual(["pve01", "pve02", "pve03"]);
    });
});

test("booted: each wave waits for the boot of the one before, with --target too, and every up ends well", async () => {
    const rollout = { canary: ["pve01"], batch: 1, proof: "booted" };
    const first = expectSuccess(await up("fourth.example.test", rollout));
    expect(first).toMatch(
        /pve02 waits, and is untouched \(rollout\.proof: booted\): pve01 has not booted since \/etc\/hosts( and \d+ more)? changed\. Next: holdfast reboot pve01, then pulumi up/,
    );
    expect(first).toContain("pve03 waits, and is untouched (rollout.proof: booted): pve02 waits for its own turn");
    expect(await having("fourth.example.test")).toEqual(["pve01"]);
    const targeted = expectSuccess(await up("fourth.example.test", rollout, "--target", "**pve03-hosts**"));
    expect(targeted).toContain("pve02 has not what the stack declares in /etc/hosts");
    expect(await having("fourth.example.test")).toEqual(["pve01"]);

    const rebooted = await project.holdfast("reboot", "pve01", "--stack", "lab");
    expect([rebooted.output, rebooted.exitCode]).toEqual([rebooted.output, 0]);
    const second = expectSuccess(await up("fourth.example.test", rollout));
    expect(second).toContain("Next: holdfast reboot pve02, then pulumi up");
    expect(await having("fourth.example.test")).toEqual(["pve01", "pve02"]);
});

test("booted: a canary that has booted and is not ready any more stops the rollout with an error", async () => {
    const rollout = { canary: ["pve01"], batch: 1, proof: "booted" };
    const rebooted = await project.holdfast("reboot", "pve02", "--stack", "lab");
    expect([rebooted.output, rebooted.exitCode]).toEqual([rebooted.output, 0]);
    await nodes[1]!.exec(["sh", "-c", "echo pending >/etc/network/interfaces.new"]);
    const { exitCode, output } = await up("fourth.example.test", rollout);
    expect([output, exitCode === 0]).toEqual([output, false]);
    expect(await having("fourth.example.test")).toEqual(["pve01", "pve02"]);
    expect(output).toContain("pve02 has booted with what it was given, and would not again (pending-interfaces: ");
    await nodes[1]!.exec(["rm", "/etc/network/interfaces.new"]);
    expectSuccess(await up("fourth.example.test", rollout));
    expect(await having("fourth.example.test")).toEqual(["pve01", "pve02", "pve03"]);
});

test("a quiet fleet of three is clean night after night, each node having looked at itself in between", async () => {
    const nights = soak > 1 ? 10 : 2;
    const started = Date.now();
    for (let night = 0; night < nights; night++) {
        if (night > 0) await Promise.all(nodes.map((node) => aDayGoesBy(node, lab)));
        expect(await project.holdfast("drift", "--stack", "lab")).toMatchObject({
            exitCode: 0,
            stdout: "3 nodes: 3 clean\n",
        });
    }
    if (soak > 1) console.log(`${nights} drift runs, all clean, in ${Math.round((Date.now() - started) / 1000)} s`);
}, 1_800_000);
