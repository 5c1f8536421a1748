/** MonitoringHost on a lab node: Debian's Prometheus, blackbox exporter and Alertmanager watch another node. */
import { setTimeout as delay } from "node:timers/promises";
import { nothingByDefault } from "../../components/table";
import { domain, type Lab, type LabNode } from "../../lab";
import { openTestLab } from "../helpers/lab";
import {
    ask as askPrometheus,
    emptyInbox,
    installMonitoring,
    keepOut,
    letIn,
    mailsIn,
    speakLikePveproxy,
    startInbox,
    until,
} from "../helpers/monitored";
import { PulumiProject } from "../helpers/pulumiProject";

jest.setTimeout(300_000);

let lab: Lab;
let [node, host, sink]: [LabNode, LabNode, LabNode] = [] as never;
let project: PulumiProject;
let relay: string;

const packages = "prometheus prometheus-alertmanager prometheus-blackbox-exporter";
const shell = async (script: string, on: LabNode) => (await on.exec(["sh", "-c", script])).stdout;
const up = () => project.runPulumi(["up", "--yes", "--skip-preview", "--stack", "monitoring"]);
const reached = async (of: LabNode) => ({
    address: of.address,
    ssh: { host: of.ssh.host, port: of.ssh.port, hostKey: await of.hostKey() },
});

async function declare(monitoring: object = {}, ofNode: object = {}): Promise<void> {
    const fleet = {
        domain,
        ssh: { user: "root" },
        takeOver: true,
        mail: { to: "ops@example.test", from: "holdfast@example.test", relay },
        monitoring: { targets: [{ name: "shell of the node", tcp: `${node.address}:22` }] },
        defaults: { ...nothingByDefault, nodeExporter: {} },
        nodes: { [node.name]: { ...(await reached(node)), ...ofNode } },
        hosts: {
            [host.name]: {
                ...(await reached(host)),
                roles: ["monitoring"],
                monitoring: { interval: 5, ...monitoring },
            },
        },
    };
    await project.configure("monitoring", { fleet });
}

const ask = (query: string) => askPrometheus(host, query);
const mails = () => mailsIn(sink);

beforeAll(async () => {
    lab = await openTestLab();
    [node, host, sink] = lab.nodes as [LabNode, LabNode, LabNode];
    relay = await startInbox(sink);
    await installMonitoring(host);
    await speakLikePveproxy(node);
    project = await PulumiProject.create(lab);
    await project.pulumi("stack", "init", "monitoring");
    await declare();
    const { exitCode, output } = await up();
    if (exitCode !== 0) throw new Error(output);
    for (const each of [node, host]) await letIn(each);
});
afterAll(async () => {
    const letOut =
        "systemctl stop let-in.socket let-in gui 2>/dev/null; systemctl start prometheus-node-exporter 2>/dev/null";
    await shell(`${letOut}; true`, node);
    await shell(
        `${letOut}; dpkg --purge --force-depends ${packages}; rm -rf /etc/prometheus/holdfast /etc/prometheus/rules.d /etc/prometheus/*.yml /etc/default/prometheus /etc/default/prometheus-[ab]* /etc/systemd/system/prometheus-blackbox-exporter.service.d /opt/shipped; systemctl daemon-reload`,
        host,
    );
    await sink.exec(["systemctl", "stop", "alerts-sink"], { reject: false });
    await project.remove();
});

test("all three run with the stack's files, and say so", async () => {
    expect(await shell(`systemctl is-active ${packages}`, host)).toBe("active\nactive\nactive");
    expect((await project.factsInState("monitoring", host.name)).monitoring).toEqual({
        monitoring: "all answer, with the rules and targets of this stack",
    });
    expect(
        await shell(
            "ss --listening --tcp --numeric --no-header | awk '{ print $4 }' | grep -E ':(909[0-9]|9115)$' | sort",
            host,
        ),
    ).toBe("127.0.0.1:9090\n127.0.0.1:9093\n127.0.0.1:9115");
});

test("every machine answers a ping and its exporter's port, the node its port 8006, and the endpoint too", async () => {
    const machines = { [node.name]: 1, [host.name]: 1 };
    // For five minutes Prometheus remembers what Debian's own configuration had it scrape.
    const wanted: [string, Record<string, number>][] = [
        ['up{job="node",node!=""}', machines],
        ['probe_success{job="ping"}', machines],
        ['probe_success{job="pveproxy"}', { [node.name]: 1 }],
        ['probe_success{job="endpoint"}', { "shell of the node": 1 }],
        [
            'count by (instance) (up{job=~"prometheus|blackbox|alertmanager",instance!~"localhost.*"} == 1)',
            { [host.name]: 3 },
        ],
    ];
    for (const [query, answer] of wanted)
        expect([
            query,
            await until(
                () => ask(query),
                (seen) => JSON.stringify(seen) === JSON.stringify(answer),
            ),
        ]).toEqual([query, answer]);
});

test("a rule of the user's own that is broken stops the push, and what runs goes on", async () => {
    await shell(
        "mkdir -p /etc/prometheus/rules.d && echo 'groups: [{ name: own, rules: [{ alert: Own, expr: up ==== 0 }] }]' >/etc/prometheus/rules.d/own.yml",
        host,
    );
    await declare({ interval: 6 });
    const refused = await up();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(/promtool check config[^]*rules\.d\/own\.yml/);
    expect(await shell("grep scrape_interval /etc/prometheus/prometheus.yml", host)).toContain("5s");
    await shell("rm -r /etc/prometheus/rules.d", host);
    const process = await shell("systemctl show --property=MainPID --value prometheus", host);
    const { exitCode, output } = await up();
    expect([exitCode, exitCode === 0 ? "" : output]).toEqual([0, ""]);
    // Read, and not started again.
    expect(await shell("systemctl show --property=MainPID --value prometheus", host)).toBe(process);
    expect(await shell("curl --silent 127.0.0.1:9090/api/v1/status/config", host)).toContain("scrape_interval: 6s");
});

/** Whom Prometheus scrapes, and what it says of the last time; empty: it went well. */
async function lastErrors(): Promise<Record<string, string>> {
    const { data } = JSON.parse(await shell("curl --silent '127.0.0.1:9090/api/v1/targets?state=active'", host)) as {
        data: { activeTargets: { scrapePool: string; labels: { instance: string }; lastError: string }[] };
    };
    const scraped = data.activeTargets.filter(({ scrapePool }) => scrapePool === "node");
    return Object.fromEntries(scraped.map(({ labels, lastError }) => [labels.instance, lastError]));
}

/** With the node's exporter as a push wants it: closed to others. */
const pushToExporter = async () => {
    await keepOut(node);
    try {
        await expectDone();
    } finally {
        await letIn(node);
    }
};
const expectDone = async () => {
    const { exitCode, output } = await up();
    expect([exitCode, exitCode === 0 ? "" : output]).toEqual([0, ""]);
};

test("an exporter with another's certificate is not believed, and every other machine is scraped as before", async () => {
    const [certificate, key, ca] = ["/etc/ssl/exporter.pem", "/etc/ssl/exporter.key", "/etc/ssl/nodes.pem"];
    const certify = (address: string) =>
        shell(
            `openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=node -addext subjectAltName=IP:${address} -out ${certificate} -keyout ${key} 2>/dev/null && chgrp prometheus ${key} && chmod 640 ${key} && cat ${certificate}`,
            node,
        );
    const trust = async (text: string) => {
        await host.exec(["tee", ca], { input: text });
    };
    const saying = (what: RegExp) =>
        until(lastErrors, (seen) => what.test(seen[node.name] ?? "none")).then((seen) => {
            expect(seen).toEqual({ [node.name]: expect.stringMatching(what), [host.name]: "" });
        });
    await trust(await certify("192.0.2.99"));
    await declare({ scrape: { ca } }, { nodeExporter: { tls: { certificate, key } } });
    await pushToExporter();
    await saying(/x509: certificate is valid for 192\.0\.2\.99, not/);
    expect(await ask('up{job="node",node!=""}')).toEqual({ [node.name]: 0, [host.name]: 1 });
    await certify(node.address);
    await saying(/x509: certificate signed by unknown authority/);
    await trust(await shell(`cat ${certificate}`, node));
    await saying(/^$/);
    await declare();
    await pushToExporter();
});

test("beside a Prometheus that is there already: his broken rule stops the push, named, and his goes on and can start", async () => {
    const process = () => shell("systemctl show --property=MainPID --value prometheus", host);
    const ours = () => shell("cat /etc/prometheus/holdfast/machines.yml", host);
    await declare({ config: "drop-ins" });
    await expectDone();
    await shell(
        "mkdir -p /etc/prometheus/rules.d && echo 'groups: [{ name: own, rules: [{ alert: Own, expr: up ==== 0 }] }]' >/etc/prometheus/rules.d/own.yml",
        host,
    );
    const before = await Promise.all([process(), ours()]);
    await declare({ config: "drop-ins" }, { maintenance: true });
    const refused = await up();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(/promtool check config[^]*rules\.d\/own\.yml/);
    expect(await Promise.all([process(), ours()])).toEqual(before);
    await shell("rm -r /etc/prometheus/rules.d", host);
    await expectDone();
    expect(await ours()).toContain("maintenance");
    expect(await process()).toBe(before[0]);
    await shell("systemctl restart prometheus", host);
    expect(
        await until(
            () => ask('probe_success{job="ping"}'),
            (seen) => seen[node.name] === 1,
        ),
    ).toMatchObject({
        [node.name]: 1,
    });
    await declare();
    await expectDone();
});

test("with the monitoring host off the nodes go on, a push to them too; switched on, it watches again", async () => {
    await host.kill();
    try {
        const answer = "curl --silent --output /dev/null --write-out '%{http_code}' 127.0.0.1:9100/metrics";
        expect(await shell(answer, node)).toBe("200");
        await declare({}, { nodeExporter: { args: ["--collector.processes"] } });
        await pushToExporter();
        expect(await shell("curl --silent 127.0.0.1:9100/metrics", node)).toContain("node_processes_state");
    } finally {
        await host.start();
    }
    await letIn(host);
    expect(
        await until(
            () => ask('up{job="node",node!=""}'),
            (seen) => Object.values(seen).filter(Boolean).length === 2,
        ),
    ).toEqual({ [node.name]: 1, [host.name]: 1 });
    expect(await shell(`systemctl is-active ${packages}`, host)).toBe("active\nactive\nactive");
    await declare();
    await pushToExporter();
});

test("in a container the blackbox exporter takes the package's place across a push and a boot, and gives it back", async () => {
    // No engine runs in a node of the lab (dockerd.test.ts has a real one): its words are played with Debian's program.
    const standIn = `#!/bin/sh
case "$1 $*" in
image*) ;;
*--config.check*) exec prometheus-blackbox-exporter --config.check --config.file="$(echo "$*" | sed 's/.*--volume=\\([^:]*\\):.*/\\1/')" ;;
run*) prometheus-blackbox-exporter --config.file=/etc/prometheus/blackbox/blackbox.yml --web.listen-address=127.0.0.1:9115 & echo $! >/run/stand-in; wait $! ;;
kill*) kill -HUP "$(cat /run/stand-in)" ;;
stop*) kill "$(cat /run/stand-in)" ;;
esac
`;
    await host.exec(["sh", "-ec", "cat >/usr/bin/docker; chmod 755 /usr/bin/docker"], { input: standIn });
    await shell(
        `cd /root && mkdir -p docker-ce/DEBIAN && printf 'Package: docker-ce\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n' >docker-ce/DEBIAN/control && dpkg-deb --build docker-ce >/dev/null && dpkg --install docker-ce.deb && rm -r docker-ce*`,
        host,
    );
    const states = () =>
        shell(
            "systemctl is-active holdfast-blackbox prometheus-blackbox-exporter; ss --listening --tcp --numeric --no-header | grep -c 127.0.0.1:9115",
            host,
        );
    const watching = () =>
        until(
            () => ask('probe_success{job="ping"}'),
            (seen) => seen[node.name] === 1,
        );
    await declare({ blackbox: { image: `registry.example.test/blackbox@sha256:${"0a".repeat(32)}` } });
    await expectDone();
    expect(await states()).toBe("active\ninactive\n1");
    await host.reboot();
    await letIn(host);
    await until(states, (seen) => seen === "active\ninactive\n1");
    expect(await states()).toBe("active\ninactive\n1");
    await until(
        () => ask('up{job="blackbox"}'),
        (seen) => Object.values(seen).includes(1),
    );
    expect(await watching()).toMatchObject({ [node.name]: 1 });
    await declare();
    await expectDone();
    expect(await states()).toBe("inactive\nactive\n1");
    await shell("dpkg --purge docker-ce; rm /usr/bin/docker", host);
});

/** While `away` is done nothing of the node reaches the monitoring host, as if it were off. */
async function withoutNode<T>(away: () => Promise<T>): Promise<T> {
    await shell(`ip route add blackhole ${host.address}/32`, node);
    try {
        return await away();
    } finally {
        await shell(`ip route del blackhole ${host.address}/32`, node);
    }
}

describe("with the waiting taken out of the rules", () => {
    beforeAll(() =>
        shell(
            "mkdir -p /opt/shipped && cp -a /etc/prometheus/. /opt/shipped && sed -i 's/ for: 1m$/ for: 1s/; s/ for: \\([2-9]\\|10\\)m$/ for: 6s/' /etc/prometheus/holdfast/holdfast-up.rules.yml && sed -i 's/group_wait: 30s/group_wait: 3s/; s/group_interval: [15]m/group_interval: 2s/' /etc/prometheus/alertmanager.yml && sed -i 's/interval: [56]s/interval: 1s/; s/timeout: [56]s/timeout: 1s/' /etc/prometheus/prometheus.yml && systemctl reload prometheus prometheus-alertmanager",
            host,
        ),
    );

    test("an exporter that has stopped is mailed as that, with the machine up; and when it is back", async () => {
        await shell("systemctl stop prometheus-node-exporter", node);
        const told = (await until(mails, (all) => all.some((mail) => mail.includes("HoldfastExporterDown")))).filter(
            (mail) => mail.includes("HoldfastExporterDown"),
        );
        expect(told[0]).toMatch(/^MAIL FROM:<holdfast@example\.test>.*\nRCPT TO:<ops@example\.test>/);
        expect(told[0]).toContain(`Subject: [FIRING] ${node.name} is up, and its exporter does not answer`);
        expect(told[0]).not.toContain("HoldfastMachineGone");
        await shell("systemctl start prometheus-node-exporter", node);
        const resolved = `Subject: [RESOLVED] ${node.name} is up`;
        const back = await until(mails, (all) => all.some((mail) => mail.includes(resolved)));
        expect(back.filter((mail) => mail.includes(resolved))).toHaveLength(1);
    });

    test("a node that is gone is one mail, and its exporter, port and endpoint are not told as well", async () => {
        // The series of its maintenance above, which a Prometheus that was stopped soon after has not ended.
        const old = await until(
            () => ask('up{maintenance="true"}'),
            (seen) => Object.keys(seen).length === 0,
            330,
        );
        expect(old).toEqual({});
        const before = (await mails()).length;
        const told = await withoutNode(async () => {
            await until(mails, (all) => all.length > before);
            await delay(8000); // what would come as well comes by then: the rules wait a second, Alertmanager two
            return (await mails()).slice(before);
        });
        expect(told.map((mail) => /^Subject: .*$/m.exec(mail)?.[0])).toEqual([
            `Subject: [FIRING] ${node.name} is gone: it answers neither a ping nor its exporter's port`,
        ]);
        expect(told[0]?.match(/Holdfast\w+/g)).toEqual(["HoldfastMachineGone"]);
        const query = `probe_success{job="ping",instance="${node.name}"}`;
        expect(
            await until(
                () => ask(query),
                (seen) => seen[node.name] === 1,
            ),
        ).toEqual({ [node.name]: 1 });
    }, 700_000);

    test("with its disk full it says within a quarter of an hour that nobody is watched, and watches again once there is room", async () => {
        const metrics = "/var/lib/prometheus/metrics2";
        await shell(
            `systemctl stop prometheus && mount -t tmpfs -o size=64m,uid=$(id -u prometheus),mode=755 tmpfs ${metrics} && systemctl start prometheus`,
            host,
        );
        await until(
            () => ask('up{job="node",node!=""}'),
            (seen) => Object.values(seen).filter(Boolean).length === 2,
        );
        await emptyInbox(sink);
        const begun = Date.now();
        await shell(`dd if=/dev/zero of=${metrics}/full bs=64k 2>/dev/null; true`, host);
        const told = await until(mails, (all) => all.some((mail) => mail.includes("HoldfastNothingScraped")), 900);
        const subjects = told.map((mail) => /^Subject: .*$/m.exec(mail)?.[0]);
        console.log(`disk full, ${Math.round((Date.now() - begun) / 1000)} s: ${subjects.join("; ")}`);
        expect(subjects).toContain("Subject: [FIRING] no machine's exporter is scraped: nobody is watched");
        expect(await shell("systemctl is-active prometheus", host)).toBe("active");
        await shell(`rm ${metrics}/full`, host);
        expect(
            await until(
                () => ask('up{job="node",node!=""}'),
                (seen) => Object.values(seen).filter(Boolean).length === 2,
            ),
        ).toEqual({ [node.name]: 1, [host.name]: 1 });
        await shell(`systemctl stop prometheus; umount ${metrics}; systemctl start prometheus`, host);
    }, 1_200_000);
});

if (process.env.HOLDFAST_SOAK)
    test("with the rules as they are shipped, a node that is gone is mailed within minutes", async () => {
        await shell(
            "cp -a /opt/shipped/. /etc/prometheus && systemctl reload prometheus prometheus-alertmanager",
            host,
        );
        await emptyInbox(sink);
        const begun = Date.now();
        const told = () => until(mails, (all) => all.some((mail) => mail.includes("HoldfastMachineGone")), 400);
        expect((await withoutNode(told)).filter((mail) => mail.includes("HoldfastMachineGone"))).toHaveLength(1);
        console.log(
            `a node that nothing is heard of, its mail in the inbox: ${Math.round((Date.now() - begun) / 1000)} s`,
        );
    });
