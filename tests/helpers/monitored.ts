/**
 * A monitoring host of the lab, what it watches, and the inbox that its mail arrives in: for the tests, and for
 * `npm start -- --all`.
 */
import { copyFile, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { LabNode } from "../../lab";
import { archives } from "./promtool";

const inboxFolder = "/tmp/alerts";
const inboxPort = 2525;

const shell = async (on: LabNode, script: string) => (await on.exec(["sh", "-c", script])).stdout;

/** As Debian brings them, and running: there is no registry. Their web pages need libraries that stay away. */
export async function installMonitoring(host: LabNode): Promise<void> {
    await host.exec(["mkdir", "-p", "/opt/archives"]);
    for (const archive of await archives()) await copyFile(archive, join(host.root, "opt/archives", basename(archive)));
    await shell(
        host,
        "DEBIAN_FRONTEND=noninteractive dpkg --force-depends --install /opt/archives/*.deb && rm -r /opt/archives",
    );
}

/** A container's kernel filters nobody, so the exporters listen on loopback: this lets others in, until a reboot. */
export async function letIn(machine: LabNode): Promise<void> {
    await machine.exec([
        ...["systemd-run", "--collect", "--unit=let-in", `--socket-property=ListenStream=${machine.address}:9100`],
        ...["/usr/lib/systemd/systemd-socket-proxyd", "127.0.0.1:9100"],
    ]);
}

/** The end of `letIn`: Holdfast refuses an exporter's port that answers others. */
export async function keepOut(machine: LabNode): Promise<void> {
    await machine.exec(["systemctl", "stop", "let-in.socket", "let-in"], { reject: false });
}

/** Port 8006, which a node of Proxmox has and the lab's has not. */
export async function speakLikePveproxy(node: LabNode): Promise<void> {
    await shell(
        node,
        "cd /tmp && openssl req -x509 -newkey rsa:2048 -nodes -keyout gui.key -out gui.pem -days 30 -subj /CN=pve 2>/dev/null && systemd-run --collect --unit=gui openssl s_server -quiet -accept 8006 -cert /tmp/gui.pem -key /tmp/gui.key",
    );
}

/** A server that keeps every mail it is sent. @returns how a stack names it as its relay */
export async function startInbox(on: LabNode): Promise<string> {
    await on.exec(["sh", "-c", `cat >/tmp/smtpSink.py && rm -rf ${inboxFolder}`], {
        input: await readFile(join(__dirname, "smtpSink.py"), "utf8"),
    });
    await on.exec([
        ...["systemd-run", "--collect", "--unit=alerts-sink", "python3"],
        ...["/tmp/smtpSink.py", String(inboxPort), inboxFolder],
    ]);
    return `smtp://${on.address}:${inboxPort}`;
}

/** Each with its envelope first. */
export async function mailsIn(inbox: LabNode): Promise<string[]> {
    const listed = await shell(
        inbox,
        `for mail in ${inboxFolder}/*; do [ ! -f "$mail" ] || { cat "$mail"; echo; echo ----; }; done`,
    );
    return listed
        .split("\n----")
        .map((mail) => mail.trim().replace(/=\n/g, ""))
        .filter(Boolean);
}

export async function emptyInbox(inbox: LabNode): Promise<void> {
    await shell(inbox, `rm -f ${inboxFolder}/*`);
}

/** Values by the label `instance`, of what the host's Prometheus answers. */
export async function ask(host: LabNode, query: string): Promise<Record<string, number>> {
    const { stdout } = await host.exec(
        ["curl", "--silent", "--data-urlencode", "query@-", "http://127.0.0.1:9090/api/v1/query"],
        { input: query, reject: false },
    );
    const { data } = JSON.parse(stdout || "{}") as {
        data?: { result: { metric: { instance?: string }; value: [number, string] }[] };
    };
    const found = (data?.result ?? []).map(({ metric, value }): [string, number] => [
        metric.instance ?? "",
        Number(value[1]),
    ]);
    return Object.fromEntries(found.sort(([one], [other]) => one.localeCompare(other)));
}

/** Looks once a second. @returns what was seen last, where it never is so as well */
export async function until<T>(look: () => Promise<T>, isSo: (seen: T) => boolean, seconds = 120): Promise<T> {
    let seen = await look();
    for (let tries = 0; tries < seconds && !isSo(seen); tries++) {
        await delay(1000);
        seen = await look();
    }
    return seen;
}
