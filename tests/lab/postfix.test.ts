/**
 * Mail where the node has postfix, as Proxmox nodes have: the real one, its queue and its log, and a relay that answers
 * as told.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parse, stringify } from "yaml";
import type { NodeClient } from "../../host/nodeClient";
import type { Lab, LabNode } from "../../lab";
import { writeLabStack } from "../../lab/stack";
import { nothingByDefault } from "../../components/table";
import { clientOf, noExtras } from "../helpers/crashNode";
import { openTestLab } from "../helpers/lab";
import { PulumiProject } from "../helpers/pulumiProject";

jest.setTimeout(120_000);

const program = "/usr/local/lib/holdfast/mail";
const waits = "undeliverable: mails of Holdfast wait in postfix's queue, see mailq";
let lab: Lab;
let node: LabNode;
let relay: LabNode;
let client: NodeClient;
let project: PulumiProject;

const shell = async (script: string, on = node) => (await on.exec(["sh", "-c", script])).stdout;
const relayUp = () =>
    shell(
        "systemd-run --quiet --collect --unit=smtp-sink python3 /tmp/smtpSink.py 2525 /tmp/mails && until ss --listening --no-header 'sport = 2525' | grep -q .; do sleep 0.05; done",
        relay,
    );
const relayDown = () => shell("systemctl stop smtp-sink", relay);
/**
 * Those that have reached the relay with that line of the header, quoted-printable undone where postfix has put it on.
 */
const arrived = (line: string) =>
    shell(
        `grep --files-with-matches --fixed-strings --line-regexp '${line}' /tmp/mails/* | xargs --no-run-if-empty cat | python3 -c 'import quopri, sys; sys.stdout.buffer.write(quopri.decodestring(sys.stdin.buffer.read()))'`,
        relay,
    );

/** As `pulumi up` and a drift run learn it. */
async function fact(): Promise<string> {
    const spec = { files: {}, packages: [], units: [], facts: { mail: { probe: "mail", args: [] } } };
    return (await client.inspect(node.name, spec, noExtras)).seen.facts.mail!.text;
}

/** postfix works on its own time. */
async function factIs(expected: unknown): Promise<void> {
    let told = await fact();
    for (let attempt = 0; attempt < 50 && !isLike(told, expected); attempt++) {
        await delay(100);
        told = await fact();
    }
    expect(told).toEqual(expected);
}

function isLike(told: string, expected: unknown): boolean {
    return typeof expected === "string"
        ? told === expected
        : (expected as { asymmetricMatch: (other: string) => boolean }).asymmetricMatch(told);
}

/** The node's mail program with settings of its own; `ops@example.test` without any. */
const send = (subject: string, settings = "") =>
    shell(
        `printf "TO=ops@example.test\\nFROM=holdfast@example.test\\n${settings}\\n" >/tmp/mail.conf; echo 'It is hot.' | HOLDFAST_MAIL_CONF=/tmp/mail.conf ${program} '${subject}'`,
    );
const isQueued = (sender: string) =>
    shell(
        `for i in $(seq 100); do ls -A /var/spool/postfix/deferred/* | grep -q '^[0-9A-F]*$' && mailq | grep -q ' ${sender}$' && exit; sleep 0.1; done; mailq; exit 1`,
    );

/** Proxmox' installer writes this one, but for the relayhost. */
const mainCf = (relayhost: string) => `
myhostname=${node.fqdn}

smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
biff = no
append_dot_mydomain = no
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
mydestination = $myhostname, localhost.$mydomain, localhost
relayhost = ${relayhost}
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
recipient_delimiter = +

compatibility_level = 3.6
`;

/**
 * From the image's .deb files. With its own configuration there already, and no start in between, it takes a third of
 * the time.
 */
const install = `
rm -rf /var/lib/holdfast/mail*; mkdir -p /etc/postfix; cat >/etc/postfix/main.cf; touch /etc/aliases
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
DEBIAN_FRONTEND=noninteractive dpkg --install --force-unsafe-io $(ls /usr/local/share/lab/packages/*.deb | grep -v /ifupdown_)
rm /usr/sbin/policy-rc.d; newaliases; systemctl start postfix`;

beforeAll(async () => {
    const whole = await openTestLab();
    [node, relay] = [whole.nodes[0]!, whole.nodes[1]!];
    lab = { ...whole, nodes: [node] };
    client = await clientOf(whole, node);
    const startRelay = async () => {
        await relay.exec(["sh", "-c", "cat >/tmp/smtpSink.py && rm -rf /tmp/mails"], {
            input: await readFile(join(__dirname, "../helpers/smtpSink.py"), "utf8"),
        });
        await relayUp();
    };
    const startPostfix = () => node.exec(["sh", "-ec", install], { input: mainCf(`[${relay.address}]:2525`) });
    const createStack = async () => {
        project = await PulumiProject.create(lab);
        await project.pulumi("stack", "init", "postfix");
    };
    await Promise.all([startRelay(), startPostfix(), createStack()]);
    const file = join(project.folder, "Pulumi.postfix.yaml");
    await writeLabStack(lab, file, { defaults: { ...nothingByDefault, logDigest: true } });
    const stack = parse(await readFile(file, "utf8")) as { config: { "holdfast:fleet": object } };
    Object.assign(stack.config["holdfast:fleet"], {
        mail: { to: "ops@example.test", from: "holdfast@example.test", relay: `smtp://${relay.address}:2525` },
    });
    await writeFile(file, stringify(stack)); // with the salt of `stack init`, which stays
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "postfix");
});
afterAll(async () => {
    client.end();
    await shell("systemctl stop smtp-sink", relay).catch(() => undefined);
    await shell(
        `systemctl disable --now holdfast-log-digest.timer; rm -rf /etc/systemd/system/holdfast-log-digest* /etc/holdfast/mail.conf /etc/tmpfiles.d/holdfast-sendmail.conf /etc/msmtprc ${program} /usr/local/lib/holdfast/log-digest /var/lib/holdfast /root/.forward /usr/local/bin/forward /tmp/mail.conf; systemctl stop postfix; dpkg --purge --force-unsafe-io postfix; rm -rf /etc/postfix /etc/aliases*; systemctl daemon-reload`,
    );
    await project.remove();
});
beforeEach(async () => {
    await shell("systemctl is-active smtp-sink", relay).catch(relayUp);
    await shell("postsuper -d ALL 2>/dev/null");
});

test("`up` sends its test message by the node's own postfix, knows that it was delivered, and takes nothing away", async () => {
    expect((await project.factsInState("postfix", node.name)).mail).toEqual({
        mail: "delivered",
        relay: "not used: this node has a sendmail of its own, /usr/sbin/sendmail",
    });
    expect(
        await shell(
            "dpkg-query -W -f '${db:Status-Status}' postfix; readlink -f /usr/sbin/sendmail; systemctl is-active postfix",
        ),
    ).toBe("installed/usr/sbin/sendmail\nactive");
    const mail = await arrived(`Subject: [${node.name}] Holdfast test message`);
    expect(mail).toMatch(/^MAIL FROM:<holdfast@example\.test>\nRCPT TO:<ops@example\.test>\n/);
    expect(mail).toContain(`Received: by ${node.fqdn} (Postfix, from userid 0)`);
});

test("with the relay down a mail waits, which is told; once it has got out, that is", async () => {
    await relayDown();
    await send("--test");
    expect(await shell("head -n 1 /var/lib/holdfast/mail")).toMatch(
        /^undeliverable: to=<ops@example\.test>, .*status=deferred \(connect to .*Connection refused\)/,
    );
    await isQueued("holdfast@example.test");
    expect(await fact()).toBe(waits);
    await relayUp();
    await shell("postqueue -f");
    await factIs("delivered");
});

test("a recipient whom the relay refuses is told, of a test message at once, of any other when it is looked at", async () => {
    const refused =
        /^undeliverable: to=<unknown@example\.test>, .*status=bounced \(host \S+ said: 550 5\.1\.1 no such user \(in reply to RCPT TO command\)\)$/;
    await send("--test", "TO=unknown@example.test");
    expect(await shell("head -n 1 /var/lib/holdfast/mail")).toMatch(refused);
    await send("hot", "TO='ops@example.test unknown@example.test'");
    await factIs(expect.stringMatching(refused));
    await send("hot again");
    await factIs("delivered");
});

test("what anybody else logs under postfix's name says nothing about a mail", async () => {
    await send("hot");
    await factIs("delivered");
    await shell(
        'read -r id _ <<E\n$(sed -n 2p /var/lib/holdfast/mail)\nE\nfor line in "message-id=<$id>" \'to=<ops@example.test>, relay=none, status=bounced (forged)\'; do runuser -u nobody -- logger -t postfix/smtp -p mail.info "FORGED: $line"; done; journalctl --sync; journalctl --quiet --since=-1min SYSLOG_FACILITY=2 | grep -q forged',
    );
    expect(await fact()).toBe("delivered");
});

test("other people's mail that waits, and a bounce of our own, blame nobody", async () => {
    // The second has our sender, as an address that is not Holdfast's alone.
    await shell(
        "for sender in www-data@example.test holdfast@example.test; do printf 'Subject: x\\n\\nx\\n' | sendmail -f $sender later@example.test; done",
    );
    await isQueued("www-data@example.test");
    await isQueued("holdfast@example.test");
    await send("hot", "TO=unknown@example.test\\nFROM=later@example.test");
    await isQueued("MAILER-DAEMON");
    await send("hot");
    await factIs("delivered");
});

test("a mail that nobody wants within the queue's time is told", async () => {
    await send("hot", "TO=later@example.test");
    await isQueued("holdfast@example.test");
    expect(await fact()).toBe(waits);
    await shell("postsuper -e ALL && postqueue -f");
    await factIs(
        expect.stringMatching(
            /^undeliverable: from=<holdfast@example\.test>, status=force-expired, returned to sender$/,
        ),
    );
});

test("what a command has sent on, as Proxmox does with root's mail, or an alias, is followed", async () => {
    // It calls sendmail with the message as it is, and a sender of its own.
    await shell(
        "printf '#!/bin/sh\\nexec /usr/sbin/sendmail -N never -f root@pve.example.test -- later@example.test\\n' >/usr/local/bin/forward && chmod 755 /usr/local/bin/forward && echo '|/usr/local/bin/forward' >/root/.forward",
    );
    await send(`hot ${"and hotter ".repeat(12)}`, "TO=root");
    await isQueued("root@pve.example.test");
    expect(await fact()).toBe(waits);
    await shell("sed -i s/later@/ops@/ /usr/local/bin/forward; postsuper -d ALL");
    await send("hot", "TO=root");
    await factIs("delivered");
    await shell("echo unknown@example.test >/root/.forward");
    await send("hot", "TO=root");
    await factIs(expect.stringMatching(/^undeliverable: to=<unknown@example\.test>, orig_to=<root>, .*status=bounced/));
    // Nobody knows what a command has done with it that has not called sendmail.
    await shell(
        "printf '#!/bin/sh\\ncat >/dev/null\\n' >/usr/local/bin/forward; echo '|/usr/local/bin/forward' >/root/.forward",
    );
    await send("hot", "TO=root");
    await shell(
        "until journalctl --quiet --since=-5s SYSLOG_FACILITY=2 | tail -n 3 | grep -q 'delivered to command'; do sleep 0.1; done",
    );
    expect(await fact()).toBe("accepted");
});

test("a mail that no running postfix has taken up, or that a relay keeps waiting, is told after its time", async () => {
    const impatient = async () =>
        (
            await node.exec([
                "python3",
                "-c",
                `
import glob, os, sys
sys.path.insert(0, max(glob.glob("/usr/local/lib/holdfast/" + 16 * "[0-9a-f]"), key=os.path.getmtime))
from concerns.mail.node import fate
fate.QUEUES = dict.fromkeys(fate.QUEUES, 0)
print(fate.mail())`,
            ])
        ).stdout;
    await shell("systemctl stop postfix");
    await send("hot");
    expect([await fact(), await impatient()]).toEqual(["accepted", waits]);
    await relayDown();
    await shell(
        "systemd-run --quiet --collect --unit=smtp-sink python3 -c 'import socket, time; server = socket.create_server((\"\", 2525)); time.sleep(60)'",
        relay,
    );
    await shell("systemctl start postfix; until mailq | grep -q '^[0-9A-F]*\\*'; do sleep 0.1; done");
    expect([await fact(), await impatient()]).toEqual(["accepted", waits]);
    await relayDown();
    await relayUp();
});

test("the digest gets out through postfix", async () => {
    await shell(
        "logger -t somebody -p user.err 'out of luck at 75 °C'; journalctl --sync; systemctl set-environment HOLDFAST_SINCE=today HOLDFAST_UNTIL=now; systemctl start holdfast-log-digest.service; systemctl unset-environment HOLDFAST_SINCE HOLDFAST_UNTIL",
    );
    await factIs("delivered");
    expect(
        await shell("cat /tmp/mails/* | grep -c '^Subject: .*log digest: [0-9]* kinds of errors and events$'", relay),
    ).toBe("1");
    expect(
        await shell(
            "cat /tmp/mails/* | python3 -c 'import quopri, sys; sys.stdout.buffer.write(quopri.decodestring(sys.stdin.buffer.read()))'",
            relay,
        ),
    ).toMatch(/^Errors\n[^]*somebody: out of luck at 75 °C$/m);
});

test("what became of mails since is no drift", async () => {
    await project.pulumi("refresh", "--preview-only", "--expect-no-changes", "--diff", "--stack", "postfix");
});
