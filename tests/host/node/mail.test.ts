import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { python, scratch } from "./python";

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => ({ folder, remove } = await scratch()));
afterEach(() => remove());

describe("whether mail leaves through the stack's relay", () => {
    const relay = () =>
        python<string>(
            "from concerns.mail.node import fate\nanswer = fate.mail_relay(given + '/msmtprc', given + '/sendmail')",
            folder,
        );

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

// What waits in a real queue is in tests/lab/postfix.test.ts.
describe("what became of the last mail", () => {
    const fate = () =>
        python<string | string[]>(
            "from concerns.mail.node import fate\nanswer = fate.mail(given + '/spool', given + '/mail')",
            folder,
        );

    test("is not known before the program is there, and is what it says then", async () => {
        expect(await fate()).toBe("not tried");
        await writeFile(join(folder, "mail"), '#!/bin/sh\n# --fate\necho "$1: delivered"\n', { mode: 0o755 });
        expect(await fate()).toBe("--fate: delivered");
    });
    test("is not asked of a program that does not know the question, and would mail it", async () => {
        await writeFile(join(folder, "mail"), `#!/bin/sh\ntouch ${folder}/mailed\n`, { mode: 0o755 });
        expect(await fate()).toBe("not tried");
        expect(await readdir(folder)).toEqual(["mail"]);
    });
    test("is unknown, with the reason, where the program cannot tell", async () => {
        await writeFile(join(folder, "mail"), "#!/bin/sh\n# --fate\necho out of order >&2; exit 3\n", { mode: 0o755 });
        expect(await fate()).toEqual(["unknown", "mail-does-not-say", "unknown: exit status 3: out of order", ""]);
    });
    test("is not told by what postqueue says of others, of mails that are young yet, or in lines that are cut off", async () => {
        await mkdir(join(folder, "spool"));
        const entry = (id: string, queue: string, seconds: number) =>
            JSON.stringify({ queue_name: queue, queue_id: id, arrival_time: Math.floor(Date.now() / 1000) - seconds });
        const listed = async (...lines: string[]) => {
            await writeFile(join(folder, "listed"), lines.join("\n"));
            return python<string>(
                `from engine import commands\nfrom concerns.mail.node import fate\nreal = commands.run
def run(argv, *rest, **options):
    if argv[0] == "postqueue":
        return real(["cat", given + "/listed"])
    if argv[0] == "postcat":
        return real(["printf", "Message-ID: <%s>\\n", "holdfast.1.2@x" if argv[-1] == "OURS" else "x@y"])
    return real(argv, *rest, **options)
commands.run = run
answer = fate.mail(given + "/spool", given + "/mail")`,
                folder,
            );
        };
        expect(await listed(entry("THEIRS", "deferred", 9), entry("OURS", "active", 9), '{"queue_na', "[]")).toBe(
            "not tried",
        );
        expect(await listed(entry("THEIRS", "deferred", 9), entry("OURS", "active", 90))).toContain(
            "wait in postfix's queue",
        );
    });
});
