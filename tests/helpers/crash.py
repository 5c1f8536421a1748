"""Crash images: the node's own program on an ext4 file system, its image cloned at every call that changes the disk.

    unshare --mount --pid --fork --kill-child --mount-proc python3 crash.py campaign < [program, scenario, modes, rounds, interrupted]

Prints a JSON report. Everything (a tmpfs, an XFS whose clones are atomic, the ext4 image on it) lives in that mount
namespace and is gone with it, however the run ends. Three disks after the cut are made of each moment:
`asked`, with what the program has synced so far and as little else as possible; `flushed`, where the kernel happened to
have written everything; and `random`, cloned from outside while the program runs undisturbed. An image of the instant
before a transaction's outcome is told is named for it: what the client hears has to be true after the cut as well.
"""

import concurrent.futures
import ctypes
import fcntl
import filecmp
import json
import os
import random
import re
import runpy
import shutil
import stat
import subprocess
import sys
import time

FICLONE = 0x40049409  # linux/fs.h
MS_BIND = 4096
libc = ctypes.CDLL(None, use_errno=True)
# ext4's own care for programs that never sync is switched off: other file systems have none.
EXT4 = "loop,noauto_da_alloc,user_xattr"
TOLD = re.compile(r"-(applied|failed|stuck)-(\w+)\.img$")
MOVES = ("open", "write", "fchown", "fchmod", "setxattr", "mkdir", "rmdir", "link", "unlink", "rename", "fsync")


def mount(source, target, kind=None, flags=0):
    if libc.mount(source.encode(), target.encode(), kind and kind.encode(), flags, None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {source} {target}")


def clone(image, target):
    """Atomic on XFS: what a power cut at this instant would leave."""
    with open(image, "rb") as source, open(target, "xb") as copy:
        fcntl.ioctl(copy, FICLONE, source.fileno())


class Moments:
    """Calls `act(number)` before every call that changes a disk; /run is memory and does not count."""

    def __init__(self, act):
        self.count = 0
        for name in MOVES:
            self.wrap(name, getattr(os, name), act)

    def wrap(self, name, call, act):
        def moment(*args, **options):
            first = args[0] if args else None
            changes = name != "open" or args[1] & os.O_CREAT
            if changes and not (isinstance(first, str) and first.startswith(("/run", "/dev", "/tmp"))):
                act(self.count)
                self.count += 1
            return call(*args, **options)

        setattr(os, name, moment)


def camera(mode, image, folder):
    """The hooks and what they call must not meet: the camera uses none of the calls that are watched."""
    real_open = open

    def shoot(number, told=""):
        if mode == "flushed":
            with real_open("/etc/passwd", "rb") as stream:
                libc.syncfs(stream.fileno())
        clone(image, f"{folder}/{mode}-{number:04d}{told}.img")

    return shoot


def enter(disk):
    """/etc, the state and the program of this namespace are the disk's own."""
    for path in ("/etc", "/var/lib/holdfast", "/usr/local"):
        os.makedirs(path, exist_ok=True)
        mount(disk + path, path, flags=MS_BIND)
    mount("none", "/run", "tmpfs")
    os.makedirs("/usr/local/sbin", exist_ok=True)
    mount("none", "/usr/local/sbin", "tmpfs")  # first in the program's own PATH
    with open("/usr/local/sbin/systemctl", "w", encoding="utf-8") as fake:
        fake.write('#!/bin/sh\necho "$@" >> /run/systemctl\n')
    os.chmod("/usr/local/sbin/systemctl", 0o755)


def run_program(action):
    try:
        action()
    except SystemExit as ended:
        return ended.code
    return 0


def transact(disk, program, plans, mode, image, folder):
    """The node's program, as its service runs it. Returns the results."""
    enter(disk)
    sys.path.insert(0, program)
    from engine import batch, durable, results

    for plan in plans:
        os.makedirs(f"{durable.RUN}/{plan['id']}")
        with open(f"{durable.RUN}/{plan['id']}/plan.json", "w", encoding="utf-8") as stream:
            json.dump(plan, stream)
    if mode != "random":
        shoot = camera(mode, image, folder)
        moments = Moments(shoot)
        keep_result = results.tell

        def told(identifier, result):
            shoot(moments.count, f"-{result['outcome']}-{identifier}")
            keep_result(identifier, result)

        results.tell = told
    batch.run([plan["id"] for plan in plans])
    return [json.loads(slurp(f"{durable.RUN}/{plan['id']}/result.json")) for plan in plans]


def install(disk, program):
    """What a first session does, and a look at every file the plan names."""
    enter(disk)
    sys.path.insert(0, program)
    from engine import install as installer

    modules = {}
    for folder, _, names in os.walk(program):
        for path in (os.path.join(folder, name) for name in names if name.endswith(".py")):
            with open(path, encoding="utf-8") as stream:
                modules[os.path.relpath(path, program)] = (stream.read(), None)
    installer.ensure("test", modules)


def identities(disk, program, paths):
    enter(disk)
    sys.path.insert(0, program)
    from look import observe

    return {path: observe.identity(observe.observe_file(path)) for path in paths}


def boot(image, mode, folder, kill_at):
    """Mounts the image as the disk after the cut, runs the boot unit's program, twice, and tells what stands there."""
    disk = "/mnt"
    subprocess.run(["mount", "-o", EXT4, image, disk], check=True)
    enter(disk)
    names = os.listdir("/etc/holdfast/journal")
    if kill_at is not None:
        Moments(lambda number: os._exit(137) if number == kill_at else None)
    elif mode:
        Moments(camera(mode, image, folder))
    sys.argv = ["/etc/holdfast/recover.py"]
    code = run_program(lambda: runpy.run_path("/etc/holdfast/recover.py", run_name="__main__"))
    once = tree("/etc")
    reloads = slurp("/run/systemctl").count(b"daemon-reload")
    again = run_program(lambda: runpy.run_path("/etc/holdfast/recover.py", run_name="__main__"))
    return {
        "journal": names, "code": code or again or 0, "tree": once, "idempotent": tree("/etc") == once,
        "litter": os.listdir("/etc/holdfast/journal"), "reloads": reloads,
    }


def slurp(path):
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return b""


def tree(root):
    """{path: [kind, mode, uid, gid, xattrs, content]} of everything but Holdfast's own folder."""
    found = {}
    for folder, folders, names in os.walk(root):
        if "holdfast" in folders:
            folders.remove("holdfast")
        for name in names + folders:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            attributes = {key: os.getxattr(path, key).hex() for key in sorted(os.listxattr(path, follow_symlinks=False))}
            content = slurp(path).hex() if stat.S_ISREG(status.st_mode) else ""
            found[path] = [stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, attributes, content]
    return found


def apart(verb, *arguments):
    """One of the functions above in a mount namespace of its own."""
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, os.path.abspath(__file__), verb],
        input=json.dumps(arguments).encode(), capture_output=True, check=False, timeout=120,
    )
    if done.returncode == 137:
        return None
    if done.returncode != 0:
        raise RuntimeError(f"{verb}: {done.stderr.decode()[-3000:]}")
    return json.loads(done.stdout)


class Campaign:
    def __init__(self, program, scenario):
        self.program, self.scenario = program, scenario
        self.work = "/tmp/holdfast-crash"
        os.makedirs(self.work, exist_ok=True)
        mount("none", self.work, "tmpfs")
        with open(f"{self.work}/xfs.img", "wb") as stream:
            stream.truncate(2 << 30)
        subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", f"{self.work}/xfs.img"], check=True)
        self.images = f"{self.work}/images"
        os.mkdir(self.images)
        subprocess.run(["mount", "-o", "loop", f"{self.work}/xfs.img", self.images], check=True)
        shutil.copytree(program, f"{self.work}/program")
        self.pristine = f"{self.images}/pristine.img"
        self.make_pristine()

    def make_pristine(self):
        seed = f"{self.work}/seed"
        for path in ("etc/systemd/system", "var/lib/holdfast", "usr/local/lib"):
            os.makedirs(f"{seed}/{path}")
        base = {"/etc/passwd": {"content": "root:x:0:0::/root:/bin/sh\n"}, "/etc/group": {"content": "root:x:0:\n"}, "/etc/nsswitch.conf": {"content": "passwd: files\ngroup: files\n"}}
        for path, file in {**base, **self.scenario["before"]}.items():
            with open(seed + path, "w", encoding="utf-8") as stream:
                stream.write(file["content"])
            os.chmod(seed + path, int(file.get("mode", "0644"), 8))
            os.chown(seed + path, file.get("uid", 0), file.get("gid", 0))
        with open(self.pristine, "wb") as stream:
            stream.truncate(12 << 20)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", seed, self.pristine], check=True)
        with self.disk(self.pristine) as disk:
            for path, file in self.scenario["before"].items():
                for key, value in file.get("xattrs", {}).items():
                    os.setxattr(disk + path, key, value.encode())
            apart("install", disk, f"{self.work}/program")
            self.was = apart("identities", disk, f"{self.work}/program", [path for plan in self.scenario["plans"] for path in plan["files"]])
        self.old = apart("boot", self.pristine, None, None, None)["tree"]

    def disk(self, image):
        return Disk(image, f"{self.work}/disk")

    def plans(self):
        return [
            {**plan, "id": f"{number:016x}", "client": "test", "files": {path: {**file, "was": self.was[path]} for path, file in plan["files"].items()}}
            for number, plan in enumerate(self.scenario["plans"])
        ]

    def shoot(self, mode, number):
        """Whole transactions, in one batch; returns their images and the disk as it is after a clean end."""
        folder = f"{self.images}/{mode}-{number}"
        os.mkdir(folder)
        live = f"{folder}/live.img"
        clone(self.pristine, live)
        with self.disk(live) as disk:
            if mode == "random":
                result = self.shoot_at_random(disk, live, folder)
            else:
                result = apart("transact", disk, f"{self.work}/program", self.plans(), mode, live, folder)
            clone(live, f"{folder}/{mode}-last.img")
        os.rename(live, f"{folder}/end.img")
        return distinct(folder), result

    def shoot_at_random(self, disk, live, folder):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            running = pool.submit(apart, "transact", disk, f"{self.work}/program", self.plans(), "random", live, folder)
            number = 0
            while not running.done() and number < 40:
                time.sleep(random.uniform(0, 0.012))
                clone(live, f"{folder}/random-{number:04d}.img")
                number += 1
            return running.result()

    def judge(self, report, new, image):
        clone(image, f"{image}-judged")
        seen = apart("boot", f"{image}-judged", None, None, None)
        os.unlink(f"{image}-judged")
        report["images"] += 1
        name = "/".join(image.split("/")[-2:])
        state = self.state_of(seen["tree"], new)
        report[state] += 1
        is_open = any(not each.startswith(".") for each in seen["journal"])
        report["open"] += is_open
        if state == "mixture":
            report["faults"].append(f"{name}: {difference(self.old, new, seen['tree'])}")
        told = TOLD.search(name)
        if told and not self.is_true(told[1], told[2], seen["tree"], new):
            report["broken"] += 1
            report["faults"].append(f"{name}: told as {told[1]}, and after the cut: {difference(self.old, new, seen['tree'])}")
        if seen["code"]:
            report["faults"].append(f"{name}: recovery ended with {seen['code']}")
        if not seen["idempotent"]:
            report["faults"].append(f"{name}: a second recovery changed something")
        if seen["litter"]:
            report["faults"].append(f"{name}: left in the journal: {seen['litter']}")
        if is_open and not seen["reloads"]:
            report["faults"].append(f"{name}: no daemon-reload after an undone transaction")
        return is_open

    def state_of(self, tree, new):
        """`between`: each transaction is whole, some are old and some new. A folder belongs to those that put a file
        into it."""
        if tree in (self.old, new):
            return "old" if tree == self.old else "new"
        changed = {path for path in {*self.old, *new, *tree} if not self.old.get(path) == new.get(path) == tree.get(path)}
        for plan in self.scenario["plans"]:
            own = {path for path in changed if any(f"{file}/".startswith(f"{path}/") for file in plan["files"])}
            if not any(all(tree.get(path) == end.get(path) for path in own) for end in (self.old, new)):
                return "mixture"
            changed -= own
        return "mixture" if changed else "between"

    def is_true(self, outcome, identifier, tree, new):
        """Whether the files of a transaction whose outcome has been told are as that outcome says."""
        told = new if outcome == "applied" else self.old
        plan = next(plan for plan in self.plans() if plan["id"] == identifier)
        return all(tree.get(path) == told.get(path) for path in plan["files"])

    def run(self, modes, rounds, interrupted):
        report = {"images": 0, "old": 0, "new": 0, "between": 0, "mixture": 0, "broken": 0, "open": 0, "interrupted": 0, "faults": []}
        open_images = []
        new = None
        for number in range(rounds):
            for mode in modes:
                images, result = self.shoot(mode, number)
                report["results"] = result
                new = new or self.tree_of(f"{self.images}/{mode}-{number}/end.img")
                with concurrent.futures.ThreadPoolExecutor(2) as pool:
                    opened = list(pool.map(lambda image, new=new: self.judge(report, new, image), images))
                open_images += [image for image, is_open in zip(images, opened) if is_open]
                for image in images:
                    if image not in open_images:
                        os.unlink(image)
        report["after"] = new
        for image in random.sample(open_images, min(interrupted, len(open_images))):
            self.interrupt(report, new, image)
        return report

    def tree_of(self, image):
        clone(image, f"{image}-looked")
        return apart("boot", f"{image}-looked", None, None, None)["tree"]

    def interrupt(self, report, new, image):
        """Recovery cut by the power at each of its own steps, and killed at each of them: the next one ends it."""
        folder = f"{image}-again"
        for mode in ("asked", "flushed"):
            os.mkdir(folder)
            copy = f"{folder}/live.img"
            clone(image, copy)
            apart("boot", copy, mode, folder, None)
            for cut in distinct(folder):
                self.judge(report, new, cut)
                report["interrupted"] += 1
            shutil.rmtree(folder)
        for step in range(200):
            copy = f"{image}-killed"
            clone(image, copy)
            ended = apart("boot", copy, None, None, step)
            if ended is None:
                self.judge(report, new, copy)
                report["interrupted"] += 1
            os.unlink(copy)
            if ended is not None:
                return


def distinct(folder):
    """The images there without those that are byte for byte the one before: a call that changed nothing on the disk."""
    kept = []
    for name in sorted(os.listdir(folder)):
        image = f"{folder}/{name}"
        if kept and not TOLD.search(kept[-1]) and filecmp.cmp(kept[-1], image, shallow=False):
            os.unlink(kept.pop())
        kept.append(image)
    return kept


class Disk:
    def __init__(self, image, path):
        self.image, self.path = image, path

    def __enter__(self):
        os.makedirs(self.path, exist_ok=True)
        subprocess.run(["mount", "-o", EXT4, self.image, self.path], check=True)
        return self.path

    def __exit__(self, *_):
        subprocess.run(["umount", self.path], check=True)


def difference(old, new, seen):
    parts = []
    for path in sorted({*old, *new, *seen}):
        states = [name for name, expected in (("old", old), ("new", new)) if expected.get(path) == seen.get(path)]
        if old.get(path) != new.get(path) or not states:
            parts.append(f"{path} {' and '.join(states) or 'is ' + str(seen.get(path))[:120]}")
    return "; ".join(parts)


def campaign(program, scenario, modes, rounds, interrupted):
    return Campaign(program, scenario).run(modes, rounds, interrupted)


if __name__ == "__main__":
    verbs = {"install": install, "identities": identities, "transact": transact, "boot": boot, "campaign": campaign}
    answers, sys.stdout = sys.stdout, sys.stderr  # the program says its progress on stdout
    json.dump(verbs[sys.argv[1]](*json.load(sys.stdin)), answers)
