import { planNodeExporter } from "../../components/nodeExporter";
import { parseFleet } from "../../components/fleet";

const hash = "$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde";

function planOf(nodeExporter: unknown, monitoring?: { hosts: string[] }) {
    const { fleet, faults } = parseFleet(
        { monitoring, nodes: { pve01: { address: "192.0.2.11", nodeExporter } } },
        () => "",
    );
    expect(faults).toEqual([]);
    const { identity, host, nodeExporter: settings } = fleet!.nodes[0]!;
    return planNodeExporter({ host, node: identity, settings: settings! });
}

const argumentsOf = ({ files }: ReturnType<typeof planOf>) =>
    /^ARGS="(.*)"$/m.exec(files["/etc/default/prometheus-node-exporter"]?.content ?? "")?.[1]?.split(" ");
const filterOf = ({ files }: ReturnType<typeof planOf>) =>
    files["/etc/systemd/system/prometheus-node-exporter.service.d/holdfast.conf"]?.content?.split("\n").slice(1);

test("only the monitoring hosts and loopback may connect, and the kernel is asked whether it drops the others", () => {
    const plan = planOf(undefined, { hosts: ["192.0.2.50", "192.0.2.51"] });
    expect(argumentsOf(plan)?.[0]).toBe("--web.listen-address=0.0.0.0:9100");
    expect(filterOf(plan)).toEqual([
        "[Service]",
        "IPAddressDeny=any",
        "IPAddressAllow=localhost 192.0.2.50 192.0.2.51",
        "",
    ]);
    expect(plan.validate).toEqual([{ argv: ["holdfast", "ip-filter"] }]);
    expect(plan.verify).toEqual([{ argv: ["holdfast", "exporter", "9100", "192.0.2.50", "192.0.2.51"] }]);
});

test("a monitoring host with an IPv6 address is answered too", () => {
    expect(argumentsOf(planOf({ port: 9101 }, { hosts: ["2001:db8::50"] }))?.[0]).toBe("--web.listen-address=:9101");
});

test("without monitoring hosts it listens on loopback only", () => {
    const plan = planOf(true);
    expect(argumentsOf(plan)).toEqual([
        "--web.listen-address=127.0.0.1:9100",
        "--collector.systemd",
        "--collector.textfile.directory=/var/lib/prometheus*/node-exporter",
    ]);
    expect(plan.validate).toEqual([]);
});

test("it is never restarted where it does not run: a rollback must not start it without its filter", () => {
    expect(planOf(true).activate?.map(({ argv }) => argv.slice(0, 2).join(" "))).toEqual([
        "systemd-tmpfiles --create",
        "systemctl daemon-reload",
        "systemctl try-restart",
    ]);
});

test("TLS and basic auth stand in a web config that others cannot read", () => {
    const plan = planOf({
        tls: { certificate: "/etc/ssl/node.pem", key: "/etc/ssl/node.key" },
        basicAuth: { prometheus: hash },
    });
    expect(argumentsOf(plan)?.[1]).toBe("--web.config.file=/etc/prometheus/node-exporter-web.yml");
    expect(plan.files["/etc/prometheus/node-exporter-web.yml"]).toEqual({
        mode: "0640",
        group: "prometheus",
        content: `# Managed by Holdfast: how prometheus-node-exporter serves its port.
tls_server_config:
  cert_file: /etc/ssl/node.pem
  key_file: /etc/ssl/node.key
basic_auth_users:
  prometheus: ${hash}
`,
    });
});

test("without them no web config is left behind", () => {
    expect(planOf(true).files["/etc/prometheus/node-exporter-web.yml"]).toEqual({ absent: true });
});

test("false leaves the host without exporter, a host of its own settings too", () => {
    const given = {
        defaults: { nodeExporter: { port: 9101 } },
        nodes: { pve01: { address: "192.0.2.11", nodeExporter: false } },
        hosts: { mon1: { address: "192.0.2.50" }, nas: { address: "192.0.2.60", nodeExporter: false } },
    };
    const { fleet } = parseFleet(given, () => "");
    expect(fleet?.nodes[0]?.nodeExporter).toBeUndefined();
    expect(fleet?.hosts.map(({ identity, nodeExporter }) => [identity.name, nodeExporter?.port])).toEqual([
        ["mon1", 9101],
        ["nas", undefined],
    ]);
});

test.each([
    [
        { args: ["--web.listen-address=0.0.0.0:80"] },
        "args[0]: expected an argument of prometheus-node-exporter such as --no-collector.zfs, other than --web.…",
    ],
    [{ args: ['--collector.x="$(reboot)'] }, "args[0]: expected an argument"],
    [{ basicAuth: { prometheus: "secret" } }, "basicAuth.prometheus: expected a bcrypt hash"],
    [{ port: 0 }, "port: expected a port"],
    [{ port: 22 }, "port: port 22 belongs to sshd: expected a free one, such as the default 9100"],
    [{ port: 8006 }, "port: port 8006 belongs to pveproxy"],
    [{ port: 3128 }, "port: port 3128 belongs to spiceproxy"],
    [{ port: 5901 }, "port: port 5901 belongs to the consoles"],
    [
        { args: ["--collector.wifi", "--no-collector.textfile"] },
        "args[1]: --no-collector.textfile would hide the metrics",
    ],
    [
        { args: ["--collector.disable-defaults"] },
        "args[0]: --collector.disable-defaults would hide the metrics of temperature and ipmievd: add --collector.textfile",
    ],
    [{ args: ["--no-collector.systemd"] }, "args[0]: --no-collector.systemd: the systemd collector is always on"],
    [
        { args: ["--collector.textfile.directory=/tmp"] },
        "args[0]: --collector.textfile.directory=/tmp: the folders are always",
    ],
    [{ args: ["--version"] }, "args[0]: --version makes the exporter print and end"],
    [{ args: ["--help-man"] }, "args[0]: --help-man makes the exporter print and end"],
])("%j is refused with its path", (nodeExporter, fault) => {
    const { faults } = parseFleet({ nodes: { pve01: { address: "192.0.2.11", nodeExporter } } }, () => "");
    expect(
        faults.map(
            ({ path, message }) =>
                `${path
                    .slice(3)
                    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
                    .join("")
                    .slice(1)}: ${message}`,
        )[0],
    ).toContain(fault);
});

test("what works is accepted: a host that is no node has Proxmox's ports free, and the collectors may be chosen", () => {
    const args = [
        "--collector.disable-defaults",
        "--collector.textfile",
        "--collector.systemd.unit-include=ssh.service",
        "--collector.wifi",
    ];
    expect(
        parseFleet(
            {
                nodes: { pve01: { address: "192.0.2.11", nodeExporter: { args } } },
                hosts: { mon1: { address: "192.0.2.50", nodeExporter: { port: 8006 } } },
            },
            () => "",
        ).faults,
    ).toEqual([]);
});

test("a password without TLS is warned of, on the machines where it would travel", () => {
    const basicAuth = { prometheus: hash };
    const nodes = {
        pve01: { address: "192.0.2.11" },
        pve02: { address: "192.0.2.12", nodeExporter: { tls: { certificate: "/a", key: "/b" } } },
    };
    const warnings = (monitoring?: object) =>
        parseFleet({ monitoring, ssh: { rescueKeys: [] }, defaults: { nodeExporter: { basicAuth } }, nodes }, () => "")
            .fleet?.warnings;
    expect(warnings({ hosts: ["192.0.2.50"] })).toEqual([
        expect.stringMatching(/^pve01: nodeExporter.basicAuth without tls: the password travels in the clear; add/),
    ]);
    expect(warnings()).toEqual([]);
});
