/**
 * A pushed DockerHost on a real node, with its units, across a reboot. Docker itself is played (the real one is
 * dockerd.test.ts's): a package by its name, and a daemon that answers on the socket.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { stringify } from "yaml";
import { planDockerHost } from "../../components/docker";
import { parseFleet } from "../../components/fleet";
import type { FileSetArgs } from "../../model/contract/fileSet";
import type { Lab, LabNode } from "../../lab";
import { openTestNode } from "../helpers/lab";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";

jest.setTimeout(180_000);

let lab: Lab;
let node: LabNode;
let plan: FileSetArgs;

const shell = async (script: string, input?: string): Promise<string> =>
    (await node.exec(["sh", "-ec", script], { ...(input !== undefined && { input }), timeout: 120 })).stdout;
/** What it logged since, and what it mailed. */
const mails = () => shell("cat /srv/mails 2>/dev/null || true");
const isOver = () =>
    shell(
        "for i in $(seq 300); do case $(systemctl is-active holdfast-redeploy) in active|activating) sleep 0.2 ;; *) break ;; esac; done",
    );

/** Docker's own package in the place of Debian's. */
const packages = `
cd /root && for name in docker-ce docker-compose-plugin; do
    mkdir -p $name/DEBIAN && printf "Package: $name\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n" >$name/DEBIAN/control
    dpkg-deb --root-owner-group --build $name >/dev/null
done
dpkg --install docker-ce.deb docker-compose-plugin.deb >/dev/null && rm -rf docker-ce* docker-compose-plugin*
printf '[Service]\\nType=exec\\nExecStart=/usr/bin/python3 /usr/local/bin/docker serve /run/docker.sock\\nExecReload=true\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/docker.service
mkdir -p /opt/wiki /opt/dns /usr/local/lib/holdfast && printf 'web\\ndb\\n' >/opt/wiki/compose.yaml
printf '#!/bin/sh\\n[ -e /opt/dns/registry ] || { echo registry.example.test: no such host >&2; exit 1; }\\necho " dns" >/srv/fake-docker/dns\\n' >/opt/dns/deploy
printf '#!/bin/sh\\n{ echo "$1"; cat; } >>/srv/mails\\n' >/usr/local/lib/holdfast/mail
chmod 755 /opt/dns/deploy /usr/local/lib/holdfast/mail; systemctl daemon-reload`;

beforeAll(async () => {
    ({ lab, node } = await openTestNode(2));
    await shell(
        "cat >/usr/local/bin/docker; chmod 755 /usr/local/bin/docker",
        `#!/usr/bin/python3\n${await readFile(join(__dirname, "../helpers/fakeDocker.py"), "utf8")}`,
    );
    await shell(packages);
    const { fleet } = parseFleet(
        {
            nodes: { pve09: { address: "192.0.2.19" } },
            hosts: {
                [node.name]: {
                    address: node.address,
                    roles: ["docker"],
                    docker: {
                        daemon: {},
                        deployments: [
                            { name: "dns", command: ["/opt/dns/deploy"], containers: ["dns"] },
                            { name: "wiki", compose: "/opt/wiki" },
                        ],
                    },
                },
            },
        },
        () => "",
    );
    const { identity, docker } = fleet!.hosts[0]!;
    plan = planDockerHost({ host: await hostOf(node), node: identity, settings: docker! });
});
afterAll(() =>
    shell(
        "systemctl disable --now docker holdfast-docker.timer holdfast-redeploy || true; dpkg --purge docker-ce docker-compose-plugin; rm -rf /etc/systemd/system/docker.service* /etc/systemd/system/holdfast-docker* /etc/systemd/system/holdfast-redeploy* /etc/holdfast/docker.json /etc/docker /opt/wiki /opt/dns /usr/local/bin/docker /usr/local/lib/holdfast/mail /usr/local/lib/holdfast/redeploy /srv/fake-docker /srv/mails /var/lib/holdfast/redeploy* /var/lib/prometheus-holdfast/node-exporter/holdfast_docker.prom; systemctl daemon-reload",
    ),
);

test("a daemon.json that stands there is shown, and left as it is", async () => {
    await shell("mkdir -p /etc/docker; echo '{\"debug\": true}' >/etc/docker/daemon.json");
    await expect(pushFileSet(lab, { ...plan, takeOver: false })).rejects.toThrow(/-\{"debug": true\}/);
    expect(await shell("cat /etc/docker/daemon.json")).toBe('{"debug": true}');
});

test("a push takes Docker as it is there, deploys nothing, and says what does not run", async () => {
    const { observed } = await pushFileSet(lab, plan);
    expect(observed.facts).toEqual({
        docker: "answers",
        "docker's disk": "has room",
        "deployment dns": "gone: dns",
        "deployment wiki": "gone: web, db",
        "docker looked at": "on time",
    });
    expect(
        await shell("systemctl is-enabled holdfast-redeploy.service; systemctl is-active docker; ls /srv/fake-docker"),
    ).toBe("enabled\nactive");
});

test("a boot without any container brings all of them back, what failed first by a second try, with one mail", async () => {
    await shell("rm -f /srv/mails");
    await node.reboot();
    await shell(
        "until journalctl -t holdfast --boot --output=cat | grep -q 'trying again'; do sleep 0.1; done; touch /opt/dns/registry",
    );
    await isOver();
    expect(await shell("ls /srv/fake-docker")).toBe("dns\nwiki-db-1\nwiki-web-1");
    expect(
        await shell(
            "grep ^holdfast_docker_containers_running /var/lib/prometheus-holdfast/node-exporter/holdfast_docker.prom",
        ),
    ).toBe(
        'holdfast_docker_containers_running{deployment="dns"} 1\nholdfast_docker_containers_running{deployment="wiki"} 2',
    );
    expect((await mails()).split("\n").filter((line) => line.startsWith("Docker:"))).toEqual([
        "Docker: brought back 2 of 2 deployments",
    ]);
    expect(await shell("journalctl -t holdfast --boot --output=cat")).toMatch(
        /docker: dns: `\/opt\/dns\/deploy`: exit status 1: registry\.example\.test: no such host: trying again in 5 s/,
    );
});

test("the next boot finds them, and nobody hears of it", async () => {
    await shell("rm -f /srv/mails; touch -d @1 /srv/fake-docker/*");
    await shell("systemctl start holdfast-redeploy");
    await isOver();
    expect(await mails()).toBe("");
    expect(
        await shell("stat -c %Y /srv/fake-docker/* | sort -u; systemctl show -p Result --value holdfast-redeploy"),
    ).toBe("1\nsuccess");
});

test("by hand, from the workstation: what is gone comes back, and the exit status says that all of it runs", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-redeploy-"));
    try {
        await shell("rm /srv/fake-docker/wiki-db-1 /srv/fake-docker/dns");
        const ssh = { hostKey: await node.hostKey(), host: node.ssh.host, port: node.ssh.port };
        const host = { address: node.address, roles: ["docker"], ssh };
        const fleet = { nodes: { pve09: { address: "192.0.2.19" } }, hosts: { [node.name]: host } };
        await writeFile(join(folder, "Pulumi.lab.yaml"), stringify({ config: { "holdfast:fleet": fleet } }));
        await writeFile(join(folder, "ssh"), `IdentityFile ${lab.identityFile}\nIdentitiesOnly yes\n`);
        const { exitCode, stdout, stderr } = await execa(
            process.execPath,
            [join(__dirname, "../../cli/holdfast.js"), "redeploy", node.name, "--stack", "lab"],
            { cwd: folder, env: { HOLDFAST_SSH_CONFIG: join(folder, "ssh") }, reject: false },
        );
        expect([exitCode, stdout.split("\n").slice(-2), stderr]).toEqual([0, ["dns: running", "wiki: running"], ""]);
        expect(await shell("ls /srv/fake-docker")).toBe("dns\nwiki-db-1\nwiki-web-1");
    } finally {
        await rm(folder, { recursive: true });
    }
});
