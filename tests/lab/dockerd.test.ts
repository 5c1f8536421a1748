/** The incident with a real dockerd and a real Compose: containers gone, their data whole. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planDockerHost } from "../../components/docker";
import { parseFleet, viewOf } from "../../components/fleet";
import { planMonitoringHost } from "../../components/monitoring";
import { composeOf, DockerSandbox, sandboxImage, wikiCompose } from "../helpers/dockerSandbox";
import { program } from "../helpers/promtool";
import { python } from "../host/node/python";

jest.setTimeout(600_000);

let sandbox: DockerSandbox;

const declare = (docker: object) => sandbox.declare(docker);
const redeploy = (...words: string[]) => sandbox.redeploy(...words);
const mails = () => sandbox.mails();
const names = () => sandbox.shell("docker ps --format '{{.Names}}' | sort");
const startedAt = (name: string) => sandbox.shell(`docker inspect --format '{{.Id}} {{.State.StartedAt}}' ${name}`);
const data = () => sandbox.shell("cat /opt/wiki/data/born");
const wiki = { name: "wiki", compose: "/opt/wiki" };
const dns = { name: "dns", command: ["/opt/dns/deploy"], containers: ["dns"] };

beforeAll(async () => {
    sandbox = await DockerSandbox.start();
    await sandbox.shell("mkdir -p /opt/wiki/data /opt/dns");
    await sandbox.write("/opt/wiki/compose.yaml", wikiCompose);
    await sandbox.write(
        "/opt/dns/deploy",
        "#!/bin/sh\ndocker rm -f dns >/dev/null 2>&1; exec docker run --detach --name dns --network none --restart unless-stopped local/busybox:1 'exec sleep 1000000'\n",
        "755",
    );
    await sandbox.dockerUp();
    await sandbox.makeImage(sandboxImage);
    await declare({ mounts: ["/opt"], deployments: [dns, wiki] });
});
afterAll(() => sandbox.stop());

test("by hand all of it is brought up, once: a second time changes nothing", async () => {
    expect(await redeploy("--now")).toMatchObject({
        exitCode: 0,
        said: expect.stringMatching(/\ndns: running\nwiki: running$/),
    });
    expect(await names()).toBe("dns\nwiki-db-1\nwiki-web-1");
    const before = await Promise.all(["dns", "wiki-web-1"].map(startedAt));
    expect((await redeploy("--now")).exitCode).toBe(0);
    expect(await Promise.all(["dns", "wiki-web-1"].map(startedAt))).toEqual(before);
});

test("the incident: without a single container record all run again after the boot, on their old data, and one mail says so", async () => {
    await sandbox.shell("until test -s /opt/wiki/data/born; do sleep 0.1; done");
    const born = await data();
    await sandbox.loseContainers();
    expect(await sandbox.shell("docker ps --all --quiet")).toBe("");
    expect(JSON.parse((await redeploy("--state")).said)).toMatchObject({
        daemon: "answers",
        deployments: { dns: "gone: dns", wiki: expect.stringMatching(/^gone: (?:db, web|web, db)$/) },
    });
    expect((await redeploy()).exitCode).toBe(0);
    expect(await names()).toBe("dns\nwiki-db-1\nwiki-web-1");
    expect(await data()).toBe(born);
    expect(await sandbox.shell("docker exec wiki-web-1 /bin/cat /data/born")).toBe(born);
    expect((await mails()).match(/^Subject: .*/gm)).toEqual(["Subject: Docker: brought back 2 of 2 deployments"]);
});

test("one record gone: nothing with `none`, the one container with `missing`, and what runs is not touched", async () => {
    const id = await sandbox.shell("docker inspect --format '{{.Id}}' wiki-db-1");
    await sandbox.loseContainers(id, 2);
    expect(await names()).toBe("dns\nwiki-web-1");
    expect(await redeploy()).toMatchObject({ exitCode: 0 });
    expect([await names(), await mails()]).toEqual(["dns\nwiki-web-1", ""]);
    await declare({ when: "missing", mounts: ["/opt"], deployments: [dns, wiki] });
    const before = await Promise.all(["dns", "wiki-web-1"].map(startedAt));
    expect((await redeploy()).exitCode).toBe(0);
    expect(await names()).toBe("dns\nwiki-db-1\nwiki-web-1");
    expect(await Promise.all(["dns", "wiki-web-1"].map(startedAt))).toEqual(before);
});

test("an image that no registry gives yet is waited for; for good it is one mail with Docker's own words, and nothing else is held up", async () => {
    await sandbox.write(
        "/opt/chat/compose.yaml",
        composeOf({ chat: { image: "local/late:1", command: ["exec sleep 1000000"] } }),
    );
    const chat = { name: "chat", compose: "/opt/chat" };
    await declare({ mounts: ["/opt"], deployments: [chat, dns], patience: 60 });
    await sandbox.shell("docker rm -f $(docker ps -aq) >/dev/null");
    const [late] = await Promise.all([
        redeploy(),
        sandbox
            .shell("until docker inspect dns >/dev/null 2>&1; do sleep 0.2; done")
            .then(() => sandbox.makeImage("local/late:1")),
    ]);
    expect(late.exitCode).toBe(0);
    expect(await names()).toBe("chat-chat-1\ndns");
    expect((await mails()).match(/^Subject: .*/gm)).toEqual(["Subject: Docker: brought back 2 of 2 deployments"]);

    await sandbox.shell("docker rm -f $(docker ps -aq) >/dev/null; docker rmi local/late:1 >/dev/null");
    await declare({ mounts: ["/opt"], deployments: [chat, dns], patience: 10 });
    expect((await redeploy()).exitCode).toBe(1);
    expect(await names()).toBe("dns");
    expect((await mails()).match(/^Subject: .*/gm)).toEqual(["Subject: Docker: could not bring back chat"]);
    expect(await mails()).toMatch(/ {2}chat: `docker compose up` in \/opt\/chat: exit status \d+: chat .*Error/);
});

test("what restarts again and again, is ill, or has ended well is told apart, in words and metrics", async () => {
    await sandbox.write(
        "/opt/mixed/compose.yaml",
        composeOf({
            loop: { command: ["sleep 1; exit 3"] },
            ill: {
                command: ["exec sleep 1000000"],
                healthcheck: { test: ["CMD", "/bin/false"], interval: "1s", retries: 1 },
            },
            once: { command: ["true"], restart: "no" },
        }),
    );
    await declare({ mounts: ["/opt"], deployments: [{ name: "mixed", compose: "/opt/mixed" }] });
    await sandbox.shell(
        "docker rm -f $(docker ps -aq) >/dev/null; cd /opt/mixed && docker compose up --detach 2>/dev/null; until docker inspect mixed-ill-1 | grep -q '\"unhealthy\"' && [ $(docker inspect --format '{{.RestartCount}}' mixed-loop-1) -ge 3 ]; do sleep 0.2; done",
    );
    const word = JSON.parse((await redeploy("--state")).said) as { deployments: { mixed: string } };
    expect(word.deployments.mixed).toBe("restarts again and again: loop; unhealthy: ill");
    await redeploy("--look");
    expect(
        (await sandbox.shell("grep ^holdfast_docker /tmp/metrics/holdfast_docker.prom")).split("\n").slice(0, 7),
    ).toEqual([
        "holdfast_docker_up 1",
        "holdfast_docker_containers 3",
        'holdfast_docker_deployment_readable{deployment="mixed"} 1',
        'holdfast_docker_containers_expected{deployment="mixed"} 2',
        expect.stringMatching(/^holdfast_docker_containers_running\{deployment="mixed"\} [12]$/),
        'holdfast_docker_containers_unhealthy{deployment="mixed"} 1',
        'holdfast_docker_containers_restarting{deployment="mixed"} 1',
    ]);
});

test("a full disk is a word, a metric's look that goes on, and one mail that says so; with room again all comes back", async () => {
    await declare({ mounts: ["/opt"], deployments: [dns], patience: 10 });
    await sandbox.shell("docker rm -f $(docker ps -aq) >/dev/null; rm -f /tmp/metrics/*");
    // What it holds, and not even room for one container's files.
    await sandbox.shell(
        "mount -o remount,size=$(( $(df --output=used --block-size=1 /var/lib/docker | tail -1) + 65536 )) /var/lib/docker; dd if=/dev/zero of=/var/lib/docker/full bs=4k 2>/dev/null || true",
    );
    expect(JSON.parse((await redeploy("--state")).said)).toMatchObject({
        daemon: "answers",
        disk: "full: /var/lib/docker",
    });
    expect((await redeploy()).exitCode).toBe(1);
    expect(await mails()).toMatch(
        /^Subject: Docker: could not bring back dns\n[^]*no space left on device[^]*Docker's disk is full: \/var\/lib\/docker\. What may go: docker system df/,
    );
    expect(await sandbox.shell("cat /tmp/metrics/holdfast_docker.prom")).toMatch(
        /^holdfast_docker_up 1$[^]*^holdfast_docker_containers_running\{deployment="dns"\} 0$[^]*^holdfast_docker_redeploy_failed 1$/m,
    );
    await sandbox.shell("rm /var/lib/docker/full; mount -o remount,size=50% /var/lib/docker");
    expect((await redeploy("--now")).exitCode).toBe(0);
    expect(await names()).toBe("dns");
    expect(await sandbox.shell("grep ^holdfast_docker_redeploy_failed /tmp/metrics/*")).toMatch(/ 0$/);
});

test("a mount that is not there keeps everything as it is, and a dead daemon is no host without containers", async () => {
    await declare({ mounts: ["/opt", "/srv/late"], deployments: [dns], patience: 10 });
    await sandbox.shell("docker rm -f $(docker ps -aq) >/dev/null");
    expect((await redeploy()).exitCode).toBe(1);
    expect([await names(), await mails()]).toEqual(["", expect.stringContaining("mounts: /srv/late: not mounted")]);
    await declare({ mounts: ["/opt"], deployments: [dns], patience: 10 });
    await sandbox.cutPower();
    expect((await redeploy()).exitCode).toBe(1);
    expect(await mails()).toMatch(
        /^Subject: Docker: could not tell what is gone after the boot\n {2}docker: does not answer: /,
    );
});

test("dockerd itself takes the daemon.json, and would refuse a wrong one", async () => {
    const { fleet } = parseFleet(
        {
            nodes: { pve01: { address: "192.0.2.11" } },
            hosts: { vm1: { address: "192.0.2.70", roles: ["docker"], docker: { daemon: { liveRestore: false } } } },
        },
        () => "",
    );
    const { identity, host, docker } = fleet!.hosts[0]!;
    const { content } = planDockerHost({ host, node: identity, settings: docker! }).files["/etc/docker/daemon.json"]!;
    const validate = async (text: string) => {
        await sandbox.write("/tmp/daemon.json", text);
        return sandbox.exec(["dockerd", "--validate", "--config-file=/tmp/daemon.json"], { reject: false });
    };
    expect((await validate(content!)).exitCode).toBe(0);
    expect((await validate(content!.replace("live-restore", "by"))).exitCode).not.toBe(0);
});

describe("the blackbox exporter in a container", () => {
    const probes = "/etc/prometheus/blackbox/blackbox.yml";
    let image: string;

    const planned = () => {
        const given = {
            nodes: { pve01: { address: "192.0.2.11" } },
            hosts: {
                mon1: { address: "192.0.2.50", roles: ["monitoring"], monitoring: { blackbox: { image } } },
            },
        };
        const fleet = parseFleet(given, () => "").fleet!;
        const { identity, host, monitoring } = fleet.hosts[0]!;
        return planMonitoringHost({ host, node: identity, settings: monitoring!, fleet: viewOf(fleet) }).files;
    };
    /** As a push asks on the host, whose `docker` is the sandbox's. */
    const check = async (name: string, staged: string) => {
        const tools = await mkdtemp(join(tmpdir(), "holdfast-tools-"));
        await writeFile(join(tools, "docker"), `#!/bin/sh\nexec ${sandbox.entering} docker "$@"\n`, { mode: 0o755 });
        try {
            return await python<string>(
                `from concerns.monitoring.node.image import check
verdict = check(90, given["docker"], given["name"], given["staged"])
answer = f"{verdict.state} {verdict.text}"`,
                { docker: join(tools, "docker"), name, staged },
            );
        } finally {
            await rm(tools, { recursive: true });
        }
    };
    const asked = (path: string) =>
        sandbox.shell(`busybox wget -q -T 20 -O - 'http://127.0.0.1:9115${path}' 2>&1 || true`);
    const succeeds = async (module: string, target: string) =>
        /^probe_success (.)$/m.exec(await asked(`/probe?module=${module}&target=${target}`))?.[1];

    beforeAll(async () => {
        await sandbox.dockerUp();
        await sandbox.shell("busybox ip link set lo up; mkdir -p /etc/ssl/certs /tmp/image/bin");
        const exporter = await program("prometheus-blackbox-exporter", "prometheus-blackbox-exporter");
        await sandbox.exec(["sh", "-ec", "cat >/tmp/image/bin/blackbox_exporter && chmod 755 /tmp/image/bin/*"], {
            input: await readFile(exporter),
        });
        image = await sandbox.shell(
            `cd /tmp/image && ldd bin/blackbox_exporter | grep -o '/[^ ]*' | while read -r each; do mkdir -p ".$(dirname "$each")"; cp -L "$each" ".$each"; done; tar -c . | docker import --change 'ENTRYPOINT ["/bin/blackbox_exporter"]' -`,
        );
        await sandbox.write(probes, planned()[probes]!.content!);
    });
    afterAll(() => sandbox.shell("docker rm -f holdfast-blackbox || true"));

    test("is asked about its file before that stands anywhere, and an image that nobody has stops it", async () => {
        expect(await check(image, probes)).toMatch(/^ok/);
        await sandbox.write("/tmp/wrong.yml", "modules: { tcp: { prober: tcp, carrier: pigeon } }\n");
        expect(await check(image, "/tmp/wrong.yml")).toMatch(
            /^bad sha256:\w+ refuses its configuration, or does not run: .*field carrier not found/,
        );
        expect(await check(`registry.example.test/blackbox@sha256:${"0a".repeat(32)}`, probes)).toMatch(
            /^bad \S+\/docker pull registry\.example\.test\/blackbox@sha256:\w+: /,
        );
    });

    test("probes and pings from the host's own network, and reads by a signal what was renamed into place", async () => {
        const defaults = planned()["/etc/default/holdfast-blackbox"]!.content!;
        const words = /^ARGS="(.*)"$/m.exec(defaults)![1]!;
        await sandbox.shell(
            `setsid docker ${words} >/tmp/blackbox.log 2>&1 </dev/null & for i in $(seq 300); do busybox wget -q -O /dev/null http://127.0.0.1:9115/-/healthy && exit; sleep 0.2; done; cat /tmp/blackbox.log >&2; exit 1`,
        );
        expect([await succeeds("tcp", "127.0.0.1:9115"), await succeeds("icmp", "127.0.0.1")]).toEqual(["1", "1"]);
        expect([await succeeds("tcp", "127.0.0.1:9"), await succeeds("icmp", "192.0.2.1")]).toEqual(["0", "0"]);
        const changed = planned()[probes]!.content!.replace(/^ {2}tcp:/m, "  tcp_of_tomorrow:");
        await sandbox.write(`${probes}.new`, changed);
        await sandbox.shell(`mv ${probes}.new ${probes}; docker kill --signal=HUP holdfast-blackbox`);
        await sandbox.shell(
            "for i in $(seq 100); do busybox wget -q -O - http://127.0.0.1:9115/config | grep -q tomorrow && exit; sleep 0.1; done; exit 1",
        );
        expect(await succeeds("tcp_of_tomorrow", "127.0.0.1:9115")).toBe("1");
    });
});
