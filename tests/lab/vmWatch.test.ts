/**
 * The watch on the hardware, with hardware that fails on command: one virtual machine goes through all of it, and ends
 * powered off.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import execa from "execa";
import { planIpmievd } from "../../components/ipmievd";
import { planMail } from "../../components/mail";
import { planNodeExporter } from "../../components/nodeExporter";
import { planSmartd } from "../../components/smartd";
import { labDown, vmLabUp, type Lab, type VmNode } from "../../lab";
import { bridgeNamespace, gateway } from "../../lab/network";
import { parseFleet, type FleetNode } from "../../components/fleet";
import type { FileSetArgs } from "../../model/contract/fileSet";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";

jest.setTimeout(400_000);

const id = `${process.env.HOLDFAST_LAB ?? `test-${process.pid}`}-vm`;
let lab: Lab<VmNode>;
let node: VmNode;

const sh = async (script: string): Promise<string> => (await node.exec(["sh", "-ec", script], { timeout: 120 })).stdout;

async function push(
    plan: (shared: { host: FleetNode["host"]; node: FleetNode["identity"] }, settings: FleetNode) => FileSetArgs,
    monitoring = gateway.address,
) {
    const mail = { to: "ops@example.test", from: "holdfast@example.test", relay: "smtp://127.0.0.1:2525" };
    const { fleet } = parseFleet(
        {
            domain: "example.test",
            mail,
            monitoring: { hosts: [monitoring] },
            nodes: { [node.name]: { address: node.address } },
        },
        () => "",
    );
    const settings = fleet!.nodes[0]!;
    return pushFileSet(lab, plan({ host: await hostOf(node), node: settings.identity }, settings));
}

/** Until the command prints something. */
async function eventually(script: string, seconds: number): Promise<string> {
    const deadline = Date.now() + seconds * 1000;
    while (Date.now() < deadline) {
        const seen = await sh(`${script} || true`);
        if (seen) return seen;
        await delay(1000);
    }
    throw new Error(`nothing within ${seconds} s: ${script}`);
}

beforeAll(async () => {
    lab = await vmLabUp({ id, nodes: 1, state: "sound" });
    node = lab.nodes[0]!;
    await node.exec(["sh", "-c", "cat >/root/smtpSink.py"], {
        input: await readFile(join(__dirname, "../helpers/smtpSink.py"), "utf8"),
    });
    await sh("systemd-run --collect --unit=smtp-sink python3 /root/smtpSink.py 2525 /root/mails; sleep 1");
    await push((shared, { mail }) => planMail({ ...shared, settings: mail! }));
    // smartd looks every half an hour by default.
    await sh("echo 'smartd_opts=\"-i 10\"' >/etc/default/smartmontools");
});
afterAll(() => labDown(id));

describe("the exporter", () => {
    const scrape = async () => {
        const slot = Number(node.ssh.host.split(".")[2]);
        return execa(
            "ip",
            [
                "netns",
                "exec",
                bridgeNamespace(slot),
                "curl",
                "--silent",
                // A filter lets nothing through at all; an emulated machine takes its time to answer.
                "--connect-timeout",
                "5",
                "--max-time",
                "60",
                `http://${node.address}:9100/metrics`,
            ],
            { reject: false },
        );
    };

    test("answers the monitoring address", async () => {
        const { observed } = await push((shared, { nodeExporter }) =>
            planNodeExporter({ ...shared, settings: nodeExporter! }),
        );
        expect(observed.facts).toEqual({
            "metrics folder": "root's alone",
            "metrics port": "answers, and others are refused",
        });
        expect((await scrape()).stdout).toContain("node_exporter_build_info");
    });

    test("refuses the same address when it is none any more", async () => {
        await push(
            (shared, { nodeExporter }) => planNodeExporter({ ...shared, settings: nodeExporter! }),
            "192.0.2.50",
        );
        expect(await scrape()).toMatchObject({ exitCode: 28, stdout: "" });
    });
});

describe("the BMC", () => {
    test("is listened to, and its log has room", async () => {
        const { observed } = await push((shared) => planIpmievd(shared));
        expect(observed.facts).toEqual({
            "BMC events": "in syslog",
            "BMC event log": "has room",
            "BMC event log checks": "on time",
        });
    });

    test("that loses a power supply is in the journal within 30 s", async () => {
        await node.addSelEvent("power-supply-failed");
        expect(
            await eventually("journalctl --no-pager --output=cat --identifier=ipmievd --grep='Power Supply'", 30),
        ).toMatch(/Power Supply/);
    });

    test("whose log fills and overflows is told each time, by mail too, until it is cleared", async () => {
        const look =
            "systemctl start holdfast-sel; cat /var/lib/holdfast/sel; grep -h '^holdfast_ipmi_sel' /var/lib/prometheus-holdfast/node-exporter/holdfast_sel.prom; grep -h '^Subject:.*event log' /root/mails/* | tail -n 1";
        const last = `Subject: [${node.name}] BMC event log`;
        const size = (await node.addSelEvents("fan-critical", 102)) + 1; // the power supply's is the first
        expect(await sh(look)).toBe(
            `nearly full\nholdfast_ipmi_sel_used_ratio 0.8\nholdfast_ipmi_sel_entries ${size}\nholdfast_ipmi_sel_overflow 0\n${last} is 80 percent full`,
        );
        // It has place for 128, and drops what comes then.
        expect(await node.addSelEvents("fan-critical", 26)).toBe(25);
        expect(await sh(look)).toBe(
            `overflowed\nholdfast_ipmi_sel_used_ratio 1\nholdfast_ipmi_sel_entries 128\nholdfast_ipmi_sel_overflow 1\n${last} has overflowed, events are lost`,
        );
        await sh("ipmitool sel save /root/sel >/dev/null && ipmitool sel clear");
        expect(await sh(`${look}; wc -l </root/sel`)).toBe(
            `has room\nholdfast_ipmi_sel_used_ratio 0\nholdfast_ipmi_sel_entries 0\nholdfast_ipmi_sel_overflow 0\n${last} has overflowed, events are lost\n128`,
        );
    });
});

describe("a disk whose health fails", () => {
    const subjects = () => sh("grep -h ^Subject: /root/mails/* || true");
    const scheduled = () => sh("cat /run/systemd/shutdown/scheduled 2>/dev/null || true");
    const uncovered = async () =>
        (await push((shared, { smartd }) => planSmartd({ ...shared, settings: smartd! }))).observed.facts[
            "disks without smartd"
        ];

    test("is one that smartd watches", async () => {
        expect(await uncovered()).toBe("none");
        expect(
            await sh("journalctl --no-pager --output=cat --unit=smartmontools --grep='^Monitoring' | tail -n 1"),
        ).toMatch(/Monitoring 1 ATA\/SATA, \d SCSI\/SAS and 1 NVMe devices/);
    });

    test("is none that is only pulled out; one that comes later is drift by name, until smartd has started again", async () => {
        await node.unplugDisk("nvme");
        await sh("sleep 25; systemctl is-active smartmontools");
        expect(await scheduled()).toBe("");
        await node.plugDisk("nvme");
        await eventually("ls /dev/disk/by-id/nvme-* 2>/dev/null", 30);
        expect(await uncovered()).toMatch(/^\/dev\/disk\/by-id\/nvme-\S+$/);
        await sh("systemctl restart smartmontools");
        expect(await uncovered()).toBe("none");
    });

    test("is none in smartd's own test message, which is mailed and nothing else", async () => {
        await sh(
            "cp /etc/smartd.conf /root/smartd.conf; sed -i 's/^DEVICESCAN.*/& -M test/' /etc/smartd.conf; grep -q 'M test' /etc/smartd.conf; systemctl restart smartmontools",
        );
        expect(await eventually("grep -lis 'TEST EMAIL' /root/mails/*", 60)).toContain("/root/mails/");
        expect(await scheduled()).toBe("");
        await sh("mv /root/smartd.conf /etc/smartd.conf; systemctl restart smartmontools");
    });

    test("is mailed, and powers the node off in five minutes", async () => {
        await sh("mkfs.ext4 -q -F /dev/nvme?n1"); // one that holds nothing is only mailed about
        await node.failDiskHealth();
        expect(await eventually("cat /run/systemd/shutdown/scheduled 2>/dev/null", 60)).toMatch(/^MODE=poweroff$/m);
        // It acts first and mails afterwards.
        await eventually("grep -hs '^Subject:.*disk failing, shutting down in 5 minutes' /root/mails/*", 60);
        expect(await subjects()).toMatch(/SMART/i);
    });

    test("stays on when somebody cancels, however often smartd looks", async () => {
        await sh("shutdown -c; sleep 25");
        expect(await scheduled()).toBe("");
    });

    test("really halts when nobody does", async () => {
        // As if for the first time: smartd remembers across restarts that it has warned, and the hook that it has
        // acted.
        await sh(
            "systemctl stop smartmontools; rm -f /run/holdfast/smartd-* /var/lib/smartmontools/*.state*; systemctl start smartmontools",
        );
        await eventually("cat /run/systemd/shutdown/scheduled 2>/dev/null", 60);
        await sh("date --set '+5 minutes' >/dev/null");
        await node.waitUntilOff(120);
    });
});
