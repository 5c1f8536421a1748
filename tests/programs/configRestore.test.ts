/** What a backup and a restore do where something goes wrong under their hands; the restore itself is tests/lab's. */
import { runPython } from "../helpers/programs";

const restore = (code: string, given: unknown = null) =>
    runPython("/usr/local/lib/holdfast/config-restore", `${sandbox}\n${code}`, given);
const backup = (code: string) => runPython("/usr/local/lib/holdfast/config-backup", `${sandbox}\n${code}`, null);

/** All that is Holdfast's and pmxcfs' lies below `root`, other programs are noted in `did` and end as `ends` has it. */
const sandbox = `
import errno, os, shutil, tempfile
root = tempfile.mkdtemp()
os.mkdir(root + "/lib")
KEPT, DATABASE = root + "/kept", root + "/lib/config.db"
OPEN = KEPT + "/open.json"
DATABASE_FILES = (DATABASE, DATABASE + "-wal", DATABASE + "-shm")
did, ends = [], {}
def run(argv, *rest, **more):
    did.append(" ".join(argv))
    return Outcome(next((code for start, code in ends.items() if did[-1].startswith(start)), 0), "")
def sleep(seconds): pass
def say(text): pass
def write_own(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").write(text)
def outcome(function, *args):
    try: return function(*args)
    except (NotDone, NoAnswer) as error: return str(error)
`;

describe("a database that cannot be replaced", () => {
    const begun = `
mounted = [False]
def is_pve_mounted(): return mounted[0]
def start_pmxcfs(): did.append("started")
def read_tree(copy): return {}
write_own(DATABASE, "mine")
write_own(root + "/copy", "backup")
`;
    const answer = `
said = outcome(restore_database, root + "/copy", root + "/view")
answer = [said, open(DATABASE).read(), did[-1], os.path.exists(OPEN)]`;

    test("a full disk, while the old one is kept: pmxcfs runs again, on what it had", async () => {
        const full = `
ends["pgrep"] = 1
really = write
def write(path, data, *more):
    if path.endswith("/config.db") and path.startswith(KEPT): raise OSError(errno.ENOSPC, "No space left on device", path)
    really(path, data, *more)`;
        expect(await restore(begun + full + answer)).toEqual([
            expect.stringMatching(/config\.db: No space left on device; what had been done was taken back$/),
            "mine",
            "started",
            false,
        ]);
    });

    test("a pmxcfs that not even SIGKILL ends keeps its own", async () => {
        expect(await restore(begun + answer)).toEqual([
            expect.stringMatching(/^pmxcfs: goes on after SIGKILL: .*; what had been done was taken back$/),
            "mine",
            "started",
            false,
        ]);
    });

    test("nor is one replaced that stays mounted", async () => {
        expect(await restore(`${begun}ends["pgrep"] = 1\nmounted[0] = True${answer}`)).toEqual([
            expect.stringMatching(/^\/etc\/pve: cannot be unmounted; what had been done was taken back$/),
            "mine",
            "started",
            false,
        ]);
    });
});

describe("a restore that is taken back", () => {
    const files = `
write_own(root + "/etc/one", "mine")
os.chmod(root + "/etc/one", 0o600)
below = root[1:] + "/etc/"
changes = [Change(below + "one", b"mine", b"backup"), Change(below + "two", None, b"backup")]
manifest = {"files": {each.path: {"mode": 0o644, "uid": os.geteuid(), "gid": os.getegid()} for each in changes}}
`;
    test("gives every file what stood there, its mode too; a service that was stopped runs again", async () => {
        const broken = `
ends["systemctl is-active --quiet pveproxy"] = 3
def refuse_other_content(wanted, view):
    did.append(oct(os.stat(root + "/etc/one").st_mode & 0o777) + open(root + "/etc/two").read())
    raise OSError(errno.EIO, "is not what it was", "/etc/two")
said = outcome(restore_files, changes, manifest, root + "/view")
answer = [said, did[-4:], open(root + "/etc/one").read(), oct(os.stat(root + "/etc/one").st_mode & 0o777), sorted(os.listdir(root + "/etc"))]`;
        expect(await restore(files + broken)).toEqual([
            "/etc/two: is not what it was; what had been done was taken back",
            ["0o644backup", "systemctl start pvedaemon", "systemctl start pvescheduler", "systemctl start pvestatd"],
            "mine",
            "0o600",
            ["one"],
        ]);
    });

    test("one that was killed: the services that it had stopped run again", async () => {
        const killed = `
class Killed(BaseException): pass
really = put
def put(*more): raise Killed
try: restore_files(changes, manifest, root + "/view")
except Killed: pass
put = really
left = did[-1]
answer = [left, undo_open(), did[-4:], os.path.exists(OPEN)]`;
        expect(await restore(files + killed)).toEqual([
            "systemctl stop pvedaemon",
            "what had been done was taken back",
            ["pvedaemon", "pveproxy", "pvescheduler", "pvestatd"].map((name) => `systemctl start ${name}`),
            false,
        ]);
    });

    test("what it kept lies there by its name", async () => {
        const done = `
kept = restore_files(changes, manifest, root + "/view")
answer = [open(kept + "/" + below + "one").read(), sorted(os.listdir(kept + "/" + below)), oct(os.stat(root + "/etc/two").st_mode & 0o777)]`;
        expect(await restore(files + done)).toEqual(["mine", ["one"], "0o644"]);
    });

    test("a note of it that is damaged is no end of a restore", async () => {
        expect(await restore(`write_own(OPEN, "{")\nanswer = [undo_open(), os.path.exists(OPEN)]`)).toEqual([
            expect.stringContaining("could NOT be taken back"),
            true,
        ]);
    });
});

test("what was replaced is kept for three months, and the last ten for good", async () => {
    const code = `
for number in range(13):
    write_own(f"{KEPT}/20260{1 + number // 10}{10 + number}-020000/config.db", "")
    if number < 12: os.utime(f"{KEPT}/20260{1 + number // 10}{10 + number}-020000", (0, 0))
names = sorted(os.listdir(KEPT))
prune()
answer = sorted(os.listdir(KEPT)) == names[3:]`;
    expect(await restore(code)).toBe(true);
});

describe("/etc/pve as it is now", () => {
    test("a part of it is not taken for all: what is missing there would be deleted by an undo", async () => {
        const code = `
ends["cp"] = 1
write_own(root + "/now/storage.cfg", "")
answer = [outcome(current_pve, root + "/now"), len(did)]`;
        expect(await restore(code)).toEqual(["not all of /etc/pve can be read: cp: exit status 1", 4]);
    });

    test.each([
        ["a member with quorum", '{"cluster": {"quorate": 1}}', 1, true],
        ["a member without", '{"cluster": {"quorate": 0}}', 0, false],
        ["no member", '{"nodename": "pve01"}', 0, false],
        ["nothing that can be read, and corosync has quorum", "", 0, true],
        ["nothing that can be read, and corosync has none", "{", 2, false],
    ])("%s", async (_, members, corosync, expected) => {
        const code = `ends["corosync-quorumtool"] = given[1]\nanswer = has_quorum(given[0])`;
        expect(await restore(code, [members, corosync])).toBe(expected);
    });

    test("a cluster whose files cannot be read here may have newer ones", async () => {
        const code = `
try: answer = refuse_newer(False, [], {"taken": 0})
except Refused as refused: answer = str(refused)`;
        expect(await restore(code)).toMatch(/^this node's cluster has quorum, and what it has cannot be read here/);
    });

    test("whether pmxcfs is mounted is asked of the kernel's list", async () => {
        const line = "36 25 0:45 / /etc/pve rw,nosuid,nodev,relatime shared:20 - fuse /dev/fuse rw";
        const code = `
MOUNTS = root + "/mountinfo"
def asked(text):
    write_own(MOUNTS, text)
    return is_pve_mounted()
answer = [asked(each) for each in given]`;
        expect(
            await restore(code, [line, line.replace("/etc/pve", "/srv"), line.replace("fuse ", "ext4 "), ""]),
        ).toEqual([true, false, false, false]);
    });
});

test("a file that vanishes during the backup is no failure of it", async () => {
    const code = `
for name in ("a", "b", "c"): write_own(f"{root}/etc/cron.d/{name}", name)
really = copy_file
def copy_file(path, target):
    for name in os.listdir(root + "/etc/cron.d"):
        if root + "/etc/cron.d/" + name != path: os.unlink(root + "/etc/cron.d/" + name)
    really(path, target)
collect_etc(root + "/into", root + "/etc", ["cron.d", "gone"])
answer = len(os.listdir(root + "/into/cron.d"))`;
    expect(await backup(code)).toBe(1);
    const gone = `
write_own(root + "/etc/a", "a")
def copy_file(path, target):
    os.unlink(path)
    raise FileNotFoundError(errno.ENOENT, "gone", path)
collect_etc(root + "/into", root + "/etc", ["a"])
answer = os.path.exists(root + "/into")`;
    expect(await backup(gone)).toBe(false);
});

test("what opens a repository is restic's alone: this program's own environment stays what it is", async () => {
    const code = `
def run(argv, timeout, stdin=None, with_errors=False, environment=None):
    did.append([environment["RESTIC_REPOSITORY"], "RESTIC_REPOSITORY" in os.environ])
    return Outcome(0, "[]")
access = Access("rest:https://192.0.2.60/pve/pve01", "/password", "", "", 22, ("us er", "w:rd"))
Repository(access, "", 60).snapshots()
answer = did`;
    expect(await backup(code)).toEqual([["rest:https://us%20er:w%3Ard@192.0.2.60/pve/pve01", false]]);
});
