/** What `npm start -- --all` shows besides: a monitoring host of the same stack, and what it tells when a node dies. */
import type { Lab, LabNode } from "../../lab";
import { writeLabStack } from "../../lab/stack";
import { nothingByDefault } from "../../components/table";
import { filledIn, rows } from "../../model/dashboard/panels";
import {
    ask,
    emptyInbox,
    installMonitoring,
    letIn,
    mailsIn,
    speakLikePveproxy,
    startInbox,
    until,
} from "../../tests/helpers/monitored";

/** The monitoring host's name in the stack. */
const watcher = "mon1";
/** Seconds: the shipped rules wait a minute, Alertmanager half of one, and an emulated or busy machine more. */
const patience = 400;

export interface Stage {
    /** Of the nodes alone. */
    readonly lab: Lab;
    readonly host: LabNode;
    readonly stackFile: string;
    /** @returns whether the stack is as declared afterwards */
    readonly up: () => Promise<boolean>;
    readonly claim: (text: string, holds: () => Promise<boolean>) => Promise<void>;
}

export async function showAlarm({ lab, host, stackFile, up, claim }: Stage): Promise<void> {
    const [victim, other] = lab.nodes;
    if (!victim || !other) throw new Error("the alarm needs two nodes");
    const relay = await startInbox(other);
    await makeWatcher(host);
    for (const node of lab.nodes) await speakLikePveproxy(node);
    await writeLabStack(lab, stackFile, {
        defaults: { ...nothingByDefault, nodeExporter: {} },
        settings: await watched(host, relay, other),
    });
    await claim(`pulumi up makes ${watcher} watch every machine of the stack`, up);
    // The warning above is the lab's own: a container's kernel filters nobody, so the exporters listen on loopback.
    for (const machine of [...lab.nodes, host]) await letIn(machine);

    const names = [watcher, victim.name, other.name];
    await claim(`${query.title}: all three are up`, () =>
        shows(host, (seen) => names.every((name) => seen[name] === 1)),
    );
    await emptyInbox(other);
    console.log(`\nNow ${victim.name} loses its power.`);
    const died = Date.now();
    await victim.kill();
    await claim(`${query.title}: ${victim.name} is down, and nobody else`, () =>
        shows(host, (seen) => names.every((name) => seen[name] === (name === victim.name ? 0 : 1))),
    );
    await claim("one mail about it arrives", async () => {
        const mails = await until(
            () => mailsIn(other),
            (all) => all.some((mail) => mail.includes(`${victim.name} is gone`)),
            patience,
        );
        console.log(mails.join("\n\n"));
        console.log(`\n${Math.round((Date.now() - died) / 1000)} s after the power went`);
        return mails.length === 1 && mails[0]!.includes(`Subject: [FIRING] ${victim.name} is gone`);
    });
    await victim.start();
    await speakLikePveproxy(victim);
    await letIn(victim);
    await claim(`${query.title}: ${victim.name} is up again`, () => shows(host, (seen) => seen[victim.name] === 1));
}

/** The lab's machines are all nodes of Proxmox, of that name: this one is none. */
async function makeWatcher(host: LabNode): Promise<void> {
    // Holdfast writes to no machine that calls itself otherwise than the stack does.
    await host.exec([
        ...["sh", "-c"],
        `echo ${watcher} >/etc/hostname && hostname ${watcher} && systemctl disable --now pve-cluster && systemctl reset-failed`,
    ]);
    await installMonitoring(host);
}

async function watched(host: LabNode, relay: string, answering: LabNode): Promise<object> {
    return {
        mail: { to: "ops@example.test", from: "holdfast@example.test", relay },
        monitoring: { targets: [{ name: `shell of ${answering.name}`, tcp: `${answering.address}:22` }] },
        hosts: {
            [watcher]: {
                address: host.address,
                ssh: { host: host.ssh.host, port: host.ssh.port, hostKey: await host.hostKey() },
                roles: ["monitoring"],
                monitoring: { interval: 5 },
            },
        },
    };
}

/** What the dashboard asks for who is up, as Prometheus is asked. */
const query = dashboardQuery("Up or down");

function dashboardQuery(title: string): { readonly title: string; readonly expr: string } {
    const [found] = rows.flatMap(({ panels }) => panels).filter((panel) => panel.title === title)[0]?.queries ?? [];
    if (!found) throw new Error(`the dashboard has no panel "${title}"`);
    return { title: `the dashboard's "${title}"`, expr: filledIn(found, { job: "node", rate: "1m" }) };
}

async function shows(host: LabNode, isSo: (seen: Record<string, number>) => boolean): Promise<boolean> {
    const seen = await until(() => ask(host, query.expr), isSo);
    console.log(`${query.expr}\n${JSON.stringify(seen)}`);
    return isSo(seen);
}
