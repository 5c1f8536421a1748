/** Where a file comes from, by dpkg's and Holdfast's own records and by what installers begin with. */
import { createHash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { python, scratch } from "./python";

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => ({ folder, remove } = await scratch()));
afterEach(() => remove());

const digest = (algorithm: string, text: string) => createHash(algorithm).update(text).digest("hex");

/** `path` below the test's folder; the records name it in full. */
async function originOf(
    path: string,
    content: string,
    records: Readonly<Record<string, string>> = {},
): Promise<unknown> {
    const whole = join(folder, path);
    await mkdir(dirname(whole), { recursive: true });
    await writeFile(whole, content);
    for (const [name, text] of Object.entries(records)) await writeFile(join(folder, name), text);
    return ask(whole);
}

async function ask(path: string): Promise<unknown> {
    const script = `
from engine import files
from look import origin
folder = given["folder"]
files.WRITTEN, origin.RESCUE_KEYS = folder + "/written.json", folder + "/authorized_keys2"
origin.DPKG_STATUS, origin.UCF_HASHES, origin.DPKG_SUMS = folder + "/status", folder + "/ucf", folder + "/*.md5sums"
answer = origin.origins([given["path"]])`;
    return (await python<Record<string, unknown>>(script, { folder, path }))[path];
}

const text = "DEVICESCAN -a\n";
const md5 = digest("md5", text);

test("a package's configuration file is known by dpkg's own record, and an edited one is not", async () => {
    const status = `Package: smartmontools\nConffiles:\n /etc/other ${md5}\n PATH ${md5}\n`;
    const records = { status: status.replace("PATH", join(folder, "smartd.conf")) };
    expect(await originOf("smartd.conf", text, records)).toBe("package");
    expect(await originOf("smartd.conf", `${text}# mine\n`, records)).toBeUndefined();
    expect(await originOf("unlisted.conf", text, records)).toBeUndefined();
});

test("so are one that ucf keeps, and a package's file outside of /etc", async () => {
    expect(await originOf("ucf.conf", text, { ucf: `${md5}  ${join(folder, "ucf.conf")}\n` })).toBe("package");
    expect(await originOf("tool", text, { "p.md5sums": `${md5}  ${join(folder, "tool").slice(1)}\n` })).toBe("package");
});

test("the keys that earlier versions put there unasked are Holdfast's, and with anybody else's beside them they are not", async () => {
    expect(await originOf("authorized_keys2", "ssh-ed25519 AAAA holdfast\nssh-rsa BBBB holdfast\n")).toBe("holdfast");
    expect(await originOf("authorized_keys2", "ssh-ed25519 AAAA holdfast\nssh-rsa BBBB ops\n")).toBeUndefined();
    expect(await originOf("authorized_keys", "ssh-ed25519 AAAA holdfast\n")).toBeUndefined();
});

test("what Holdfast wrote is known by its digest; edited since, it is somebody's, whatever its header says", async () => {
    const own = "# Managed by Holdfast.\nx\n";
    const records = { "written.json": JSON.stringify({ [join(folder, "holdfast-a.conf")]: digest("sha256", own) }) };
    expect(await originOf("holdfast-a.conf", own, records)).toBe("holdfast");
    expect(await originOf("holdfast-a.conf", `${own}mine\n`, records)).toBeUndefined();
});

test("without a record, of an earlier version, Holdfast's own by name and header are Holdfast's", async () => {
    expect(await originOf("holdfast-b.timer", "# Managed by Holdfast.\n")).toBe("holdfast");
    expect(await originOf("holdfast-b.timer", "# mine\n")).toBeUndefined();
    expect(await originOf("hosts", "# Managed by Holdfast.\n")).toBeUndefined();
    expect(await originOf("holdfast-c.conf", "# Managed by Holdfast.\n", { "written.json": "no JSON" })).toBe(
        "holdfast",
    );
});

test("what is no plain file has no origin", async () => {
    await writeFile(join(folder, "real"), "# Managed by Holdfast.\n");
    await symlink("real", join(folder, "holdfast-link"));
    expect(await ask(join(folder, "holdfast-link"))).toBeUndefined();
    expect(await ask(join(folder, "holdfast-absent"))).toBeUndefined();
});

test.each<[string, string, boolean]>([
    [
        "/etc/hosts",
        "127.0.0.1 localhost\n127.0.1.1 pve01.example.test pve01\n\n::1 localhost ip6-localhost\nff02::1 ip6-allnodes\n",
        true,
    ],
    [
        "/etc/hosts",
        "127.0.0.1 localhost.localdomain localhost\n192.0.2.11 pve01.example.test pve01 pvelocalhost\n",
        true,
    ],
    ["/etc/hosts", "127.0.0.1 localhost\n192.0.2.99 nas # hotfix\n", false],
    ["/etc/hosts", "127.0.0.1 localhost\n192.0.2.12 pve012\n", false],
    ["/etc/fstab", "# UNCONFIGURED FSTAB FOR BASE SYSTEM\n", true],
    ["/etc/fstab", "UUID=1 / ext4 defaults 0 1\n", false],
    ["/etc/network/interfaces", "source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n", true],
    ["/etc/network/interfaces", "auto lo\niface lo inet loopback\niface ens3 inet dhcp\n", false],
    ["/etc/motd", "", false],
])("%s with %j is an installer's: %s", async (path, content, isStock) => {
    expect(
        await python("from look import origin\nanswer = origin.is_stock(given['path'], given['text'], 'pve01')", {
            path,
            text: content,
        }),
    ).toBe(isStock);
});

test("what a restore brought back is not noted as Holdfast's, nor what was removed", async () => {
    const script = `
from engine import durable, files
files.WRITTEN, files.ORIGINALS = given["folder"] + "/written.json", given["folder"] + "/originals.json"
files.REMOVED = given["folder"] + "/removed.json"
durable.replace = lambda path, data, *_: open(path, "wb").write(data)
durable.replace(files.ORIGINALS, files.json.dumps({"/etc/a": {"kind": "file", "sha256": durable.digest(b"before")}}).encode())
files.note_written({"/etc/a": {"content": "declared"}, "/etc/b": {"content": "b"}})
first = files.written()
files.note_written({"/etc/a": {"content": "before"}, "/etc/b": {"absent": True}})
answer = [first, files.written()]`;
    const [first, second] = await python<[object, object]>(script, { folder });
    expect(first).toEqual({ "/etc/a": digest("sha256", "declared"), "/etc/b": digest("sha256", "b") });
    expect(second).toEqual({});
});

test("what was taken away since the boot is no file that the node has booted without", async () => {
    const script = `
from concerns.bootReadiness.node import audit
from engine import durable, files
files.WRITTEN, files.ORIGINALS, files.REMOVED = (f"{given['folder']}/{name}.json" for name in ("written", "originals", "removed"))
durable.replace = lambda path, data, *_: open(path, "wb").write(data)
there, gone = given["folder"] + "/there", given["folder"] + "/gone"
open(there, "w").close()
audit.seconds_since_boot = lambda: -60
told = lambda: audit.booted_with(there, gone).text
before = told()
files.note_written({gone: {"absent": True}})
after = told()
files.note_written({there: {"content": ""}})
kept = sorted(files.removed_since_boot())
files.note_written({gone: {"content": ""}})
answer = [before, after, kept == [gone], sorted(files.removed_since_boot())]`;
    expect(await python(script, { folder })).toEqual([
        "booted",
        `has not booted since ${join(folder, "gone")} changed`,
        true,
        [],
    ]);
});
