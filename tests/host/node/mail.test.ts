import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { python, scratch } from "./python";

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => ({ folder, remove } = await scratch()));
afterEach(() => remove());

describe("whether mail leaves through the stack's relay", () => {
    const relay = () => python<string>("import watch\nanswer = watch.mail_relay(given + '/msmtprc', given + '/sendmail')", folder);

    test("it does where the node had no mail of its own", async () => {
        await writeFile(join(folder, "msmtp"), "");
        await symlink("msmtp", join(folder, "sendmail"));
        await writeFile(join(folder, "msmtprc"), "# Managed by Holdfast: mail\n");
        expect(await relay()).toBe("used");
    });
    test("a sendmail of the node's own has precedence", async () => {
        await writeFile(join(folder, "sendmail"), "");
        expect(await relay()).toBe(`not used: this node has a sendmail of its own, ${folder}/sendmail`);
    });
    test("so has an administrator's msmtprc", async () => {
        await writeFile(join(folder, "msmtprc"), "account default\n");
        expect(await relay()).toContain("msmtprc is somebody else's and stays; move it away to use the relay");
    });
});

test("only a mail of Holdfast's own in postfix's queue reads as undeliverable", async () => {
    const fate = () => python<string>("import watch\nanswer = watch.mail(given + '/deferred', given + '/mail.conf')", folder);
    await mkdir(join(folder, "deferred/3"), { recursive: true });
    await writeFile(join(folder, "mail.conf"), "# Managed by Holdfast\nTO='root'\nFROM='holdfast@example.test'\n");
    const queue = (name: string, sender: string) => writeFile(join(folder, "deferred/3", name), Buffer.concat([Buffer.from("C  450  223\0T\x11176"), Buffer.from(`S${String.fromCharCode(sender.length)}${sender}`), Buffer.from([0xff, 0])]));
    await queue("Q1", "www-data@example.test");
    expect(await fate()).not.toContain("undeliverable");
    await queue("Q2", "holdfast@example.test");
    expect(await fate()).toBe("undeliverable: mails of Holdfast wait in postfix's queue, see mailq");
});
