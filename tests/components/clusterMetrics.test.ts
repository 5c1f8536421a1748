/** ClusterMetrics: what is made of what a real corosync has printed. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { planClusterMetrics } from "../../components/clusterMetrics";
import { parseFleet } from "../../components/fleet";
import { device, head, plain } from "../helpers/quorumtool";

const { files, units } = planClusterMetrics({
    host: { name: "pve01", address: "192.0.2.11" },
    node: { name: "pve01", address: "192.0.2.11" },
});

const said = (quorate: string, expected: number, total: number, members: string) =>
    head(quorate, expected, total) + members;
const links = (second: string, first = "connected") =>
    `Local node ID 1, transport knet\nLINK ID 0 udp\n\taddr\t= 192.0.2.11\n\tstatus:\n\t\tnodeid:          1:\tlocalhost\n\t\tnodeid:          2:\t${first}\nLINK ID 1 udp\n\taddr\t= 198.51.100.11\n\tstatus:\n\t\tnodeid:          1:\tlocalhost\n\t\tnodeid:          2:\t${second}\n`;

test("it is off unless asked for, and runs every minute", () => {
    const settings = (clusterMetrics?: boolean) =>
        parseFleet({ nodes: { pve01: { address: "192.0.2.11", clusterMetrics } } }, () => "").fleet?.nodes[0];
    expect([settings()?.clusterMetrics, settings(true)?.clusterMetrics]).toEqual([undefined, {}]);
    expect(units).toEqual({ "holdfast-cluster-metrics.timer": { enabled: true, active: true } });
    expect(files["/etc/systemd/system/holdfast-cluster-metrics.timer"]?.content).toContain("OnCalendar=minutely\n");
});

describe("the node's program", () => {
    let folder: string;
    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "holdfast-cluster-"));
        await mkdir(join(folder, "metrics"));
        await mkdir(join(folder, "bin"));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    const program = async (name: string, script: string) => {
        await writeFile(join(folder, "bin", name), `#!/bin/sh\n${script}\n`);
        await chmod(join(folder, "bin", name), 0o755);
    };
    const printing = (text: string, status: number) => `cat <<'E'\n${text}E\nexit ${status}`;

    /** By the metric's name without its beginning. */
    async function measure(): Promise<Record<string, number>> {
        const own = join(folder, "cluster-metrics");
        await writeFile(own, files["/usr/local/lib/holdfast/cluster-metrics"]!.content!, { mode: 0o755 });
        const { exitCode } = await execa(own, {
            env: {
                PATH: `${join(folder, "bin")}:/usr/bin:/bin`,
                HOLDFAST_METRICS: join(folder, "metrics"),
                HOLDFAST_COROSYNC: join(folder, "corosync.conf"),
                HOLDFAST_PMXCFS: join(folder, "pve/.version"),
            },
            extendEnv: false,
            reject: false,
        });
        expect(exitCode).toBe(0);
        const text = await readFile(join(folder, "metrics/holdfast_cluster.prom"), "utf8").catch(() => "");
        return Object.fromEntries(
            [...text.matchAll(/^holdfast_(?:cluster_)?(\w+) (\S+)$/gm)].map(([, name, value]) => [
                name!,
                Number(value),
            ]),
        );
    }

    async function clustered(
        status: number,
        text: string,
        second = "connected",
        first = "connected",
    ): Promise<Record<string, number>> {
        await writeFile(join(folder, "corosync.conf"), "");
        await program("corosync-quorumtool", printing(text, status));
        await program("corosync-cfgtool", printing(links(second, first), 0));
        return measure();
    }

    test("three nodes of three can lose one, two of three none", async () => {
        const whole = { corosync_answers: 1, quorate: 1, votes_spare: 1, votes_missing: 0, links_down: 0 };
        expect(await clustered(0, said("Yes", 3, 3, plain))).toEqual(whole);
        expect(await clustered(0, said("Yes", 3, 2, plain), "disconnected")).toEqual({
            ...whole,
            votes_spare: 0,
            votes_missing: 1,
            links_down: 1,
        });
    });

    test("the links to a node that none reaches are not down, it is gone", async () => {
        const gone = await clustered(0, said("Yes", 3, 2, plain), "disconnected", "disconnected");
        expect(gone).toMatchObject({ votes_missing: 1, links_down: 0 });
    });

    test("a part without quorum says so, and how much is missing", async () => {
        expect(await clustered(2, said("No", 3, 1, plain))).toMatchObject({
            quorate: 0,
            votes_spare: -1,
            votes_missing: 2,
        });
    });

    test("a QDevice that does not vote is one, and none is none", async () => {
        expect(await clustered(0, said("Yes", 3, 3, device(1)))).toMatchObject({ qdevice_votes: 1 });
        expect(await clustered(0, said("Yes", 3, 2, device(0)))).toMatchObject({ qdevice_votes: 0, votes_missing: 1 });
        expect(await clustered(0, said("Yes", 3, 3, plain))).not.toHaveProperty("qdevice_votes");
    });

    test("a corosync that does not answer gives no vote: what was known before goes", async () => {
        await clustered(0, said("Yes", 3, 3, plain));
        expect(await clustered(1, "Cannot initialize QUORUM service\n")).toEqual({ corosync_answers: 0, quorate: 0 });
    });

    test("a node alone says whether pmxcfs answers, and nothing of a cluster; one without pmxcfs nothing at all", async () => {
        expect(await measure()).toEqual({});
        await program("pmxcfs", "");
        expect(await measure()).toEqual({ pmxcfs_answers: 0 });
        await mkdir(join(folder, "pve"));
        await writeFile(join(folder, "pve/.version"), "{}");
        expect(await measure()).toEqual({ pmxcfs_answers: 1 });
    });
});
