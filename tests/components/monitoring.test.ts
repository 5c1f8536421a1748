/** MonitoringHost: what Prometheus, blackbox exporter and Alertmanager are told, judged by these programs. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import execa from "execa";
import { parse, stringify } from "yaml";
import { parseFleet, viewOf } from "../../components/fleet";
import { formatOfPath, lintContent } from "../../model/lint/formats";
import { formatFault } from "../../model/fleet/faults";
import { planMonitoringHost } from "../../components/monitoring";
import { freePort } from "../helpers/freePort";
import { program } from "../helpers/promtool";
import { python } from "../host/node/python";

jest.setTimeout(180_000);

const hash = "$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde";
const mail = { to: ["ops@example.test", "root@example.test"], relay: "smtp://192.0.2.25:587", user: "holdfast" };
const targets = [
    { name: "wiki", http: "https://wiki.example.test/", on: "docker1" },
    { name: "gui", http: "https://[2001:db8::11]:8006/" },
    { name: "smtp", tcp: "192.0.2.25:25" },
    { name: "ldap", tls: "pve01.example.test:636" },
    { name: "gateway", icmp: "192.0.2.1" },
    { name: "dns", dns: "wiki.example.test@192.0.2.53" },
];
const nodes = {
    pve01: { address: "192.0.2.11", address6: "2001:db8::11" },
    pve02: {
        address: "2001:db8::12",
        maintenance: true,
        nodeExporter: {
            port: 9101,
            basicAuth: { prometheus: hash },
            tls: { certificate: "/etc/ssl/node.pem", key: "/etc/ssl/node.key" },
        },
    },
    pve03: { address: "192.0.2.13", nodeExporter: false },
};
const hosts = { docker1: { address: "192.0.2.70", roles: ["docker"] }, nas: { address: "192.0.2.60" } };

const whole = (monitoring?: unknown, more: object = {}) => ({
    domain: "example.test",
    mail,
    monitoring: { hosts: ["192.0.2.50"], targets },
    nodes,
    hosts: { ...hosts, mon1: { address: "192.0.2.50", roles: ["monitoring"], monitoring } },
    ...more,
});

function fleetOf(given: object) {
    const { fleet, faults } = parseFleet(given, () => "");
    expect(faults.map(formatFault)).toEqual([]);
    return fleet!;
}

function planOf(given: object, secrets?: Record<string, string>) {
    const fleet = fleetOf(given);
    const { identity, host, monitoring } = fleet.hosts.find(({ roles }) => roles.includes("monitoring"))!;
    return planMonitoringHost({ host, node: identity, settings: monitoring!, fleet: viewOf(fleet), secrets });
}

const contentOf = ({ files }: ReturnType<typeof planOf>, path: string) =>
    files[`/etc/prometheus/${path}`]?.content ?? "";
const jobsOf = (text: string) =>
    (parse(text) as { scrape_configs: { job_name: string }[] }).scrape_configs.map(({ job_name }) => job_name);

test("the role brings it, false takes it away, and other machines cannot have it", () => {
    const settings = (given: unknown) => fleetOf(whole(given)).hosts.find(({ identity }) => identity.name === "mon1");
    expect(settings(undefined)?.monitoring).toMatchObject({ listen: "127.0.0.1:9090", interval: 30, isWhole: true });
    expect(settings(false)?.monitoring).toBeUndefined();
    expect(fleetOf(whole()).hosts.flatMap(({ identity, monitoring }) => (monitoring ? [identity.name] : []))).toEqual([
        "mon1",
    ]);
    const faults = (given: object) => parseFleet(given, () => "").faults.map(formatFault);
    expect(faults({ nodes: { pve01: { address: "192.0.2.11", monitoring: {} } } })[0]).toMatch(
        /^holdfast:fleet\.nodes\.pve01\.monitoring: unknown key/,
    );
    expect(faults({ nodes, hosts: { nas: { address: "192.0.2.60", monitoring: {} } } })).toEqual([
        "holdfast:fleet.hosts.nas.monitoring: stands on hosts with roles: [monitoring]: add that",
    ]);
});

test("a target is probed in exactly one way, has a name of its own, and stands on a machine of the stack", () => {
    const faults = (...given: object[]) =>
        parseFleet(whole(undefined, { monitoring: { hosts: ["192.0.2.50"], targets: given } }), () => "").faults.map(
            formatFault,
        );
    expect(faults({ name: "wiki" }, { name: "wiki", tcp: "192.0.2.1:53", icmp: "192.0.2.1", on: "pve9" })).toEqual([
        "holdfast:fleet.monitoring.targets[0]: expected exactly one of http, tcp, tls, icmp, dns, got none",
        "holdfast:fleet.monitoring.targets[1]: expected exactly one of http, tcp, tls, icmp, dns, got tcp, icmp",
        'holdfast:fleet.monitoring.targets[1].name: "wiki" is listed twice',
        'holdfast:fleet.monitoring.targets[1].on: expected the name of a machine of this stack, got "pve9"',
    ]);
    expect(faults({ name: "a", http: "https://user:secret@wiki.example.test/" })).toHaveLength(1);
    expect(faults({ name: "a", dns: "192.0.2.53" })[0]).toContain("expected NAME@SERVER");
    expect(faults({ name: "a", icmp: "192.0.2.1", record: "AAAA" })).toEqual([
        "holdfast:fleet.monitoring.targets[0].record: belongs to dns",
    ]);
});

test("scrapes are at most two minutes apart: Prometheus forgets a value after five", () => {
    const faults = (interval: number) => parseFleet(whole({ interval }), () => "").faults.map(formatFault);
    expect(faults(120)).toEqual([]);
    expect(faults(121)).toEqual([
        "holdfast:fleet.hosts.mon1.monitoring.interval: expected seconds, a whole number from 5 to 120, got 121",
    ]);
});

test("every machine is a target once, labelled with its name, role and cluster", () => {
    expect(parse(contentOf(planOf(whole()), "holdfast/machines.yml"))).toEqual([
        { targets: ["192.0.2.11:9100"], labels: { node: "pve01", role: "node", cluster: "example.test" } },
        {
            targets: ["[2001:db8::12]:9101"],
            labels: {
                node: "pve02",
                role: "node",
                cluster: "example.test",
                maintenance: "true",
                __exporter: "auth",
                __scheme__: "https",
            },
        },
        {
            targets: ["192.0.2.13:9100"],
            labels: { node: "pve03", role: "node", cluster: "example.test", __exporter: "none" },
        },
        { targets: ["192.0.2.70:9100"], labels: { node: "docker1", role: "docker", cluster: "example.test" } },
        { targets: ["192.0.2.50:9100"], labels: { node: "mon1", role: "monitoring", cluster: "example.test" } },
        { targets: ["192.0.2.60:9100"], labels: { node: "nas", role: "host", cluster: "example.test" } },
    ]);
});

test("an endpoint belongs to the machine that it is declared on, or whose address or name it has", () => {
    const found = parse(contentOf(planOf(whole()), "holdfast/endpoints.yml")) as {
        targets: string[];
        labels: Record<string, string>;
    }[];
    expect(found.map(({ targets: [at], labels }) => [labels.instance, at, labels.__param_module, labels.node])).toEqual(
        [
            ["wiki", "https://wiki.example.test/", "http", "docker1"],
            ["gui", "https://[2001:db8::11]:8006/", "http", "pve01"],
            ["smtp", "192.0.2.25:25", "tcp", undefined],
            ["ldap", "pve01.example.test:636", "tls", "pve01"],
            ["gateway", "192.0.2.1", "icmp", undefined],
            ["dns", "192.0.2.53", "dns_wiki.example.test", undefined],
        ],
    );
});

test("a password goes to those alone that ask for one, and stands in a file that others cannot read", () => {
    expect(jobsOf(contentOf(planOf(whole()), "prometheus.yml"))).not.toContain("node-auth");
    const plan = planOf(whole({ scrape: { user: "prometheus", ca: "/etc/ssl/nodes.pem" } }), {
        scrapePassword: "correct horse",
        mailPassword: "battery staple",
    });
    expect(jobsOf(contentOf(plan, "prometheus.yml"))).toContain("node-auth");
    for (const [file, word] of [
        ["scrape.password", "correct horse"],
        ["mail.password", "battery staple"],
    ])
        expect(plan.files[`/etc/prometheus/holdfast/${file}`]).toEqual({
            content: `${word}\n`,
            mode: "0640",
            group: "prometheus",
        });
    const others = Object.entries(plan.files).filter(([path]) => !path.endsWith(".password"));
    expect(JSON.stringify(others)).not.toMatch(/correct horse|battery staple/);
    expect(planOf(whole()).files["/etc/prometheus/holdfast/scrape.password"]).toEqual({ absent: true });
});

test("rules that fire where a metric is absent stand only where somebody brings it", () => {
    const has = (given: object) =>
        Object.entries(planOf(given).files).flatMap(([path, { content }]) =>
            path.endsWith(".rules.yml") && content !== undefined
                ? [path.replace(/^.*holdfast-|\.rules\.yml$/g, "")]
                : [],
        );
    expect(has(whole())).toEqual(["up", "machine", "hardware", "drift", "boot"]);
    expect(has(whole(undefined, { defaults: { bootReadiness: false } }))).toEqual([
        "up",
        "machine",
        "hardware",
        "drift",
    ]);
});

test("with drop-ins nothing outside of Holdfast's folder is a file of it, and no service is started", () => {
    const plan = planOf(whole({ config: "drop-ins" }));
    expect(Object.keys(plan.files).filter((path) => !path.startsWith("/etc/prometheus/holdfast/"))).toEqual([]);
    expect([plan.packages, plan.units, plan.verify]).toEqual([["prometheus"], {}, []]);
    expect(jobsOf(contentOf(plan, "holdfast/scrape.yml"))).toEqual(["node", "ping", "pveproxy", "endpoint"]);
});

test("a Prometheus that listens on an address of the network starts after it, and is started again for as long as it takes", () => {
    const path = "/etc/systemd/system/prometheus.service.d/holdfast.conf";
    const text = planOf(whole({ listen: "192.0.2.50:9090" })).files[path]?.content ?? "";
    expect(text).toMatch(
        /^\[Unit\]\nWants=network-online\.target\nAfter=network-online\.target\nStartLimitIntervalSec=0\n\n\[Service\]\nRestart=on-failure\nRestartSec=5\n$/m,
    );
    expect(lintContent(formatOfPath(path), text)).toEqual([]);
});

test("in a container the blackbox exporter answers where the package would, of an image by digest, and its package stays away", () => {
    const image = `quay.example.test/blackbox@sha256:${"0a".repeat(32)}`;
    const plan = planOf(whole({ blackbox: { image } }));
    expect(plan.packages).toEqual(["prometheus", "docker.io | docker-ce | moby-engine", "prometheus-alertmanager"]);
    expect(plan.units).toMatchObject({ "holdfast-blackbox.service": { enabled: true, active: true } });
    expect(plan.verify).toEqual(planOf(whole()).verify);
    expect(jobsOf(contentOf(plan, "prometheus.yml"))).toEqual(jobsOf(contentOf(planOf(whole()), "prometheus.yml")));
    expect(contentOf(plan, "blackbox/blackbox.yml")).toBe(contentOf(planOf(whole()), "blackbox.yml"));
    expect(plan.files["/etc/default/holdfast-blackbox"]?.content).toMatch(
        new RegExp(`^ARGS="run --rm .*--cap-drop=ALL --cap-add=NET_RAW .* ${image} --config\\.file=`, "m"),
    );
    const unit = plan.files["/etc/systemd/system/holdfast-blackbox.service"]?.content ?? "";
    expect(unit).toMatch(/^After=network-online\.target docker\.service$[^]*^ExecStart=\/usr\/bin\/docker \$ARGS$/m);
    expect(lintContent(formatOfPath("/etc/systemd/system/holdfast-blackbox.service"), unit)).toEqual([]);
    const podman = planOf(whole({ blackbox: { image, engine: "podman" } }));
    expect([podman.packages?.[1], podman.files["/etc/systemd/system/holdfast-blackbox.service"]?.content]).toEqual([
        "podman",
        expect.stringMatching(/^After=network-online\.target$[^]*^ExecReload=\/usr\/bin\/podman kill/m),
    ]);
    const back = planOf(whole()).files["/etc/systemd/system/holdfast-blackbox.service"];
    expect(back).toEqual({ absent: true });
    const faults = (blackbox: object) => parseFleet(whole({ blackbox }), () => "").faults.map(formatFault);
    expect(faults({ image: "prom/blackbox-exporter:latest" })[0]).toContain("expected an image by its digest");
    expect(fleetOf(whole({ config: "drop-ins", blackbox: { image } })).warnings).toContainEqual(
        expect.stringContaining("monitoring.blackbox changes nothing with config: drop-ins"),
    );
});

test("an Alertmanager that is there already gets the alerts, and no other is installed", () => {
    const plan = planOf(whole({ alertmanagers: ["192.0.2.51:9093"] }));
    expect(plan.packages).toEqual(["prometheus", "prometheus-blackbox-exporter"]);
    expect(contentOf(plan, "prometheus.yml")).toContain("192.0.2.51:9093");
    expect(plan.files["/etc/prometheus/alertmanager.yml"]).toBeUndefined();
});

test("what is unwise is said in a line", () => {
    const warnings = (given: object) => fleetOf(given).warnings.filter((line) => line.startsWith("mon1: "));
    expect(warnings(whole({ scrape: { user: "prometheus" } }))).toEqual([]);
    expect(
        warnings(whole({ listen: "0.0.0.0:9090" }, { mail: undefined, monitoring: { hosts: ["192.0.2.99"] } })).map(
            (line) => line.slice(0, 40),
        ),
    ).toEqual([
        "mon1: monitoring.hosts does not have the",
        "mon1: monitoring.scrape.user is missing:",
        "mon1: there is no mail.to in holdfast:fl",
        "mon1: monitoring.listen is no loopback a",
    ]);
});

describe("the programs themselves", () => {
    let folder: string;
    beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "holdfast-monitoring-"))));
    afterAll(() => rm(folder, { recursive: true, force: true }));

    /** The files below a folder of the test, their paths in them as well. */
    async function write(plan: ReturnType<typeof planOf>, name: string): Promise<string> {
        const root = join(folder, name);
        for (const [path, { content }] of Object.entries(plan.files)) {
            await mkdir(dirname(join(root, path)), { recursive: true });
            if (content !== undefined)
                await writeFile(join(root, path), content.replaceAll("/etc/prometheus/", `${root}/etc/prometheus/`));
        }
        return join(root, "etc/prometheus");
    }
    const run = async (path: string, ...args: string[]) => {
        const { exitCode, all } = await execa(path, args, { reject: false, all: true });
        return [exitCode, all];
    };
    const judge = async (place: string) => [
        await run(await program("promtool", "prometheus"), "check", "config", join(place, "prometheus.yml")),
        await run(await program("amtool", "prometheus-alertmanager"), "check-config", join(place, "alertmanager.yml")),
        await run(
            await program("prometheus-blackbox-exporter", "prometheus-blackbox-exporter"),
            "--config.check",
            `--config.file=${join(place, "blackbox.yml")}`,
        ),
    ];
    const full = {
        interval: 5,
        deadMan: "https://alive.example.test/pve",
        scrape: { user: "prometheus", ca: "/etc/ssl/certs/ca-certificates.crt" },
    };

    test("take what is declared in full, and what hardly declares anything", async () => {
        const backup = { configBackup: { target: "/srv/backup" } };
        const rich = await write(
            planOf(whole({ ...full, scrape: { user: "prometheus" } }, { defaults: backup })),
            "full",
        );
        const poor = await write(
            planOf({
                nodes: { pve01: nodes.pve01 },
                hosts: { mon1: { address: "192.0.2.50", roles: ["monitoring"] } },
            }),
            "poor",
        );
        for (const place of [rich, poor])
            expect(await judge(place)).toEqual([
                [0, expect.stringMatching(/SUCCESS: \d+ rules found/)],
                [0, expect.stringContaining("SUCCESS")],
                [0, expect.stringContaining("Config file is ok")],
            ]);
    });

    test("take the jobs of a Prometheus that has a file of its own", async () => {
        const place = await write(planOf(whole({ config: "drop-ins" })), "own");
        const jobs = parse(
            contentOf(planOf(whole({ config: "drop-ins" })), "holdfast/scrape.yml").replaceAll(
                "/etc/prometheus",
                place,
            ),
        ) as object;
        await writeFile(
            join(place, "prometheus.yml"),
            stringify({ ...jobs, rule_files: [`${place}/holdfast/*.rules.yml`] }),
        );
        expect((await judge(place))[0]).toEqual([0, expect.stringMatching(/SUCCESS: \d+ rules found/)]);
    });

    /** A name server that answers every question with NOERROR and a record of each of these types. */
    async function nameServer(types: readonly number[]) {
        const socket = createSocket("udp4");
        socket.on("message", (asked, { port }) => {
            const question = asked.subarray(12, asked.indexOf(0, 12) + 5);
            const answers = types.map((type) => {
                // To the name asked for; one hour; an address, or of a CNAME the root.
                const data = { 1: [192, 0, 2, 70], 5: [0], 28: [0x20, 0x01, 0x0d, 0xb8, ...Array(12).fill(0)] }[type]!;
                return Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 14, 16, 0, data.length, ...data]);
            });
            const header = Buffer.from([...asked.subarray(0, 2), 0x81, 0x80, 0, 1, 0, types.length, 0, 0, 0, 0]);
            socket.send(Buffer.concat([header, question, ...answers]), port, "127.0.0.1");
        });
        socket.bind(0, "127.0.0.1");
        await once(socket, "listening");
        return socket;
    }

    test("ask a name server for an address of the name: an answer without one, or an alias alone, is a failure", async () => {
        const [name, six] = ["wiki.example.test", "six.example.test"];
        const asked = [
            { name: "dns", dns: `${name}@192.0.2.53` },
            { name: "dns6", dns: `${six}@192.0.2.53`, record: "AAAA" },
        ];
        const plan = planOf(whole(undefined, { monitoring: { hosts: ["192.0.2.50"], targets: asked } }));
        const modules = (parse(contentOf(plan, "holdfast/endpoints.yml")) as { labels: Record<string, string> }[]).map(
            ({ labels }) => labels.__param_module!,
        );
        const place = await write(plan, "asked");
        const port = await freePort();
        const exporter = execa(
            await program("prometheus-blackbox-exporter", "prometheus-blackbox-exporter"),
            [`--config.file=${place}/blackbox.yml`, `--web.listen-address=127.0.0.1:${port}`],
            { reject: false },
        );
        try {
            for (let tries = 0; tries < 200; tries++)
                if (await fetch(`http://127.0.0.1:${port}/-/healthy`).catch(() => undefined)) break;
                else await delay(50);
            const probe = async (module: string, types: readonly number[]) => {
                const server = await nameServer(types);
                const target = `127.0.0.1:${server.address().port}`;
                const answer = await fetch(`http://127.0.0.1:${port}/probe?target=${target}&module=${module}`);
                server.close();
                return /^probe_success (\d)$/m.exec(await answer.text())?.[1];
            };
            const [a, cname, aaaa] = [1, 5, 28];
            const seen = async (module: string) =>
                Promise.all([[], [cname], [a], [cname, a], [aaaa]].map((types) => probe(module, types)));
            expect(await seen(modules[0]!)).toEqual(["0", "0", "1", "1", "0"]);
            expect(await seen(modules[1]!)).toEqual(["0", "0", "0", "0", "1"]);
        } finally {
            exporter.kill();
            await exporter;
        }
    });

    test("promtool refuses the whole where a rule of the user's own is broken: nothing is loaded then", async () => {
        const place = await write(planOf(whole()), "broken");
        await mkdir(join(place, "rules.d"));
        await writeFile(
            join(place, "rules.d/own.yml"),
            "groups: [{ name: own, rules: [{ alert: Own, expr: up ==== 0 }] }]\n",
        );
        expect((await judge(place))[0]).toEqual([1, expect.stringContaining("rules.d/own.yml")]);
        expect(planOf(whole()).activate?.map(({ argv }) => argv.slice(0, 3).join(" "))).toEqual([
            "systemctl daemon-reload",
            "promtool check config",
            expect.stringMatching(/^holdfast monitoring-load prometheus\.service@/),
        ]);
    });
});

test("what Prometheus and Alertmanager fill in is no template that was forgotten", () => {
    const told = Object.entries(planOf(whole()).files).flatMap(([path, { content = "" }]) =>
        lintContent(formatOfPath(path), content).map(({ rule }) => `${path}: ${rule}`),
    );
    expect(told).toEqual([]);
    expect(lintContent(formatOfPath("/etc/prometheus/prometheus.yml"), "{{ forgotten }}\n")).toHaveLength(1);
});

test("a hundred nodes are a small configuration, and one job each whatever their number", () => {
    const many = (count: number) =>
        planOf({
            domain: "example.test",
            monitoring: { hosts: ["192.0.2.50"] },
            nodes: Object.fromEntries(
                Array.from({ length: count }, (_, index) => [`pve${index}`, { address: `198.51.100.${index + 1}` }]),
            ),
            hosts: { mon1: { address: "192.0.2.50", roles: ["monitoring"] } },
        });
    const [one, hundred] = [many(1), many(100)];
    expect(contentOf(hundred, "prometheus.yml")).toBe(contentOf(one, "prometheus.yml"));
    expect(contentOf(hundred, "holdfast/machines.yml").length).toBeLessThan(12_000);
    expect(JSON.stringify(hundred).length).toBeLessThan(90_000);
});

describe("the node's program", () => {
    const code = `
import concerns.monitoring.node.services as services
told = []
class Done:
    ok = True
    output = "4711"
    def explain(self): return ""
def run(argv, *rest):
    told.append(" ".join(argv[:3]))
    return Done()
services.commands.run = run
services.declared_arguments = lambda unit: ["--a=1"]
`;
    test("starts a program again whose arguments have changed, and has others read their files; both are looked at", async () => {
        const answer = await python(`${code}
services.loaded_at = lambda address: 5
services.refuses = lambda address: False
services.took_it = lambda address, before, refused: address != "127.0.0.1:2"
services.running_arguments = lambda process: ["--a=2"]
again = services.load(10, "one.service@127.0.0.1:1").code
services.running_arguments = lambda process: ["--a=1"]
taken = services.load(10, "one.service@127.0.0.1:1").code
refused = services.load(10, "two.service@127.0.0.1:2").code
other = services.load(10, "three.service").code
answer = {"codes": [again, taken, refused, other], "told": [each for each in told if "show" not in each]}`);
        expect(answer).toEqual({
            codes: ["passed", "passed", "monitoring-refused", "passed"],
            told: [
                "systemctl restart one.service",
                "systemctl reload one.service",
                "systemctl reload two.service",
                "systemctl reload three.service",
            ],
        });
    });

    test("reads which arguments a unit is declared to have, and says what does not answer", async () => {
        const answer = await python(`
import socket
import concerns.monitoring.node.services as services
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
answer = services.verdict(f"127.0.0.1:{port}") == f"nothing answers on 127.0.0.1:{port}"`);
        expect(answer).toBe(true);
    });

    test.each([
        [
            "refused once before, and takes it now",
            [
                [5, true],
                [5, true],
                [9, false],
            ],
            true,
        ],
        [
            "takes it",
            [
                [5, false],
                [9, false],
            ],
            true,
        ],
        [
            "refuses it",
            [
                [5, false],
                [5, true],
            ],
            false,
        ],
        ["refused once before, and refuses it again", [[5, true]], false],
    ])("waits for a program that %s", async (_, states, taken) => {
        const answer = await python(
            `
import concerns.monitoring.node.services as services
services.RELOAD = 1
states = given["states"]
now = 0
services.loaded_at = lambda address: states[now][0]
services.refuses = lambda address: states[now][1]
def sleep(seconds):
    global now
    now = min(now + 1, len(states) - 1)
services.time.sleep = sleep
answer = services.took_it("127.0.0.1:1", *states[0])`,
            { states },
        );
        expect(answer).toBe(taken);
    });
});
