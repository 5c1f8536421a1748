/**
 * The watch on the hardware, on container nodes: what is absent there is handled, everything else is the real thing.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { h } from "preact";
import { render } from "preact-render-to-string";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parse, stringify } from "yaml";
import type { Lab, LabNode } from "../../lab";
import { writeLabStack } from "../../lab/stack";
import { nothingByDefault } from "../../components/table";
import { referTo } from "../../model/contract/ownProgram";
import { renderCharts } from "../../cli/report/charts";
import { readCharts } from "../../cli/report/prometheus";
import { filledIn, rows } from "../../model/dashboard/panels";
import { programText } from "../../programs";
import { openTestLab, readNodeFile } from "../helpers/lab";
import { prometheus } from "../helpers/promtool";
import { PulumiProject } from "../helpers/pulumiProject";

jest.setTimeout(300_000);

let lab: Lab;
let node: LabNode;
let sink: LabNode;
let project: PulumiProject;
let untouched: string;

const DRIFT = ["refresh", "--preview-only", "--expect-no-changes", "--diff", "--stack", "watch"];
const shell = async (script: string, on = node) => (await on.exec(["sh", "-c", script])).stdout;

/** `defaults` and further settings of the fleet, beside the lab's own. */
async function declare(defaults: object, settings: object = {}): Promise<void> {
    const file = join(project.folder, "lab.yaml");
    await writeLabStack(lab, file, { defaults: { networkGuard: false, ...defaults } }); // it has a test of its own
    const { config } = parse(await readFile(file, "utf8")) as { config: { "holdfast:fleet": object } };
    await project.configure("watch", { fleet: { ...config["holdfast:fleet"], ...settings } });
}

/**
 * What the concerns that watch the hardware change on the node: files, and units that the next boot starts or that run.
 */
async function watchOf(): Promise<string> {
    return shell(
        "cd / && find etc usr/local/lib/holdfast -type f -path '*holdfast*' -not -path '*/__pycache__/*' -not -regex 'usr/local/lib/holdfast/[0-9a-f]+/.*' -not -path 'etc/holdfast/recover.py' -not -name 'holdfast-recover*' ! -name '99-holdfast-*'; sha256sum /etc/smartd.conf /etc/default/prometheus-node-exporter; for unit in smartmontools prometheus-node-exporter ipmievd holdfast-ipmi.service holdfast-temperature.timer holdfast-sel.timer holdfast-nvme-selftest-short.timer; do echo $unit $(systemctl is-enabled $unit) $(systemctl is-active $unit); done 2>&1",
    );
}

/** Without the watch, whoever has put it there. */
async function unwatch(): Promise<void> {
    const units =
        "smartmontools prometheus-node-exporter holdfast-ipmi ipmievd holdfast-temperature.timer holdfast-sel.timer holdfast-nvme-selftest-short.timer holdfast-nvme-selftest-long.timer holdfast-log-digest.timer";
    const paths =
        "/etc/systemd/system/holdfast-[!r]* /etc/systemd/system/*.d/holdfast.conf /etc/holdfast/*.conf /etc/holdfast/smartd-policy /etc/smartmontools/run.d/60holdfast /etc/tmpfiles.d/holdfast-* /etc/udev/rules.d/90-holdfast-ipmi.rules /etc/msmtprc /usr/sbin/sendmail /var/lib/holdfast";
    const programs = "mail temperature sel-fill nvme-selftest log-digest";
    await shell(
        `shutdown -c; for unit in ${units}; do systemctl disable --now $unit 2>/dev/null; done; rm -rf ${paths}; cd /usr/local/lib/holdfast 2>/dev/null && rm -f ${programs}; systemctl daemon-reload`,
    );
}

async function mails(): Promise<string[]> {
    const listed = await shell(
        'for mail in /tmp/mails/*; do [ ! -f "$mail" ] || { cat "$mail"; echo ----; }; done',
        sink,
    );
    return listed
        .split("\n----")
        .map((mail) => mail.trim())
        .filter(Boolean);
}

beforeAll(async () => {
    const whole = await openTestLab();
    lab = { ...whole, nodes: whole.nodes.slice(0, 1) };
    [node, sink] = [whole.nodes[0]!, whole.nodes[1]!];
    await sink.exec(["sh", "-c", "cat >/tmp/smtpSink.py && rm -rf /tmp/mails"], {
        input: await readFile(join(__dirname, "../helpers/smtpSink.py"), "utf8"),
    });
    await sink.exec([
        "systemd-run",
        "--collect",
        "--unit=smtp-sink",
        "python3",
        "/tmp/smtpSink.py",
        "2525",
        "/tmp/mails",
    ]);
    await shell("rm -rf /var/lib/holdfast/mail* /run/holdfast/smartd-*");
    await unwatch(); // another test file may have left it
    // The lab's pmxcfs has failed over the incident's hosts file, and BootReadiness asks what lies in /etc/pve.
    await shell(`sed -i 's/^127\\.0\\.1\\.1/${node.address}/' /etc/hosts && systemctl restart pve-cluster`);
    untouched = await watchOf();
    project = await PulumiProject.create(lab);
    await project.pulumi("stack", "init", "watch");
    await declare(
        {},
        { mail: { to: "ops@example.test", from: "holdfast@example.test", relay: `smtp://${sink.address}:2525` } },
    );
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "watch");
});
afterAll(async () => {
    await sink.exec(["systemctl", "stop", "smtp-sink"], { reject: false });
    await unwatch();
    await project.remove();
});

/** Of the node in the stack's outputs. */
async function summary(): Promise<unknown> {
    const { nodes } = JSON.parse(await project.pulumi("stack", "output", "--json", "--stack", "watch")) as {
        nodes: Record<string, unknown>;
    };
    return nodes[node.name];
}

test("a node without sensors, disks and BMC is handled: its state says so, the stack's outputs only what is not right", async () => {
    expect(await project.factsInState("watch", node.name)).toMatchObject({
        ipmievd: { "BMC events": "not checked: this node has no BMC, ipmievd is inactive" },
        temperature: { temperature: "no trustworthy sensor", "watchdog runs": "on time" },
        smartd: {
            "disks without smartd": "none",
            "self-tests": "not checked: no disk whose self-tests smartd starts",
        },
        "node-exporter": { "metrics port": "answers, and others are refused" },
        mail: { mail: "accepted" },
    });
    expect(await summary()).toEqual({
        managed: expect.stringMatching(/^hosts, .*smartd, .*node-exporter, boot-readiness, runbook$/),
        skipped: false,
    });
    expect(
        await shell(
            "systemctl is-active smartmontools ipmievd holdfast-temperature.timer prometheus-node-exporter || true",
        ),
    ).toBe("active\ninactive\nactive\nactive");
    expect(
        await shell("systemctl is-failed ipmievd smartmontools holdfast-temperature holdfast-sel || true"),
    ).not.toContain("failed");
});

test("the watchdog's lock is root's alone: nobody else can keep it from watching", async () => {
    expect(await shell("stat --format '%a %U' /run/holdfast/temperature/lock")).toBe("600 root");
});

test("nothing drifts right after, and a second up has nothing to do", async () => {
    await project.pulumi(...DRIFT);
    await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "watch");
});

test("the watchdog's metrics reach whoever scrapes the exporter", async () => {
    const scraped = await shell("curl --silent --fail 127.0.0.1:9100/metrics");
    expect(scraped).toMatch(/^holdfast_temperature_sensors 0$/m);
    expect(scraped).toMatch(/^node_systemd_unit_state\{.*name="smartmontools.service",state="active".*\} 1$/m);
});

describe("the fleet's dashboard", () => {
    /** What this node does not say of itself: no such hardware, no boot with its new files, no backup, no drift run. */
    const others = {
        holdfast_boot_proven_timestamp_seconds: "1700000000",
        holdfast_backup_last_success_timestamp_seconds: "1700000000",
        'holdfast_drill_last_success_timestamp_seconds{backup="pve01"}': "1700000000",
        'holdfast_temperature_celsius{sensor="k10temp/Tctl"}': "61",
        holdfast_ipmi_sel_used_ratio: "0.2",
        holdfast_interfaces_sound: "1",
        'holdfast_drift_changes{stack="watch",node="pve01"}': "0",
        holdfast_drift_last_run_timestamp_seconds: "1700000000",
    };
    const config = {
        scrape_configs: [
            { job_name: "node", scrape_interval: "1s", static_configs: [{ targets: ["127.0.0.1:9100"] }] },
        ],
    };

    beforeAll(async () => {
        // Its root is an overlay, which the exporter leaves out; a real node's is none.
        await shell("mountpoint --quiet /srv/local || { mount /srv/local && touch /run/mounted-by-the-test; }");
        await copyFile(await prometheus(), join(node.root, "usr/local/bin/prometheus-of-the-test"));
        const text = Object.entries(others).map(([name, value]) => `${name} ${value}\n`);
        await node.exec(["sh", "-ec", "tee /var/lib/prometheus-holdfast/node-exporter/test.prom"], {
            input: text.join(""),
        });
        await node.exec(["sh", "-ec", "mkdir -p /tmp/prometheus; tee /tmp/prometheus/config.yml"], {
            input: stringify(config),
        });
        await node.exec([
            ...["systemd-run", "--collect", "--unit=prometheus-of-the-test", "prometheus-of-the-test"],
            ...["--config.file=/tmp/prometheus/config.yml", "--storage.tsdb.path=/tmp/prometheus/data"],
            "--web.listen-address=127.0.0.1:9090",
        ]);
    });
    afterAll(() =>
        shell(
            "systemctl stop prometheus-of-the-test; [ ! -e /run/mounted-by-the-test ] || umount /srv/local; rm -rf /run/mounted-by-the-test /tmp/prometheus /usr/local/bin/prometheus-of-the-test /var/lib/prometheus-holdfast/node-exporter/test.prom",
        ),
    );

    const ask = async (query: string): Promise<number> => {
        const answer = await node.exec(
            ["curl", "--silent", "--data-urlencode", "query@-", "http://127.0.0.1:9090/api/v1/query"],
            { input: query, reject: false },
        );
        const { status, data, error } = JSON.parse(answer.stdout || '{"status":"none"}') as {
            status: string;
            error?: string;
            data?: { result: unknown[] };
        };
        if (status === "error") throw new Error(`${query}: ${error}`);
        return data?.result.length ?? 0;
    };

    test("is written by the command, with the rows that this stack can fill", async () => {
        const { exitCode, output } = await project.holdfast("dashboard", "--stack", "watch", "-o", "board.json");
        expect([output.trim(), exitCode]).toEqual(["board.json", 0]);
        const { panels } = JSON.parse(await readFile(join(project.folder, "board.json"), "utf8")) as {
            panels: { type: string; title: string }[];
        };
        expect(panels.filter(({ type }) => type === "row").map(({ title }) => title)).toEqual(
            rows.flatMap(({ title, needs = "drift" }) =>
                needs === "configBackup" || needs === "networkGuard" ? [] : [title],
            ),
        );
    });

    test("shows something in every panel, of a real Prometheus that scrapes the node", async () => {
        let empty = rows
            .flatMap(({ panels }) => panels.flatMap(({ queries }) => queries))
            .map((query) => filledIn(query, { job: "node", rate: "1m" }));
        for (let tries = 0; tries < 120 && empty.length > 0; tries++) {
            await delay(1000);
            const answers: number[] = [];
            for (const expr of empty) answers.push(await ask(expr));
            empty = empty.filter((_, index) => answers[index] === 0);
        }
        expect(empty).toEqual([]);
        // The report asks from the workstation, where this Prometheus is not reached: its questions are handed over.
        const door = createServer((request, response) => {
            void text(request).then(async (input) => {
                const { stdout } = await node.exec(
                    ["curl", "--silent", "--data", "@-", `http://127.0.0.1:9090${request.url}`],
                    { input },
                );
                response.end(stdout);
            });
        });
        await new Promise<void>((listening) => door.listen(0, "127.0.0.1", listening));
        try {
            const { port } = door.address() as AddressInfo;
            const charts = await readCharts(`http://127.0.0.1:${port}`, Math.floor(Date.now() / 1000));
            expect(charts.rows.map((row) => [row.title, row.panels.map(({ panel }) => panel.title)])).toEqual(
                rows.map((row) => [row.title, row.panels.map(({ title }) => title)]),
            );
            expect(render(h("body", null, renderCharts(charts)))).toContain("<svg");
        } finally {
            door.close();
        }
    });
});

test("no service user has root write elsewhere, by a folder renamed and a link planted; a metrics folder that is another's is told", async () => {
    const folder = "/var/lib/prometheus-holdfast/node-exporter";
    const scraped = `stat --format=%U:%a ${folder}/holdfast_temperature.prom`;
    // Each tries both folders, and what Holdfast keeps in /run and /var/lib. Only the exporter's own user gets
    // anywhere.
    const attack = `for place in /var/lib/prometheus/node-exporter /var/lib/prometheus-holdfast ${folder} /run/holdfast /run/holdfast/temperature /var/lib/holdfast; do mv $place $place.away; ln -s /root/precious $place; done`;
    const planted = await shell(
        `mkdir -p /root/precious/node-exporter; for file in holdfast_temperature.prom node-exporter/holdfast_temperature.prom levels level temperature.sensors; do echo keep >/root/precious/$file; done
# Made anew, since the lab's overlay lets nobody rename a folder of the image.
rm -rf ${folder}/holdfast_temperature.prom /var/lib/prometheus/node-exporter*; mkdir /var/lib/prometheus/node-exporter
echo old >/var/lib/prometheus/node-exporter/holdfast_temperature.prom
for user in $(getent passwd | awk -F: '$3 > 0 { print $1 }'); do runuser -u $user -- sh -c '${attack}' 2>/dev/null; done
systemctl start holdfast-temperature.service; find /var/lib /run -maxdepth 3 -lname /root/precious`,
    );
    expect(planted).toBe("/var/lib/prometheus/node-exporter");
    expect(await shell("cat $(find /root/precious -type f)")).toBe("keep\n".repeat(5).trim());
    expect(await shell(scraped)).toBe("root:644");
    await shell(
        "cd /var/lib/prometheus && rm node-exporter && mv node-exporter.away node-exporter && systemctl start holdfast-temperature.service && test ! -e node-exporter/holdfast_temperature.prom",
    );
    // Given away, as a recursive chown does it: nothing is written, and that is told.
    await shell(`chown -R prometheus /var/lib/prometheus-holdfast; systemctl start holdfast-temperature.service`);
    expect(await shell("journalctl --quiet --output=cat --since=-1min --identifier=holdfast")).toContain(
        `metrics cannot be written to ${folder}: `,
    );
    const { stdout } = await project.runPulumi(DRIFT);
    expect(stdout).toMatch(/metrics folder[^]*\/var\/lib\/prometheus-holdfast belongs to prometheus/);
    await shell(
        "chown -R root /var/lib/prometheus-holdfast; rm -r /root/precious; systemctl start holdfast-temperature.service",
    );
});

test("the test message arrived at the SMTP server, with the node's name in its subject", async () => {
    const sent = (await mails()).filter((mail) => mail.includes("test message"));
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatch(/^MAIL FROM:<holdfast@example\.test>\nRCPT TO:<ops@example\.test>\n/);
    expect(sent[0]).toContain(`\nSubject: [${node.name}] Holdfast test message\n`);
});

describe("smartd's runner, as smartd starts it", () => {
    // With the PATH that smartd's own warning script sets, in which there is no sendmail, blkid or shutdown.
    const warn = (failure: string) =>
        shell(
            `mkdir -p /tmp/sys/block/sdz/holders/dm-9 /tmp/sys/block/dm-9/dm && echo pve-root >/tmp/sys/block/dm-9/dm/name && env PATH=/usr/local/bin:/usr/bin:/bin HOLDFAST_SYS=/tmp/sys SMARTD_DEVICE=/dev/sdz SMARTD_DEVICETYPE=sat SMARTD_FAILTYPE=${failure} SMARTD_ADDRESS=ops@example.test SMARTD_SUBJECT="SMART error (${failure}) detected on host: ${node.name}" SMARTD_MESSAGE="Device: /dev/sdz" SMARTD_FULLMESSAGE="Device: /dev/sdz, ${failure}" /usr/share/smartmontools/smartd-runner 2>/dev/null; cat /run/systemd/shutdown/scheduled 2>/dev/null || true`,
        );

    test("EmailTest and a disk that cannot be opened are mailed, and schedule nothing", async () => {
        for (const failure of ["EmailTest", "FailedOpenDevice"]) {
            expect(await warn(failure)).toBe("");
            expect((await mails()).at(-1)).toContain(
                `\nSubject: [${node.name}] SMART error (${failure}) detected on host: ${node.name}\n`,
            );
        }
    });

    test("a disk whose health fails schedules one shutdown, which can be cancelled and then stays so", async () => {
        expect(await warn("Health")).toMatch(/^MODE=poweroff$/m);
        expect((await mails()).slice(-2).map((mail) => /^Subject: (.*)$/m.exec(mail)?.[1])).toEqual([
            `[${node.name}] SMART error (Health) detected on host: ${node.name}`,
            `[${node.name}] disk failing, shutting down in 5 minutes: /dev/sdz`,
        ]);
        await shell("shutdown -c");
        expect(await warn("Health")).toBe("");
    });
});

describe("the NVMe self-tests' program", () => {
    // No hardware here has an NVMe self-test, nor has QEMU's: nvme-cli and the drive are played, the rest is as the
    // timer starts it.
    const selfTest = async (result: string) => {
        const nvme = `#!/bin/sh
case $1 in
id-ctrl) echo 'oacs      : 0x17' ;;
device-self-test) echo "$*" >/tmp/nvme/asked; echo 0x1 >/tmp/nvme/left ;;
self-test-log)
    echo "Current operation  : $(cat /tmp/nvme/left)"; echo 0 >/tmp/nvme/left
    echo "  Operation Result             : ${result}" ;;
esac`;
        await node.exec(
            [
                "sh",
                "-c",
                "mkdir -p /tmp/nvme && cat >/tmp/nvme/nvme && printf '#!/bin/sh\\necho $1 >>/tmp/nvme/slept\\n' >/tmp/nvme/sleep && chmod 755 /tmp/nvme/*",
            ],
            { input: nvme },
        );
        return shell(
            "touch /dev/nvme7 && mount --bind /dev/null /dev/nvme7; PATH=/tmp/nvme:$PATH /usr/local/lib/holdfast/nvme-selftest short; umount /dev/nvme7; rm /dev/nvme7; cat /tmp/nvme/asked; tr '\\n' ' ' </tmp/nvme/slept; rm /tmp/nvme/slept",
        );
    };

    test("waits for the drive, and says that it passed", async () => {
        const before = (await mails()).length;
        expect(await selfTest("0")).toBe(
            "/dev/nvme7: short self-test, result 0\ndevice-self-test /dev/nvme7 --namespace-id=0xffffffff --self-test-code=1\n5 60 ",
        );
        expect(await mails()).toHaveLength(before);
    });

    test("mails a failure with the drive's log", async () => {
        expect(await selfTest("0x7")).toContain("/dev/nvme7: short self-test, result 7\n");
        expect((await mails()).at(-1)).toMatch(
            /\nSubject: \[\S+\] self-test of \/dev\/nvme7 failed\n[^]*Operation Result/,
        );
    });
});

test("the digest names the errors, and what smartd's hook said", async () => {
    await shell(
        "logger -t smartd -p daemon.crit 'Device: /dev/sdz [SAT], FAILED SMART self-check'; logger -t somebody -p user.err 'out of luck'; journalctl --sync",
    );
    await declare({ logDigest: true }, { mail: { to: "ops@example.test", relay: `smtp://${sink.address}:2525` } });
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "watch");
    // Anybody may log under any name, at any priority.
    await shell(
        "for name in smartd holdfast; do runuser -u nobody -- logger -t $name -p daemon.err 'Device: /dev/sdz, temperature warning: forged'; done; journalctl --sync",
    );
    const digest = await shell("HOLDFAST_SINCE=today HOLDFAST_UNTIL=now /usr/local/lib/holdfast/log-digest --print");
    expect(digest).toMatch(
        /^Hardware\n[^]*smartd: Device: \/dev\/sdz \[SAT\], FAILED SMART self-check\n[^]*holdfast: disk \/dev\/sdz fails \(Health\); shutting down in 5 minutes\n[^]*\nErrors\n[^]*somebody: out of luck\n/m,
    );
    const [own, others] = digest.split("\nErrors of programs that are not root's\n");
    expect(own).not.toContain("forged");
    expect(others).toMatch(/^(?:\d+x )?smartd: .*forged$/m);
});

test("a stopped smartd, an edited smartd.conf and a watchdog that has not run each show as what they are, and `up --refresh` repairs them", async () => {
    const before = await readNodeFile(node, "/etc/smartd.conf");
    await shell(
        "systemctl stop smartmontools holdfast-temperature.timer; echo '/dev/sda -a' >>/etc/smartd.conf; touch -d '1 hour ago' /run/holdfast/temperature/level",
    );
    const { exitCode, stdout } = await project.runPulumi(DRIFT);
    expect(exitCode).not.toBe(0);
    expect(stdout).toContain("/dev/sda -a");
    expect(stdout).toMatch(/smartmontools\.service[^]*?active *: (?:true => false|false => true)/);
    expect(stdout).toContain("overdue");
    await project.pulumi("up", "--refresh", "--yes", "--skip-preview", "--stack", "watch");
    expect(await readNodeFile(node, "/etc/smartd.conf")).toBe(before);
    await project.pulumi(...DRIFT);
});

describe("a program of Holdfast's own", () => {
    const path = "/usr/local/lib/holdfast/temperature";
    const program = programText(path);
    const exported = () => project.pulumi("stack", "export", "--stack", "watch");

    test("stands in state by its digest; an edit is drift by its lines, no plain up overwrites it, and `up --refresh` repairs it", async () => {
        const before = await readNodeFile(node, path);
        const state = await exported();
        expect(state).toContain(referTo(program, program));
        expect(state).not.toContain("set -u");
        await shell(`sed -i '2i exit 0 # silenced' ${path}`);
        const { exitCode, stdout } = await project.runPulumi(DRIFT);
        expect(exitCode).not.toBe(0);
        expect(stdout).toMatch(/ \/usr\/local\/lib\/holdfast\/temperature: [^]*\+ +\+exit 0 # silenced/);
        expect(stdout.split("\n").length).toBeLessThan(80);
        await declare(
            { temperature: { warning: 71 } },
            { mail: { to: "ops@example.test", from: "holdfast@example.test", relay: `smtp://${sink.address}:2525` } },
        );
        const refused = await project.runPulumi(["up", "--yes", "--skip-preview", "--stack", "watch"]);
        expect(refused.stdout).toMatch(/edited on the node since the last look[^]*\+exit 0 # silenced/);
        await project.pulumi("up", "--refresh", "--yes", "--skip-preview", "--stack", "watch");
        expect(await readNodeFile(node, path)).toBe(before);
        await project.pulumi(...DRIFT);
    });

    test("of an earlier Holdfast is no drift while state knows it, and the next up replaces it", async () => {
        const now = await readNodeFile(node, path);
        const earlier = "#!/bin/sh\n# Managed by Holdfast, an earlier one.\n";
        const file = join(project.folder, "state.json");
        await writeFile(file, (await exported()).replaceAll(referTo(program, program), referTo(earlier, earlier)));
        await project.pulumi("stack", "import", "--file", file, "--stack", "watch");
        await node.exec(["tee", path], { input: earlier });
        await project.pulumi(...DRIFT);
        await project.pulumi("up", "--yes", "--skip-preview", "--stack", "watch");
        expect(await readNodeFile(node, path)).toBe(now);
        expect(await exported()).not.toContain(referTo(earlier, earlier));
    });
});

test("a mail that cannot be delivered is a warning in the outputs, and no failed up", async () => {
    await declare({}, { mail: { to: "ops@example.test", relay: `smtp://${sink.address}:2526` } });
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "watch");
    expect(await summary()).toMatchObject({
        attention: { mail: { mail: expect.stringMatching(/^undeliverable: .*refused/i) } },
    });
});

test("the exporter answers in TLS, and only whoever knows the password", async () => {
    // bcrypt of `scrape-me`
    const basicAuth = { prometheus: "$2b$10$abcdefghijklmnopqrstuul2LqfVFD9SIf7.Gi9fLxnnlONP3Mpzq" };
    const tls = { certificate: "/etc/ssl/exporter.pem", key: "/etc/ssl/exporter.key" };
    await shell(
        `openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${node.name}.example.test -out ${tls.certificate} -keyout ${tls.key} 2>/dev/null && chgrp prometheus ${tls.key} && chmod 640 ${tls.key}`,
    );
    await declare({ nodeExporter: { tls, basicAuth } });
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "watch");
    const status = (options: string, scheme = "https") =>
        shell(
            `curl --silent --output /tmp/scraped --write-out '%{http_code}' --cacert ${tls.certificate} --resolve ${node.name}.example.test:9100:127.0.0.1 ${options} ${scheme}://${node.name}.example.test:9100/metrics`,
        );
    expect([await status(""), await status("--user prometheus:wrong"), await status("", "http")]).toEqual([
        "401",
        "401",
        "400",
    ]);
    expect(await status("--user prometheus:scrape-me")).toBe("200");
    expect(await readNodeFile(node, "/tmp/scraped")).toContain("node_exporter_build_info");
    await project.pulumi(...DRIFT);
});

test("where the kernel does not filter, the exporter is refused and the port stays as it was: closed to others", async () => {
    await declare({}, { monitoring: { hosts: ["192.0.2.50"] } });
    const { exitCode, stdout, stderr } = await project.runPulumi(["up", "--yes", "--skip-preview", "--stack", "watch"]);
    expect(exitCode).not.toBe(0);
    expect(stdout + stderr).toContain(
        "this kernel does not enforce IPAddressDeny= (a container?), so the port would be open to everyone",
    );
    expect(await shell("ss --listening --tcp --numeric --no-header 'sport = 9100' | awk '{ print $4 }'")).toBe(
        "127.0.0.1:9100",
    );
});

test("a device type that smartd does not know is refused by the check on the staged file, and the live one stays", async () => {
    const live = await readNodeFile(node, "/etc/smartd.conf");
    await declare({ smartd: { devices: [{ device: "/dev/bus/0", type: "hpt,9/9/9" }] } });
    const { exitCode, stdout, stderr } = await project.runPulumi(["up", "--yes", "--skip-preview", "--stack", "watch"]);
    expect(exitCode).not.toBe(0);
    expect(stdout + stderr).toContain("unsupported device type 'hpt,9/9/9'");
    expect(await readNodeFile(node, "/etc/smartd.conf")).toBe(live);
});

test.each([
    ["preview", ["preview", "--refresh"]],
    ["up", ["up", "--yes", "--skip-preview"]],
])(
    "a disk that the node does not have is refused by %s, with its line and the remedy, and nothing is staged",
    async (_, command) => {
        const live = await readNodeFile(node, "/etc/smartd.conf");
        await declare({ smartd: { devices: [{ device: "/dev/disk/by-id/ata-GONE" }] } });
        const { exitCode, stdout, stderr } = await project.runPulumi([...command, "--stack", "watch"]);
        expect(exitCode).not.toBe(0);
        expect(stdout + stderr).toMatch(
            /\/etc\/smartd\.conf:\d+:1: The node has no \/dev\/disk\/by-id\/ata-GONE\. `ls \/dev\/disk\/by-id` lists its disks/,
        );
        expect(await readNodeFile(node, "/etc/smartd.conf")).toBe(live);
    },
);

test("a relay's password is shown in no preview, drift run or page, neither as declared nor as somebody has changed it", async () => {
    const [declared, changed] = ["correct-horse-battery", "somebody-elses-staple"];
    await declare(
        {},
        {
            mail: {
                to: "ops@example.test",
                from: "holdfast@example.test",
                relay: `smtp://${sink.address}:2525`,
                user: "ops",
            },
        },
    );
    await project.pulumi("config", "set", "--secret", "holdfast:mailPassword", declared, "--stack", "watch");
    const shown = [
        await project.pulumi("preview", "--diff", "--stack", "watch"),
        await project.pulumi("up", "--yes", "--skip-preview", "--stack", "watch"),
    ];
    expect(await shell("cat /etc/msmtprc")).toContain(declared);
    await shell(`sed -i s/${declared}/${changed}/ /etc/msmtprc`);
    for (const format of ["text", "json", "markdown"]) {
        const { exitCode, stdout, stderr } = await project.holdfast("drift", "--stack", "watch", "--format", format);
        expect([exitCode, stdout]).toEqual([2, expect.stringContaining("/etc/msmtprc")]);
        shown.push(stdout, stderr);
    }
    expect((await project.holdfast("report", "--stack", "watch", "-o", "report.html")).exitCode).toBe(2);
    shown.push(await readFile(join(project.folder, "report.html"), "utf8"), (await project.runPulumi(DRIFT)).stdout);
    shown.push(
        await shell("journalctl -q --no-pager -t holdfast"),
        await readFile(join(project.folder, "Pulumi.watch.yaml"), "utf8"),
        await project.pulumi("stack", "export", "--stack", "watch"),
    );
    for (const text of shown) expect([text.includes(declared), text.includes(changed)]).toEqual([false, false]);
    await project.pulumi("up", "--refresh", "--yes", "--skip-preview", "--stack", "watch");
    expect(await shell("cat /etc/msmtprc")).toContain(declared);
});

test("taken out of the stack with onDelete: restore, the watch is gone: its files, its timers, and what runs is what ran before", async () => {
    const kept = {
        mail: { to: "ops@example.test", from: "holdfast@example.test", relay: `smtp://${sink.address}:2525` },
        onDelete: "restore",
    };
    await declare({ logDigest: {} }, kept);
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "watch");
    await declare(nothingByDefault, { onDelete: "restore" });
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "watch");
    expect(await watchOf()).toBe(untouched);
    expect(
        await shell(
            "systemctl --failed --plain --no-legend | grep -E 'holdfast|smart|ipmi|exporter'; ls /etc/holdfast/journal",
        ),
    ).toBe("");
});
