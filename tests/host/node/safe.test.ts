/** Root writes only where every folder above is root's. Whoever runs the tests counts as root here. */
import { chmod, mkdir, readFile, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { letWrite } from "../../helpers/accessList";
import { python, scratch } from "./python";

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => ({ folder, remove } = await scratch()));
afterEach(() => remove());

const head = "import os\nfrom engine import safe\nmine = {'uid': os.geteuid(), 'gid': os.getegid()}\n";
/** What writing there says, and "written" where it does not complain. */
const write = (path: string, before = "") =>
    python<string>(
        `${head}${before}
try:
    safe.write(given, b"new", 0o640, **mine)
    answer = "written"
except OSError as error:
    answer = f"{error.filename}: {error.strerror}"`,
        path,
    );

test("a file is replaced whole, with its mode, and nothing is left beside it", async () => {
    await writeFile(join(folder, "file"), "old");
    expect(await write(join(folder, "file"))).toBe("written");
    expect(await readFile(join(folder, "file"), "utf8")).toBe("new");
    expect((await stat(join(folder, "file"))).mode & 0o777).toBe(0o640);
    expect(await readdir(folder)).toEqual(["file"]);
});

test("a link in the file's place is replaced, not followed", async () => {
    await writeFile(join(folder, "elsewhere"), "kept");
    await symlink("elsewhere", join(folder, "file"));
    expect(await write(join(folder, "file"))).toBe("written");
    expect(await readFile(join(folder, "elsewhere"), "utf8")).toBe("kept");
});

test("links of root's own on the way are followed, absolute, relative and upwards; a loop is not", async () => {
    await mkdir(join(folder, "real/deep"), { recursive: true });
    await symlink(join(folder, "real"), join(folder, "absolute"));
    await symlink("../real/../absolute/deep", join(folder, "real/up"));
    await symlink("loop", join(folder, "loop"));
    expect(await write(join(folder, "absolute/up/file"))).toBe("written");
    expect(await readFile(join(folder, "real/deep/file"), "utf8")).toBe("new");
    expect(await write(join(folder, "loop/file"))).toContain("Too many levels of symbolic links");
});

test.each([
    ["777", "everybody may write there: take that right away (chmod o-w)"],
    ["1777", "everybody may write there: nothing of root's is safe in it, choose another place"],
])("a folder of mode %s is no place for a file, and is named", async (mode, why) => {
    await mkdir(join(folder, "open"));
    await chmod(join(folder, "open"), parseInt(mode, 8));
    expect(await write(join(folder, "open/file"))).toBe(`${join(folder, "open")}: ${why}`);
    expect(await readdir(join(folder, "open"))).toEqual([]);
});

test("where everybody may write but to his own alone, a folder of root's is a place, and a link is not followed", async () => {
    await mkdir(join(folder, "shared/own"), { recursive: true });
    await symlink("own", join(folder, "shared/link"));
    await chmod(join(folder, "shared"), 0o1777);
    expect(await write(join(folder, "shared/own/file"))).toBe("written");
    expect(await write(join(folder, "shared/link/file"))).toMatch(
        /^\S+\/shared\/link: is a link in \S+\/shared, where/,
    );
});

test.each(["folder", "link"])("a %s of another user's on the way is named with him", async (what) => {
    await mkdir(join(folder, "real"));
    await symlink("real", join(folder, "link"));
    const said = await python<string>(
        `${head}
import stat
real = os.fstat, os.stat
def other(status, is_other):
    return os.stat_result([*status[:4], 34, *status[5:]]) if is_other else status
inode = os.lstat(given).st_ino
os.fstat = lambda fd: other(real[0](fd), real[0](fd).st_ino == inode)
os.stat = lambda *names, **options: other(real[1](*names, **options), real[1](*names, **options).st_ino == inode)
answer = safe.why_unsafe(given + "/not/there/file")`,
        join(folder, what === "link" ? "link" : "real"),
    );
    expect(said).toMatch(
        what === "link"
            ? /\/link is a link that belongs to \S+( 34)?: put/
            : /\/real belongs to \S+( 34)?, who could put/,
    );
});

test("a group that somebody is in may not write there, one that nobody is in may", async () => {
    await mkdir(join(folder, "group"));
    await chmod(join(folder, "group"), 0o775);
    expect(await write(join(folder, "group/file"), "safe.members_of = lambda gid: ['root']\n")).toBe("written");
    expect(await write(join(folder, "group/file"), "safe.members_of = lambda gid: ['alice']\n")).toContain(
        "alice may write there as its group",
    );
});

test("an access control list that lets somebody else write is found behind the group's rights", async () => {
    await mkdir(join(folder, "listed"));
    await letWrite(join(folder, "listed"), 65534);
    expect(await write(join(folder, "listed/file"))).toContain("others may write there by an access control list");
});

test("a folder that is exchanged for a link after it was found leads nowhere else", async () => {
    await mkdir(join(folder, "real"));
    await mkdir(join(folder, "trap"));
    await python(
        `${head}
with safe.parent(given + "/real/file") as (held, name):
    os.rename(given + "/real", given + "/moved")
    os.symlink("trap", given + "/real")
    safe.write_at(held, name, b"new", 0o600, **mine)
answer = None`,
        folder,
    );
    expect(await readdir(join(folder, "trap"))).toEqual([]);
    expect(await readdir(join(folder, "moved"))).toEqual(["file"]);
});

describe.each(["0o000", "0o022", "0o077"])("with umask %s", (umask) => {
    const modes = (...names: string[]) =>
        Promise.all(names.map(async (name) => ((await stat(join(folder, name))).mode & 0o777).toString(8)));

    test.each([0o755, 0o1777])(
        "Holdfast's own folders have their mode, whatever it was, and others keep theirs",
        async (before) => {
            await mkdir(join(folder, "run/holdfast"), { recursive: true });
            await chmod(join(folder, "run"), 0o711);
            await chmod(join(folder, "run/holdfast"), before);
            await python(
                `${head}os.umask(${umask})
safe.make_folder(given + "/run/holdfast/id")
safe.make_folder(given + "/lib/holdfast/version", 0o755)
answer = None`,
                folder,
            );
            expect(await modes("run", "run/holdfast", "run/holdfast/id")).toEqual(["711", "700", "700"]);
            expect(await modes("lib", "lib/holdfast", "lib/holdfast/version")).toEqual(["755", "755", "755"]);
        },
    );

    test("a lock or list of Holdfast's own is root's alone, whoever made it before, and is no link", async () => {
        await writeFile(join(folder, "before"), "kept ");
        await chmod(join(folder, "before"), 0o666);
        await symlink("before", join(folder, "link"));
        const refused = await python<string>(
            `${head}os.umask(${umask})
from engine import lock
for name in ("new", "before"):
    with lock.own_file(f"{given}/{name}") as file:
        file.write(b"added")
try:
    answer = lock.own_file(f"{given}/link").name
except OSError as error:
    answer = error.strerror`,
            folder,
        );
        expect(refused).toContain("Too many levels of symbolic links");
        expect(await modes("new", "before")).toEqual(["600", "600"]);
        expect(await readFile(join(folder, "before"), "utf8")).toBe("kept added");
    });
});
