"""Every step of a transaction, failed and killed: the moments are counted in a clean run, so a new step is covered by itself.

    python3 steps.py PROGRAM FOLDER < {kinds: {name: [plan, …]}, ways, stride}

`ways`: what is done at each moment; `stride`: the undoing is killed as well, at each of its own moments, at every so many of
the first. Runs as anybody: files are real and below FOLDER, systemd and apt are played by a table in a file there, which a power cut
leaves as it is on the disk and empties of what merely ran. Prints {report: {kind: {moments, faults}}, told: [every result that a
client could hear, one of a kind]}.
"""

import json
import os
import pwd
import grp
import shutil
import sys

program, root = sys.argv[1:3]
sys.path.insert(0, program)
from engine import batch, boot, change_steps, commands, durable, files, lock, packages, pending, recovery, results, runner, step  # noqa: E402
from look import observe  # noqa: E402
from network import reload as network_reload  # noqa: E402

owner = pwd.getpwuid(os.geteuid()).pw_name
group = grp.getgrgid(os.getegid()).gr_name


def place(folder):
    """All of Holdfast's own, below this folder."""
    durable.JOURNAL, durable.RUN, durable.RESULTS = (f"{folder}/{name}" for name in ("journal", "run", "results"))
    files.STATE, files.ORIGINALS = f"{folder}/state", f"{folder}/state/originals.json"
    lock.LOCK, lock.GATE, recovery.LOCK = f"{folder}/run/lock", f"{folder}/run/start", f"{folder}/run/lock"
    packages.HELD = f"{folder}/run/held-units"
    change_steps.SWITCH, change_steps.SERVER = f"{folder}/etc/switch", f"{folder}/run/switch.pid"
    played.path = f"{folder}/systemd.json"
    played.interfaces = f"{folder}/etc/changed"


class Played:
    """systemd, apt and dpkg: {enabled, active, masked, installed: [names], units: {name: package}}. And the network, which is a
    link with one address, by what the file `changed` says where it was brought up: {network: its content, timers: [names]}. A reload
    writes that into Open vSwitch's database too, which a boot does not."""

    path = interfaces = ""

    def read(self):
        with open(self.path, encoding="utf-8") as stream:
            return json.load(stream)

    def write(self, state):
        with open(f"{self.path}.new", "w", encoding="utf-8") as stream:
            json.dump(state, stream)
        os.rename(f"{self.path}.new", self.path)

    def reboot(self):
        self.write({**self.read(), "active": [], "loaded": "boot", "timers": []})

    def bring_up(self):
        self.write({**self.read(), "network": read(self.interfaces)})

    def run(self, argv, *_, **__):
        argv = list(argv)
        if argv[0] == "systemd-run" and any(word.startswith("--on-active") for word in argv):
            state = self.read()
            name = next(word for word in argv if word.startswith("--unit=")).removeprefix("--unit=")
            self.write({**state, "timers": [*state["timers"], f"{name}.timer"]})
            return outcome()
        if argv[0] == "ifreload":
            self.bring_up()
            with open(change_steps.SWITCH, "w", encoding="utf-8") as stream:
                stream.write(read(self.interfaces))
            return outcome()
        if argv[0] == "ip":
            return outcome(self.ip(argv[2:]))
        if argv[0] == "ifquery":
            return outcome(json.dumps([{"name": "vmbr0", "config": {"address": address_of(read(self.interfaces))}}]))
        if argv[0] == "ovs-vsctl":
            return outcome("not installed", 127)
        if argv[0] == "systemd-run":
            argv = argv[argv.index("--") + 1 :]
        if argv[0] == "systemctl":
            return self.systemctl(argv[1:])
        if argv[0] == "apt-get":
            return self.apt(argv)
        if argv[0] == "dpkg-query":
            state = self.read()
            return outcome("".join(f"{name} installed\n" for name in argv[argv.index("--") + 1 :] if name in state["installed"]))
        if argv[0] == "note":
            state = self.read()
            with open(argv[1], encoding="utf-8") as stream:
                self.write({**state, "noted": stream.read()})
        return outcome()

    def ip(self, words):
        if words != ["address", "show"]:
            return "[]"
        local, length = address_of(self.read()["network"]).split("/")
        info = [{"local": local, "prefixlen": int(length), "scope": "global"}]
        return json.dumps([{"ifname": "vmbr0", "flags": ["UP", "LOWER_UP"], "addr_info": info}])

    def apt(self, argv):
        if "install" in argv and "-s" not in argv:
            state = self.read()
            for name in argv[argv.index("--") + 1 :]:
                state["installed"].append(name)
                for unit in (unit for unit, package in state["units"].items() if package == name):
                    state["enabled"].append(unit)
                    if unit not in state["masked"]:
                        state["active"].append(unit)
                        state["open"] = True
            self.write(state)
        return outcome()

    def systemctl(self, argv):
        verb, *words = argv
        names = words[words.index("--") + 1 :] if "--" in words else [word for word in words if not word.startswith("-")]
        state = self.read()
        if verb == "daemon-reload":
            self.write({**state, "loaded": "now"})
        elif verb in ("mask", "unmask"):
            change(state, "masked", verb == "mask", names)
            self.write(state)
        elif verb in ("enable", "disable"):
            change(state, "enabled", verb == "enable", names)
            self.write(state)
        elif verb == "stop" and names[0].endswith(".timer"):
            self.write({**state, "timers": [each for each in state["timers"] if each not in names]})
        elif verb == "is-active" and names[0].endswith(".timer"):
            return outcome("", 0 if names[0] in state["timers"] else 3)
        elif verb in ("start", "stop"):
            change(state, "active", verb == "start", names)
            self.write(state)
        elif verb == "is-active":
            return outcome("inactive", 3)
        elif verb == "show" and "--value" in words:
            return outcome("loaded" if state["units"].get(names[0]) in (None, *state["installed"]) else "not-found")
        elif verb == "show":
            return outcome("\n\n".join(self.show(name, state) for name in names))
        return outcome()

    def show(self, name, state):
        enabled, active = name in state["enabled"], name in state["active"]
        return f"Id={name}\nLoadState=loaded\nActiveState={'active' if active else 'inactive'}\nUnitFileState={'enabled' if enabled else 'disabled'}"


def address_of(content):
    return "192.0.2.11/24" if content == "old" else "192.0.2.12/24"


def outcome(output="", code=0):
    return commands.Outcome(code, output, "")


def change(state, key, on, names):
    state[key] = sorted({*state[key], *names} if on else set(state[key]) - set(names))


played = Played()
commands.run = played.run
network_reload.is_possible = lambda: True
network_reload.AGAIN = network_reload.SETTLE = network_reload.PUT_BACK = 0


TOLD = f"{root}/told"
write_result = results.write


def write_told(path, identifier, result):
    with open(TOLD, "a", encoding="utf-8") as stream:
        stream.write(f"{json.dumps({**result, 'id': identifier})}\n")
    write_result(path, identifier, result)


results.write = write_told


def told():
    """By outcome, phase and codes: of those that are alike the first."""
    found = {}
    for line in read(TOLD).splitlines():
        result = json.loads(line)
        undone = result.get("undone", {})
        kind = [result.get(key) for key in ("outcome", "phase", "code")] + [undone.get("state")] + [each["code"] for each in undone.get("verdicts", [])]
        found.setdefault(str(kind), result)
    return list(found.values())


def lay_out(folder):
    for name in ("journal", "run", "results", "state", "state/backups", "etc"):
        os.makedirs(f"{folder}/{name}")
    etc = f"{folder}/etc"
    for name, content, mode in (("changed", "old", 0o644), ("removed", "old", 0o640), ("mode", "same", 0o600), ("switch", "old", 0o640)):
        with open(f"{etc}/{name}", "w", encoding="utf-8") as stream:
            stream.write(content)
        os.chmod(f"{etc}/{name}", mode)
    with open(f"{folder}/systemd.json", "w", encoding="utf-8") as stream:
        units = {"new.service": None, "goes.service": None, "brought.service": "package"}
        json.dump({"enabled": ["goes.service"], "active": ["goes.service"], "masked": [], "installed": [], "units": units, "loaded": "before", "network": "old", "timers": []}, stream)


def tree(folder):
    """What is on the node: files with mode and content, and nothing of Holdfast's between them."""
    found = {}
    for parent, _, names in os.walk(f"{folder}/etc"):
        found[os.path.relpath(parent, folder)] = "folder"
        for name in names:
            path = os.path.join(parent, name)
            with open(path, encoding="utf-8") as stream:
                found[os.path.relpath(path, folder)] = [oct(os.lstat(path).st_mode), stream.read()]
    return found


def units(folder):
    with open(f"{folder}/systemd.json", encoding="utf-8") as stream:
        state = json.load(stream)
    return {key: state[key] for key in ("enabled", "active", "masked")}


def plans_for(kind, folder):
    plans = []
    for number, plan in enumerate(kind):
        wanted = {}
        for name, file in plan.get("files", {}).items():
            path = f"{folder}/etc/{name}"
            wanted[path] = {"mode": "0644", "owner": owner, "group": group, **file, "was": observe.identity(observe.observe_file(path))}
        commands_of = {key: [{**command, "argv": [word.replace("@", f"{folder}/etc") for word in command["argv"]]} for command in plan.get(key, [])] for key in ("validate", "activate", "verify")}
        plans.append({"packages": [], "units": {}, **plan, **commands_of, "id": f"{number:016x}", "client": "test", "files": wanted})
    return plans


def begin(kind, folder):
    place(folder)
    plans = plans_for(kind, folder)
    for plan in plans:
        os.makedirs(f"{durable.RUN}/{plan['id']}")
        with open(f"{durable.RUN}/{plan['id']}/plan.json", "w", encoding="utf-8") as stream:
            json.dump(plan, stream)
    return [plan["id"] for plan in plans]


def apart(act):
    """In a process of its own, so that a kill is one. Returns its exit status."""
    child = os.fork()
    if child == 0:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")
        try:
            act()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Injected(Exception):
    pass


def inject(at, way):
    count = 0

    def reach(moment):
        nonlocal count
        count += 1
        if count - 1 != at:
            return
        if way == "failure":
            raise Injected(moment)
        if way == "end":
            step.is_ending = True
        else:
            os._exit(137)

    for module in list(sys.modules.values()):
        if getattr(module, "reach", None) is real_reach:
            module.reach = reach


real_reach = step.reach


def moments(kind, folder):
    """Of a clean run, in their order."""
    lay_out(folder)
    ids = begin(kind, folder)
    path = f"{folder}/moments"

    def act():
        def reach(moment):
            with open(path, "a", encoding="utf-8") as stream:
                stream.write(f"{moment}\n")

        for module in list(sys.modules.values()):
            if getattr(module, "reach", None) is real_reach:
                module.reach = reach
        if not batch.run(ids):
            os._exit(3)
        confirm(kind, ids)

    status = apart(act)
    with open(path, encoding="utf-8") as stream:
        return status, stream.read().splitlines()


TOKEN = "the client's"


def confirm(kind, ids):
    """As the client does, once the new network stands."""
    for plan, identifier in zip(kind, ids):
        if "confirm" in plan:
            pending.confirm(identifier, TOKEN, lambda *_: None)


def expire(kind, ids):
    """The timer's turn, where nobody has stopped it."""
    for plan, identifier in zip(kind, ids):
        if "confirm" in plan and f"holdfast-revert-{identifier}.timer" in played.read()["timers"]:
            pending.expire(identifier, lambda *_: None)
            played.write({**played.read(), "timers": []})


def recover(is_boot):
    if is_boot:
        boot.main()
    else:
        with lock.locked("test", lambda *_: None):
            recovery.recover(lambda *_: None)


def after(kind, ids, is_boot):
    """As runner.after, the boot unit, and the timer of the revert."""
    if is_boot:
        played.reboot()
        shutil.rmtree(durable.RUN)
        os.mkdir(durable.RUN)
        status = apart(lambda: recover(True))
        played.bring_up()
    else:
        unit = "test.service"
        runner.append(unit, ids)
        status = apart(lambda: runner.after(unit)) or apart(lambda: expire(kind, ids))
    return status


def is_told(result):
    """Of what had to be confirmed: in the typed words, where anything had been done."""
    if result["outcome"] == "unknown" or result.get("undone", {}).get("state") == "nothing":
        return True
    return result.get("change", {}).get("outcome") == ("confirmed" if result["outcome"] == "applied" else "reverted")


def try_one(kind, at, way, old, new, folder):
    """Returns what is wrong."""
    lay_out(folder)
    ids = begin(kind, folder)
    before = units(folder)

    def act():
        inject(at, way)
        if batch.run(ids):
            confirm(kind, ids)

    status = 137 if apart(act) else 0  # a failure where none is foreseen ends the program, too
    is_boot = way.startswith("power")
    if way.endswith("twice"):  # the undoing is killed as well, somewhere
        for second in range(200):
            keep = f"{folder}-{second}"
            shutil.copytree(folder, keep, symlinks=True)
            # The copies stand under other paths: it is the original that is recovered, and put back for the next.
            def undo(second=second):
                inject(second, "kill")
                if is_boot:
                    boot.main()
                else:
                    recover(False)
            if is_boot:
                played.reboot()
            done = apart(undo)
            wrong = finish(kind, ids, is_boot, status, old, new, before, folder)
            shutil.rmtree(folder)
            os.rename(keep, folder)
            if wrong:
                return f"undoing killed at moment {second}: {wrong}"
            if done == 0:
                return None
        return "undoing never ends"
    return finish(kind, ids, is_boot, status, old, new, before, folder)


def finish(kind, ids, is_boot, status, old, new, before, folder):
    if status == 137 and after(kind, ids, is_boot):
        return "recovery failed"
    told = [results.load(f"{durable.RESULTS}/{identifier}.json") or {"outcome": "unknown"} for identifier in ids]
    outcomes = {each["outcome"] for each in told}
    if not outcomes <= {"applied", "failed", "unknown"}:
        return f"told {told}"
    if any(each["outcome"] == "failed" and not (each.get("code") and each["undone"]["state"] in ("nothing", "complete")) for each in told):
        return f"told without a code, or incomplete: {told}"
    if outcomes == {"unknown"} and tree(folder) == new[0]:
        return None if is_boot else "nobody is told"  # the power went between the end of the journal and the result
    if outcomes == {"applied"}:
        wanted, states = new
    elif outcomes in ({"failed"}, {"unknown"}):
        wanted, states = old, {**before, "enabled": list(before["enabled"])}
    else:
        wanted = states = None  # each is whole by itself; which is which is the crash images' matter
    if wanted is not None and tree(folder) != wanted:
        return f"told {sorted(outcomes)}, and stands: {difference(wanted, tree(folder))}"
    now = units(folder)
    if states is not None:
        if is_boot and status == 137:
            now, states = {**now, "active": []}, {**states, "active": []}
            if any("hold" in read(f"{folder}/journal/{name}/journal.json") for name in os.listdir(f"{folder}/journal") if not name.startswith(".")):
                now["masked"] = states["masked"]  # until dpkg is done
                now["enabled"] = [name for name in now["enabled"] if name in states["enabled"]]
        if now != states:
            return f"told {sorted(outcomes)}, and of units: {now} instead of {states}"
    if json.loads(read(f"{folder}/systemd.json")).get("open"):
        return "a service that must not run unfiltered was started"
    state = json.loads(read(f"{folder}/systemd.json"))
    is_other = address_of(state["network"]) != address_of(read(f"{folder}/etc/changed"))
    if state["timers"] or (is_other and any("confirm" in plan for plan in kind)):
        return f"told {sorted(outcomes)}, and of the network: {state['network']}, timers {state['timers']}, the file is {read(f'{folder}/etc/changed')}"
    if any("confirm" in plan and not is_told(each) for plan, each in zip(kind, told)):
        return f"told {told}"
    left = [name for name in os.listdir(f"{folder}/journal") if not (is_boot and name.startswith("packages-"))]
    if left:
        return f"left in the journal: {left}"
    apart(lambda: recover(False))
    again = list(os.listdir(f"{folder}/journal"))
    if again or units(folder)["masked"]:
        return f"after the next push: {again}, {units(folder)}"
    return None


def read(path):
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""


def difference(wanted, found):
    return {path: [wanted.get(path), found.get(path)] for path in {*wanted, *found} if wanted.get(path) != found.get(path)}


def campaign(kinds, ways, stride):
    report = {}
    for name, kind in kinds.items():
        folder = f"{root}/{name}"
        status, names = moments(kind, folder)
        new = tree(folder), units(folder)
        shutil.rmtree(folder)
        lay_out(folder)
        old = tree(folder)
        shutil.rmtree(folder)
        faults = [] if status == 0 else [f"a clean run ends with {status}"]
        for at in range(len(names)):
            for way in ways:
                if way.endswith("twice") and at % stride != stride - 1:
                    continue
                wrong = try_one(kind, at, way, old, new, folder)
                shutil.rmtree(folder)
                if wrong:
                    faults.append(f"{way} at {at} ({names[at]}): {wrong}")
        report[name] = {"moments": names, "faults": faults}
    return report


if __name__ == "__main__":
    given = json.load(sys.stdin)
    report = campaign(given["kinds"], given["ways"], given["stride"])
    print(json.dumps({"report": report, "told": told()}))
