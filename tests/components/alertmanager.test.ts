/** Who is mailed what: by a real Alertmanager with the stack's configuration, its minutes made seconds. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import execa from "execa";
import { parseFleet, viewOf } from "../../components/fleet";
import { planMonitoringHost } from "../../components/monitoring";
import { freePort } from "../helpers/freePort";
import { alertmanager } from "../helpers/promtool";

jest.setTimeout(180_000);

type Labels = Readonly<Record<string, string>>;

const dropIn = "/etc/systemd/system/prometheus-alertmanager.service.d/holdfast.conf";
const kept = "/var/lib/prometheus/alertmanager";
let folder: string;
let ports: { api: number; mail: number };
let files: ReturnType<typeof planMonitoringHost>["files"];
let sink: ChildProcess;
let program: string;
let running: ChildProcess | undefined;

/** Of a machine, as Prometheus sends it: `name` without its Holdfast. */
const alarm = (name: string, node: string, labels: Labels = {}) => ({
    labels: {
        alertname: `Holdfast${name}`,
        ...{ severity: "critical", instance: node, node, role: "node", cluster: "example.test" },
        ...labels,
    },
    annotations: { summary: `${name} of ${node}`, description: "d", runbook: "r" },
});

async function post(...alerts: object[]): Promise<void> {
    const url = `http://127.0.0.1:${ports.api}/api/v2/alerts`;
    const headers = { "content-type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(alerts) });
    expect(answer.status).toBe(200);
}

const over = (alert: object) => ({ ...alert, endsAt: new Date().toISOString() });

/** Subjects, oldest first. */
async function subjects(): Promise<string[]> {
    const names = (await readdir(join(folder, "mails"))).filter((name) => !name.endsWith(".draft")).sort();
    const mails = await Promise.all(names.map((name) => readFile(join(folder, "mails", name), "utf8")));
    return mails.map((mail) => /^Subject: (.*)$/m.exec(mail)?.[1] ?? "");
}

async function until<T>(look: () => Promise<T>, isSo: (seen: T) => boolean, seconds = 30): Promise<T> {
    const end = Date.now() + seconds * 1000;
    let seen = await look();
    while (!isSo(seen) && Date.now() < end) {
        await delay(50);
        seen = await look();
    }
    return seen;
}

const told = (subject: string) => until(subjects, (all) => all.includes(subject));

/** As its unit starts it, with what stands in the drop-in before. */
async function start(): Promise<void> {
    const before = /^ExecStartPre=-(.*)$/gm;
    for (const [, line] of (files[dropIn]?.content ?? "").matchAll(before))
        await execa.command(line!.replaceAll(kept, join(folder, "kept")));
    running = spawn(
        program,
        [
            `--config.file=${folder}/alertmanager.yml`,
            `--storage.path=${folder}/kept`,
            ...[`--web.listen-address=127.0.0.1:${ports.api}`, "--cluster.listen-address="],
        ],
        { stdio: "ignore" },
    );
    const isReady = () =>
        fetch(`http://127.0.0.1:${ports.api}/-/ready`).then(
            ({ ok }) => ok,
            () => false,
        );
    expect(await until(isReady, Boolean)).toBe(true);
}

async function stop(): Promise<void> {
    if (running?.exitCode === null) {
        running.kill();
        await once(running, "exit");
    }
}

beforeAll(async () => {
    folder = await mkdtemp("/tmp/holdfast-");
    program = await alertmanager(folder);
    ports = { api: await freePort(), mail: await freePort() };
    await mkdir(join(folder, "mails"));
    sink = spawn("python3", [join(__dirname, "../helpers/smtpSink.py"), String(ports.mail), join(folder, "mails")]);
    const { fleet } = parseFleet(
        {
            domain: "example.test",
            mail: { to: "ops@example.test", relay: `smtp://127.0.0.1:${ports.mail}` },
            monitoring: { hosts: ["192.0.2.50"] },
            nodes: { pve01: { address: "192.0.2.11" } },
            hosts: { mon1: { address: "192.0.2.50", roles: ["monitoring"] } },
        },
        () => "",
    );
    const { identity, host, monitoring } = fleet!.hosts[0]!;
    files = planMonitoringHost({ host, node: identity, settings: monitoring!, fleet: viewOf(fleet!) }).files;
    const shipped = files["/etc/prometheus/alertmanager.yml"]!.content!;
    // A second is what a mail takes on a busy machine.
    const quick = shipped
        .replaceAll(": 30s", ": 1s")
        .replaceAll("group_interval: 5m", "group_interval: 8s")
        .replaceAll("group_interval: 1m", "group_interval: 2s");
    expect(quick).not.toBe(shipped);
    await writeFile(join(folder, "alertmanager.yml"), quick);
    await start();
});
afterAll(async () => {
    await stop();
    sink.kill();
    await rm(folder, { recursive: true, force: true });
});

test("a machine that goes is told at once, whatever else of it was told a moment ago; the subject is of what goes on", async () => {
    await post(alarm("DiskFull", "pve01"), alarm("DiskFull", "pve02"));
    await told("[FIRING] DiskFull of pve01");
    await told("[FIRING] DiskFull of pve02");
    await post(alarm("MachineGone", "pve01"), over(alarm("DiskFull", "pve02")), alarm("InodesOut", "pve02"));
    const all = await told("[FIRING] InodesOut of pve02");
    expect(all.slice(2)).toEqual(["[FIRING] MachineGone of pve01", "[FIRING] InodesOut of pve02"]);
    await post(over(alarm("MachineGone", "pve01")));
    expect((await told("[RESOLVED] MachineGone of pve01")).at(-1)).toBe("[RESOLVED] MachineGone of pve01");
});

test("what the others of its cluster say of a node that is gone is no mail, and what they say of quorum is one", async () => {
    const before = (await subjects()).length;
    const docker = { cluster: "other.example.test", role: "docker" };
    await post(
        alarm("MachineGone", "pve11"),
        ...["pve12", "pve13"].map((node) => alarm("QuorumThin", node)),
        alarm("MachineGone", "docker1", docker),
        // Of a node that another link reaches.
        alarm("CorosyncLinkDown", "pve12"),
        alarm("DiskFull", "pve14", { maintenance: "true" }),
    );
    await until(subjects, (all) => all.length >= before + 4);
    await delay(2000); // what would come as well has come by then
    expect((await subjects()).slice(before).sort()).toEqual([
        "[FIRING] CorosyncLinkDown of pve12",
        "[FIRING] MachineGone of docker1",
        "[FIRING] MachineGone of pve11",
        "[FIRING] QuorumThin of pve12 (2 in all)",
    ]);
});

test("an outage that ended while nobody looked does not hide the next one", async () => {
    await post(alarm("MachineGone", "pve31"));
    await told("[FIRING] MachineGone of pve31");
    await stop();
    await start();
    const before = (await subjects()).length;
    await post(alarm("MachineGone", "pve31"));
    const all = await until(subjects, (seen) => seen.length > before, 10);
    expect(all.slice(before)).toEqual(["[FIRING] MachineGone of pve31"]);
});
