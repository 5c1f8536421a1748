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
def say(text): did.append("logger " + text)
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

    test("nor is one where nobody can say whether pmxcfs runs", async () => {
        expect(await restore(`${begun}ends["pgrep"] = 3${answer}`)).toEqual([
            expect.stringMatching(/^pmxcfs: whether it runs cannot be told: pgrep: exit status 3.*taken back$/),
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

    test("a pmxcfs that hangs keeps no other file from it, is tried again, and what stays is named", async () => {
        const hung = `
files = [{"path": below + name, "kept": False, "owner": None} for name in ("one", "two")]
write_own(root + "/etc/two", "")
pve = [{"path": "pve/" + name, "kept": False, "owner": None} for name in ("storage.cfg", "user.cfg", "jobs.cfg")]
write_own(OPEN, json.dumps({"folder": root + "/kept", "files": files + pve, "services": ["pvedaemon"]}))
silent = [given]
def run(argv, *rest, **more):
    did.append(" ".join(argv))
    if argv[-1].startswith("/etc/pve/") and silent[0]:
        silent[0] -= 1
        return Outcome(124, "")
    return Outcome(0, "")
said = undo_open()
asked = [line.rpartition("/")[2] for line in did if line.startswith("sh ") and "/etc/pve/" in line]
answer = [said, asked, os.listdir(root + "/etc"), os.path.exists(OPEN), did[-1]]`;
        expect(await restore(files + hung, 1)).toEqual([
            "what had been done was taken back",
            ["jobs.cfg", "jobs.cfg", "user.cfg", "storage.cfg"],
            [],
            false,
            "systemctl start pvedaemon",
        ]);
        const lasting = await restore(files + hung, 9);
        expect(lasting).toEqual([
            expect.stringMatching(
                /could NOT be taken back \(\/etc\/pve\/jobs\.cfg: pmxcfs did not answer within 30 s; \/etc\/pve\/user\.cfg: .*; \/etc\/pve\/storage\.cfg: /,
            ),
            ["jobs.cfg", "jobs.cfg", "jobs.cfg"],
            [],
            true,
            expect.stringMatching(/^logger .*could not be taken back/),
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

    test.each([
        ["none", null, 0, [], "none was left unfinished"],
        ["one", [], 0, [], "an earlier one was not finished: what had been done was taken back"],
        [
            "one that cannot be taken back, by mail too",
            [{ path: "pve/storage.cfg", kept: false, owner: null }],
            1,
            ["an interrupted restore could not be taken back"],
            "an earlier one was not finished: and it could NOT be taken back (/etc/pve/storage.cfg: exit status 1)",
        ],
    ])("a boot takes back what was left unfinished: %s", async (_, files, status, mails, words) => {
        const code = `
ends["sh"] = 1
mails = []
def send_mail(subject, *rest): mails.append(subject)
if given is not None: write_own(OPEN, json.dumps({"folder": root + "/kept", "files": given, "services": []}))
answer = [restore(parse(["--undo"])), mails, did[-1]]`;
        expect(await restore(code, files)).toEqual([
            status,
            mails,
            expect.stringMatching(new RegExp(`^logger restore: ${words.replace(/[()]/g, "\\$&")}`)),
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
ends[sys.executable] = 1
write_own(root + "/now/storage.cfg", "")
answer = [outcome(current_pve, root + "/now"), len(did)]`;
        expect(await restore(code)).toEqual(["not all of /etc/pve can be read: exit status 1", 4]);
    });

    test("what HA writes all the time is no part of it, nor what pmxcfs makes up; times are pmxcfs' own", async () => {
        const code = `
PVE = root + "/pve"
for name in ("storage.cfg", "ha/manager_status", "ha/resources.cfg", "nodes/pve01/lrm_status", "nodes/pve01/lrm_status.tmp.4711", ".members", ".clusterlog"):
    write_own(f"{PVE}/{name}", name)
os.symlink("nodes/pve01", PVE + "/local")
os.utime(PVE + "/storage.cfg", (1, 2))
import subprocess
def run(argv, *rest, **more):
    done = subprocess.run(argv, capture_output=True, text=True)
    return Outcome(done.returncode, done.stdout + done.stderr)
found = sorted(current_pve(root + "/now"))
answer = [found, sorted(os.listdir(root + "/now")), os.stat(root + "/now/storage.cfg").st_mtime, oct(os.stat(root + "/now").st_mode & 0o777)]`;
        expect(await restore(code)).toEqual([
            ["ha/resources.cfg", "storage.cfg"],
            [".members", "ha", "nodes", "storage.cfg"],
            2,
            "0o700",
        ]);
    });

    test("a file that vanishes under the second look is looked for again, and undoes no restore", async () => {
        const code = `
copies = []
def run(argv, *rest, **more):
    if argv[0] != sys.executable: return Outcome(0, "")
    copies.append(argv)
    write_own(f"{argv[-2]}/storage.cfg", "backup")
    return Outcome(1, "x.tmp.1: No such file or directory") if len(copies) == 1 else Outcome(0, "")
answer = [outcome(refuse_other_content, {"pve/storage.cfg": b"backup"}, root + "/view"), len(copies)]`;
        expect(await restore(code)).toEqual([null, 2]);
    });

    test.each([
        ["a member with quorum", '{"cluster": {"quorate": 1}}', 1, true],
        ["a member without", '{"cluster": {"quorate": 0}}', 0, false],
        ["no member", '{"nodename": "pve01"}', 0, false],
        ["nothing that can be read, and corosync has quorum", "", 0, true],
        ["nothing that can be read, and corosync has none", "{", 2, false],
        ["nothing that can be read, and corosync does not answer", "{", 124, true],
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
MOUNTINFO = root + "/mountinfo"
def asked(text):
    write_own(MOUNTINFO, text)
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

test("ssh's own words are heard where a backup is read back, too", async () => {
    const code = `
class Process:
    def __init__(self, argv, stdin, stdout, stderr, env):
        stderr.write(b"Fatal: unable to start the sftp session")
        self.stdout = io.BytesIO()
    def wait(self): return 1
    def kill(self): pass
import io
class subprocess: Popen, DEVNULL, PIPE = Process, None, None
def run(argv, *rest): return Outcome(255, "Host key verification failed.")
access = Access("sftp:keeper@192.0.2.60:/pve/pve01", "", "", "", 22, None)
try: Repository(access, "", 60).read("id", "/folder", lambda *each: None)
except ResticError as error: answer = error.code`;
    expect(await backup(code)).toBe("other host key");
});

describe("a backup with a file that its manifest does not know", () => {
    const whole = `
import json
folder = root + "/given"
write_own(folder + "/pve/storage.cfg", "")
manifest = {"version": 1, "node": "pve01", "taken": 1, "guests": {}, "storages": [], "keys": [], "files": describe_files(folder)}
write_own(folder + "/manifest.json", json.dumps(manifest))
write_own(folder + "/etc/more", "")
`;
    test("is refused before anything is touched", async () => {
        const code = `${whole}
try: answer = fetch(parse(["--from", folder]))[0]
except Refused as refused: answer = [str(refused), did]`;
        expect(await restore(code)).toEqual([
            "this backup is not what its manifest says: etc/more is in no manifest",
            [],
        ]);
    });
});

test("nothing is restored into a folder of somebody else, nor below one", async () => {
    const code = `
import os
asked = []
def tried(path):
    try: make_place(path)
    except Refused as refused: return str(refused).replace(root, "")
    return oct(os.stat(path).st_mode & 0o777)
def user_name(uid): return f"user{uid}"
def is_trusted(uid): return uid in (0, os.getuid())
os.mkdir(root + "/open"); os.chmod(root + "/open", 0o777)
os.mkdir(root + "/his"); os.mkdir(root + "/his/own")
really = os.fstat
folder = os.stat(root + "/his")
def fstat(fd):
    found = really(fd)
    return os.stat_result([*found[:4], 4711, *found[5:10]]) if (found.st_dev, found.st_ino) == (folder.st_dev, folder.st_ino) else found
os.fstat = fstat
answer = [tried(root + path) for path in ("/new/er", "/open/in", "/his", "/his/own", "/his/new", "/etc")]`;
    expect(await restore(code)).toEqual([
        "0o700",
        "/open everybody may write there: take that right away (chmod o-w)",
        ...Array<unknown>(3).fill(expect.stringMatching(/^\/his belongs to user4711, who could/)),
        "0o700",
    ]);
});
