import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import execa from "execa";
import { Mail, planMail } from "../../components/mail";
import { mailPasswordWarnings } from "../../config";
import { formatFault, parseFleet } from "../../components/fleet";
import { recordRegistrations, valueOf } from "../helpers/registrations";

function settingsOf(mail: unknown) {
    const { fleet, faults } = parseFleet(
        { domain: "example.test", mail, nodes: { pve01: { address: "192.0.2.11" } } },
        () => "",
    );
    expect(faults).toEqual([]);
    const { identity, host, mail: settings } = fleet!.nodes[0]!;
    return { host, node: identity, settings: settings! };
}
const planOf = (mail: unknown) => planMail(settingsOf(mail));
const relayOf = (mail: object) =>
    planOf({ to: "ops@example.test", ...mail })
        .files["/etc/msmtprc"]?.content?.split("\n")
        .slice(2, 8);

test("a relay that is no address is a fault beside all others", () => {
    const { faults } = parseFleet(
        { mail: { to: "root", relay: "smtp://x:99999" }, nodes: { pve01: { address: "192.0.2.11", maintenance: 1 } } },
        () => "",
    );
    expect(faults.map(({ path }) => path.join(".")).sort()).toEqual(["mail.relay", "nodes.pve01.maintenance"]);
});

describe("the plan", () => {
    test("without settings mail goes to root, by the node's own sendmail alone", () => {
        const { files, packages, activate } = planOf(undefined);
        expect(files["/etc/holdfast/mail.conf"]?.content?.split("\n").slice(1)).toEqual([
            "TO='root'",
            "FROM='holdfast@pve01.example.test'",
            "",
        ]);
        expect([files["/etc/msmtprc"], files["/etc/tmpfiles.d/holdfast-sendmail.conf"], packages, activate]).toEqual([
            { absent: true, yields: true },
            { absent: true },
            [],
            [],
        ]);
    });
    test("a relay brings msmtp, which is no MTA to apt, and a sendmail only where there is none", () => {
        const { files, packages } = planOf({ to: "ops@example.test", relay: "smtp://192.0.2.25:25" });
        expect(packages).toEqual(["msmtp", "ca-certificates"]);
        expect(files["/etc/tmpfiles.d/holdfast-sendmail.conf"]?.content).toContain(
            "\nL /usr/sbin/sendmail - - - - /usr/bin/msmtp\n",
        );
        expect(files["/etc/msmtprc"]?.mode).toBe("0600");
    });
    test("an administrator's own msmtprc is neither removed nor overwritten nor read, with a relay or without", () => {
        const relayed = planOf({ to: "ops@example.test", relay: "smtp://192.0.2.25" });
        expect([planOf(undefined), relayed].map(({ files }) => files["/etc/msmtprc"]?.yields)).toEqual([true, true]);
        expect(relayed.facts).toMatchObject({ relay: { probe: "mail-relay" } });
    });
    test("a relay is spoken to as its address says, and never gets a password in the clear", () => {
        const from = "from holdfast@pve01.example.test";
        expect(relayOf({ relay: "smtp://192.0.2.25" })).toEqual([
            "host 192.0.2.25",
            "port 25",
            from,
            "timeout 20",
            "tls off",
            "tls_starttls off",
        ]);
        expect(relayOf({ relay: "smtp://mail.example.test:587" })).toEqual([
            "host mail.example.test",
            "port 587",
            from,
            "timeout 20",
            "tls on",
            "tls_starttls on",
        ]);
        expect(relayOf({ relay: "smtp://mail.example.test:25", user: "pve" })?.slice(4)).toEqual([
            "tls on",
            "tls_starttls on",
        ]);
        expect(relayOf({ relay: "smtps://[2001:db8::25]", from: "x@example.test" })).toEqual([
            "host 2001:db8::25",
            "port 465",
            "from x@example.test",
            "timeout 20",
            "tls on",
            "tls_starttls off",
        ]);
    });
    test("a test message is sent when the settings change, and its fate is reported", () => {
        expect(planOf(undefined)).toMatchObject({
            verify: [{ argv: ["/usr/local/lib/holdfast/mail", "--test"], timeout: 90 }],
            facts: { mail: { probe: "mail" } },
        });
    });
    test("a node that sends nothing gets no mail settings", () => {
        const off = { smartd: false, temperature: false, ipmievd: false };
        expect(
            parseFleet({ nodes: { pve01: { address: "192.0.2.11", ...off } } }, () => "").fleet?.nodes[0]?.mail,
        ).toBeUndefined();
    });
    test.each([
        [
            { to: "ops@example.test\nBcc: x@example.test" },
            'mail.to: expected one mail address or local user, without line breaks, got "ops@example.test\\nBcc: x@example.test"',
        ],
        [{ to: "ops@example.test", relay: "192.0.2.25" }, "mail.relay: expected smtp://HOST:PORT or smtps://HOST:PORT"],
        ...["smtp://x:99999", "smtp://[::::]:25", "smtp://x:0", "smtps://x:00000"].map((relay): [object, string] => [
            { to: "root", relay },
            "mail.relay: expected smtp://HOST:PORT or smtps://HOST:PORT, with a valid address and a port from 1 to 65535",
        ]),
        [{ to: "root", user: "pve" }, "mail.user: is for mail.relay, which is missing"],
        ...["smtp://256.1.1.1", "smtp://1.2.3:25", "smtp://0x7f", "smtp://010.0.0.1", "smtp://mx.1"].map(
            (relay): [object, string] => [
                { to: "ops@example.test", relay },
                "mail.relay: expected a name or a whole address as the relay's host",
            ],
        ),
        [
            { to: "root", relay: "smtp://mx" },
            'mail.to: expected an address with its domain, such as ops@example.test, got "root": at mail.relay it would be a user of the relay',
        ],
        [{ to: ["ops@example.test", "root"], relay: "smtp://mx" }, "mail.to[1]: expected an address with its domain"],
        [
            { to: "ops@example.test", from: "root", relay: "smtp://mx" },
            "mail.from: expected an address with its domain",
        ],
        [{ to: ["ops@example.test", "Ops@example.test"] }, "mail.to[1]: Ops@example.test is listed twice"],
        [{ to: "a..b@example.test" }, "mail.to: expected one mail address"],
        [{ to: "a.@example.test" }, "mail.to: expected one mail address"],
        [
            { to: "ops@example.test", relay: "smtp://mx:465" },
            'mail.relay: port 465 speaks TLS from the start: expected smtps://mx:465, got "smtp://mx:465"',
        ],
        ...[25, 587].map((port): [object, string] => [
            { to: "ops@example.test", relay: `smtps://mx:${port}` },
            `mail.relay: port ${port} speaks no TLS from the start: expected smtp://mx:${port} or smtps://mx:465`,
        ]),
        [{ to: [] }, "mail.to: expected a mail address, or a list of at least one, got an empty list"],
        [{ to: "ops@example.test", user: 'x"\ny' }, "mail.user: expected a user name at the relay"],
    ])("%j is refused", (mail, fault) => {
        expect(
            parseFleet({ mail, nodes: { pve01: { address: "192.0.2.11" } } }, () => "").faults.map(formatFault)[0],
        ).toContain(`holdfast:fleet.${fault}`);
    });
});

test.each([
    { to: "root" },
    { to: ["a.b+c@example.test", "root"], from: "root" },
    { to: "ops@localhost", relay: "smtp://localhost:2525" },
    { to: "ops@example.test", relay: "smtps://mx" },
    { to: "ops@example.test", relay: "smtps://mx:2465" },
    { to: "ops@example.test", relay: "smtp://[2001:db8::1]:587" },
    { to: "ops@example.test", relay: "smtp://1.2.3.example" },
])("%j is accepted", (mail) => {
    expect(parseFleet({ mail, nodes: { pve01: { address: "192.0.2.11" } } }, () => "").faults).toEqual([]);
});

test("a user without the password, and a password without a user, are said", () => {
    const fleetOf = (mail: object) =>
        parseFleet({ mail: { to: "ops@example.test", ...mail }, nodes: { pve01: { address: "192.0.2.11" } } }, () => "")
            .fleet!;
    const [plain, login] = [fleetOf({ relay: "smtp://mx" }), fleetOf({ relay: "smtp://mx", user: "pve" })];
    expect(mailPasswordWarnings(login, false)).toEqual([
        expect.stringContaining("pulumi config set --secret holdfast:mailPassword"),
    ]);
    expect(mailPasswordWarnings(plain, true)).toEqual([expect.stringContaining("holdfast:mailPassword: not used")]);
    expect([mailPasswordWarnings(login, true), mailPasswordWarnings(plain, false)]).toEqual([[], []]);
});

test("the relay's password is a secret of its own, and reaches the file as it is", async () => {
    const { registered } = recordRegistrations();
    const args = settingsOf({ to: "ops@example.test", relay: "smtps://mail.example.test", user: "pve" });
    const made = new Mail("pve01-mail", { ...args, password: pulumi.secret("hunter 2$'") });
    await valueOf(made.fileSet.observed);
    // Mocks hand a nested secret out around the whole property; on the wire it is around the content alone.
    const { [secretSignature]: signature, value } = Object(
        registered.find(({ type }) => type === "holdfast:host:FileSet")?.inputs.files,
    );
    expect(signature).toBeDefined();
    expect(value["/etc/msmtprc"]).toEqual({
        yields: true,
        mode: "0600",
        content: expect.stringContaining('\nauth on\nuser pve\npassword "hunter 2$\'"\n'),
    });
});

/** Of Pulumi's special values on the wire. */
const secretSignature = "4dabf18193072939515e22adb298388d";

describe("the node's mail program", () => {
    let folder: string;
    beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "holdfast-mail-"))));
    afterEach(() => rm(folder, { recursive: true, force: true }));

    async function mail(
        argument: string,
        sendmail: string,
        body = "It is hot.\n",
    ): Promise<{ sent: string; exitCode: number; state: string; said: string }> {
        const { files } = planOf({ to: ["ops@example.test", "root"], from: "holdfast@example.test" });
        await writeFile(join(folder, "mail"), files["/usr/local/lib/holdfast/mail"]!.content!, { mode: 0o755 });
        await writeFile(join(folder, "conf"), files["/etc/holdfast/mail.conf"]!.content!);
        for (const [name, script] of [
            ["sendmail", sendmail],
            ["logger", "true"],
            ["uname", "echo pve01"],
        ] as const) {
            await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
            await chmod(join(folder, name), 0o755);
        }
        if (argument !== "--fate") await rm(join(folder, "sent"), { force: true });
        const { exitCode, stdout } = await execa(join(folder, "mail"), [argument], {
            // Only a mail is read: what is written to a program that has ended by then would fail, and take its output
            // along.
            ...(argument.startsWith("--") ? { stdin: "ignore" as const } : { input: body }),
            reject: false,
            extendEnv: false,
            env: {
                PATH: `${folder}:/usr/bin:/bin`,
                HOLDFAST_MAIL_CONF: join(folder, "conf"),
                HOLDFAST_STATE: join(folder, "state"),
                HOLDFAST_POSTFIX: join(folder, "spool"),
            },
        });
        return {
            exitCode,
            said: stdout,
            sent: await readFile(join(folder, "sent"), "utf8").catch(() => ""),
            state: (await readFile(join(folder, "state", "mail"), "utf8").catch(() => "")).split("\n")[0]!,
        };
    }
    const accept = () => `{ echo "$*"; cat; } >>"${folder}/sent"`;
    const refuse = "echo 'cannot connect to 192.0.2.25, port 25: Connection refused' >&2; exit 75";

    test("names the node in the subject, and passes the addresses as arguments", async () => {
        const { sent, exitCode, state } = await mail("disk failing", accept());
        expect({ exitCode, state }).toEqual({ exitCode: 0, state: "accepted" });
        expect(sent.split("\n")).toEqual([
            "-i -f holdfast@example.test -- ops@example.test root",
            "Subject: [pve01] disk failing",
            "From: Holdfast on pve01 <holdfast@example.test>",
            expect.stringMatching(/^Message-ID: <holdfast\.\d+\.\d+@example\.test>$/),
            "To: ops@example.test, root",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=UTF-8",
            "Content-Transfer-Encoding: 8bit",
            "",
            "It is hot.",
            "",
        ]);
    });
    test("a subject with a line break starts no header, and one beyond ASCII is encoded", async () => {
        expect((await mail("hot\nBcc: x@example.test", accept())).sent).toContain(
            "\nSubject: [pve01] hot Bcc: x@example.test\n",
        );
        const [, encoded = ""] = /\nSubject: =\?UTF-8\?B\?(\S+)\?=\n/.exec((await mail("75 °C", accept())).sent) ?? [];
        expect(Buffer.from(encoded, "base64").toString()).toBe("[pve01] 75 °C");
    });
    test("what cannot be delivered is an error to whoever sends, and noted", async () => {
        expect(await mail("disk failing", refuse)).toEqual({
            sent: "",
            exitCode: 1,
            said: "",
            state: "undeliverable: cannot connect to 192.0.2.25, port 25: Connection refused",
        });
    });
    // What postfix itself shows is in tests/lab/postfix.test.ts; here is what takes it long, or days.
    describe("with postfix", () => {
        const sleeps = () =>
            readFile(join(folder, "slept"), "utf8").then(
                (text) => text.split("\n").length - 1,
                () => 0,
            );
        /** `log`: postfix's, in which Q1 is our message. */
        async function fateWith(log: string, argument: "--test" | "--fate") {
            await mkdir(join(folder, "spool"), { recursive: true });
            await writeFile(join(folder, "log"), log);
            const journalctl = `id=$(sed -n 's/^Message-ID: //p' "${folder}/sent"); sed "s/@ID@/$id/" "${folder}/log"`;
            for (const [name, script] of [
                ["journalctl", journalctl],
                ["sleep", `echo "$1" >>"${folder}/slept"`],
            ] as const) {
                await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
                await chmod(join(folder, name), 0o755);
            }
            return mail(argument, accept());
        }
        const ours = "Q1: message-id=@ID@\n";
        const to = (queue: string, address: string, status: string) =>
            `${queue}: to=<${address}>, relay=none, delay=0.1, delays=0.1/0/0/0, dsn=5.1.1, status=${status}\n`;
        const refusal = "bounced (host mx said: 550 5.1.1 no such user)";

        test("one of two recipients within 20 seconds is not delivered yet, and somebody else's bounce is not ours", async () => {
            const { state, exitCode } = await fateWith(
                `${ours}${to("Q1", "ops@example.test", "sent (250 ok)")}Q9: message-id=<x@y>\n${to("Q9", "ops@example.test", refusal)}`,
                "--test",
            );
            expect({ state, exitCode, slept: await sleeps() }).toEqual({ state: "accepted", exitCode: 0, slept: 20 });
        });
        test("what was put off and is in the log no more was accepted, what was refused stays so", async () => {
            expect(
                (await fateWith(ours + to("Q1", "ops@example.test", "deferred (connection timed out)"), "--test"))
                    .state,
            ).toContain("status=deferred (connection timed out)");
            expect((await fateWith("", "--fate")).said).toBe("accepted");
            expect((await fateWith(ours + to("Q1", "ops@example.test", refusal), "--test")).state).toContain(refusal);
            expect((await fateWith("", "--fate")).said).toBe(
                `undeliverable: to=<ops@example.test>, relay=none, dsn=5.1.1, status=${refusal}`,
            );
            expect(await sleeps()).toBe(0);
        });
    });
    test("before the first mail there is no fate", async () => {
        expect(await mail("--fate", accept())).toMatchObject({ said: "not tried", state: "" });
    });
    test("the test message is sent once for each setting, and its failure is none of the push", async () => {
        expect(await mail("--test", refuse)).toMatchObject({
            exitCode: 0,
            state: expect.stringMatching(/^undeliverable: /) as string,
        });
        expect((await mail("--test", accept())).sent).toContain("Subject: [pve01] Holdfast test message\n");
        expect((await mail("--test", accept())).sent).toBe("");
    });
});
