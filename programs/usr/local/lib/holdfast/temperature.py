#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. The temperature watchdog: reads the sensors that can be trusted, mails at the warning limit and
when it clears, and at the critical limit schedules a shutdown, which it cancels when the machine cools.

  temperature                    one run, as the timer starts it
  temperature --rehearse FOLDER  the same with readings from FOLDER (class/hwmon and class/thermal as in /sys, or
                                 sensors.json as `sensors -j` prints it; or one such folder for each sample: 1, 2, …).
                                 Prints what it would do; what it would remember is kept in FOLDER/state.
"""

import os
import sys
import time

from shared.files import forget, hold, read_settings, read_text, store, try_to_store
from shared.levels import Limits, Memory, Verdict, evaluate
from shared.metrics import METRICS, gauge, single, write_metrics
from shared.processes import log, run, say, send_mail
from shared.sensors import Sample, Sensors
from shared.shutdown import Scheduled, read_scheduled

SAMPLES = 5  # of which a reading needs three that are plausible
PAUSE = 2  # seconds between them
DELAY = 6  # minutes: one run of the timer comes before it is over
# One word without blanks, which systemd may write as \x20: its message tells whose a scheduled shutdown is.
MARK = "holdfast-temperature"
SYS = "/sys"


class Watchdog:
    """One run. At worst 22 seconds of reading, 5 for shutdown and 30 for the mail: less than the unit's
    TimeoutStartSec.

    `levels`: lines `LEVEL TAB SENSOR` of each that is not normal, 1 warning, 2 critical. `known`: `SENSOR TAB AGE`, see
    Memory. `owed`: why a shutdown that is due was not scheduled; the next run tries again.
    """

    def __init__(self, rehearsal: str | None) -> None:
        self.rehearsal = rehearsal
        self.run = f"{rehearsal}/state" if rehearsal else "/run/holdfast/temperature"
        self.metrics = f"{rehearsal}/state" if rehearsal else METRICS
        self.scheduled = f"{rehearsal}/state/shutdown" if rehearsal else "/run/systemd/shutdown/scheduled"
        self.levels, self.owed = f"{self.run}/levels", f"{self.run}/owed"
        self.known = (f"{rehearsal}/state" if rehearsal else "/var/lib/holdfast") + "/temperature.sensors"
        settings = read_settings(os.environ.get("HOLDFAST_TEMPERATURE_CONF", "/etc/holdfast/temperature.conf"))
        self.limits = Limits(number(settings, "WARNING", 75) * 1000, number(settings, "CRITICAL", 90) * 1000)
        self.may_power_off = settings.get("ACTION") == "shutdown"
        self.unwanted = {name for name in settings.get("IGNORE", "").split(";") if name}
        self.outcome = ""
        self.complaint = ""
        self.events: list[str] = []

    def watch(self) -> None:
        is_alone, _ = hold(f"{self.run}/lock")
        if not is_alone:
            self.say("temperature: the run before this one has not ended: nothing was read")
            return
        verdict = self.look()
        found = ", ".join(f"{key} {celsius:.0f} °C" for key, celsius in verdict.celsius.items()) or "nothing read"
        notes = [
            ("implausible and ignored", verdict.implausible),
            ("no answer from", verdict.hung),
            ("missing", verdict.silent),
        ]
        self.say(
            "; ".join([f"temperature: {verdict.state}", found, *(f"{what}: {which}" for what, which in notes if which)])
        )
        if not verdict.celsius:
            ignored = f"; the stack ignores {verdict.ignored}" if verdict.ignored else ""
            self.say(f"temperature: no trustworthy sensor on this machine: it is not watched{ignored}")
        self.events = verdict.events
        self.act(verdict)  # before anything is mailed: a mail may take its time
        unstored = self.remember(verdict)
        write_metrics("holdfast_temperature.prom", metrics_of(verdict), self.metrics)
        self.report(verdict, unstored)

    def look(self) -> Verdict:
        """Only what looks wrong is worth a second look: the clock of a processor boosts it over any limit for a
        moment."""
        past = self.recall()
        sensors = Sensors(self.rehearsal or SYS, self.rehearsal is not None)
        samples: list[Sample] = [sensors.sample(1)]
        verdict = evaluate(samples, self.limits, self.unwanted, past)
        if verdict.state in ("warning", "critical") or verdict.implausible:
            for count in range(2, SAMPLES + 1):
                time.sleep(0 if self.rehearsal else PAUSE)
                samples.append(sensors.sample(count))
            verdict = evaluate(samples, self.limits, self.unwanted, past)
        return verdict

    def recall(self) -> Memory:
        levels = {line[2:]: int(line[0]) for line in read_text(self.levels).splitlines() if line[:1].isdigit()}
        roster = (line.rpartition("\t") for line in read_text(self.known).splitlines())
        return Memory(levels, {key: int(age) for key, _, age in roster if age.lstrip("-").isdigit()})

    def remember(self, verdict: Verdict) -> str:
        """What cannot be stored."""
        levels, roster = verdict.memory
        texts = {
            self.levels: "".join(f"{level}\t{key}\n" for key, level in levels.items()),
            f"{self.run}/level": f"{verdict.state}\n",
            self.known: "".join(f"{key}\t{age}\n" for key, age in roster.items()),
        }
        unstored = " ".join(path for path, text in texts.items() if not try_to_store(path, text))
        if unstored:
            self.say(f"temperature: state cannot be stored: {unstored}: what is mailed now may be mailed again")
        return unstored

    def act(self, verdict: Verdict) -> None:
        if verdict.state == "critical" and self.may_power_off:
            if verdict.alarmed or os.path.exists(self.owed):
                self.power_off(verdict)
            return
        forget(self.owed)
        is_silent = verdict.state == "blind" and verdict.silent
        if not is_silent and self.is_ours():
            self.cancel(verdict)

    def power_off(self, verdict: Verdict) -> None:
        said, is_due = read_text(self.owed), False
        other = None if self.is_ours() else self.find_other()
        warning = f"{MARK}: critical: {verdict.hottest}. Cancel with: shutdown -c"
        if self.is_ours():
            self.outcome = "the shutdown is scheduled already"
        elif other and -60 < other.left <= DELAY * 60:
            self.outcome, is_due = f"left to {worded(other)}", True
        elif (
            self.order(f"schedule a shutdown in {DELAY} minutes", ["shutdown", "-h", f"+{DELAY}", warning])
            and self.is_ours()
        ):
            self.outcome = f"shutting down in {DELAY} minutes" + (f" instead of {worded(other)}" if other else "")
        else:
            self.outcome, is_due = (
                "but no shutdown could be scheduled" + (f": {self.complaint}" if self.complaint else ""),
                True,
            )
        if is_due:
            try_to_store(self.owed, self.outcome)
        else:
            forget(self.owed)
        if not verdict.alarmed and self.outcome != said:  # a second try is news where it ends otherwise
            self.events = [f"temperature critical: {verdict.hottest}", *self.events]

    def cancel(self, verdict: Verdict) -> None:
        if not self.order("cancel the shutdown", ["shutdown", "-c"]):
            self.outcome = "but the shutdown could not be cancelled" + (f": {self.complaint}" if self.complaint else "")
        self.events = self.events or [f"temperature below critical again: {verdict.hottest}"]

    def is_ours(self) -> bool:
        return any(line.startswith(f"WALL_MESSAGE={MARK}:") for line in read_text(self.scheduled).splitlines())

    def find_other(self) -> Scheduled | None:
        other = read_scheduled(self.scheduled)
        return other if other and other.mode in ("poweroff", "halt", "reboot", "kexec") else None

    def order(self, what: str, command: list[str]) -> bool:
        """Does it, or says what it would do. The command's words are its complaint."""
        if self.rehearsal:
            print(f"would {what}")
            if what.startswith("schedule"):
                store(self.scheduled, f"WALL_MESSAGE={MARK}:\n")
            else:
                forget(self.scheduled)
            return True
        self.say(what)
        done = run(command, 5, with_errors=True)
        self.complaint = " ".join(done.output.split())
        return done.code == 0

    def report(self, verdict: Verdict, unstored: str) -> None:
        """One mail for all that is new, so that a dead relay is waited for once."""
        if not self.events:
            return
        lines = [", ".join([self.events[0], *([self.outcome] if self.outcome else [])]), *self.events[1:]]
        subject = lines[0] + (" (and more)" if len(lines) > 1 else "")
        for line in lines:
            self.say(line)
        if self.rehearsal:
            print(f"would mail: {subject}")
            return
        readings = "".join(f"  {key} {celsius:.0f} °C\n" for key, celsius in verdict.celsius.items())
        again = f"State cannot be stored, so this may be mailed again: {unstored}\n" if unstored else ""
        seen = f"Readings:\n{readings}\nImplausible: {verdict.implausible or 'none'}\n"
        body = "\n".join([*lines, "", f"{seen}{again}Log: journalctl -t holdfast", ""])
        if not send_mail(subject, body, 30):
            self.say("that mail could not be sent")

    def say(self, message: str) -> None:
        if self.rehearsal:
            print(message)
        else:
            say(message)


def number(settings: dict[str, str], name: str, default: int) -> float:
    """°C. What cannot be read as one is no reason to stop watching."""
    try:
        return float(settings.get(name, default))
    except ValueError:
        log(f"temperature: {name}={settings[name]} is no number: {default} °C is taken")
        return default


def worded(other: Scheduled) -> str:
    return f"the {other.mode} at {time.strftime('%H:%M', time.localtime(other.due))} that somebody else has scheduled"


def metrics_of(verdict: Verdict) -> str:
    level = {"ok": 0, "blind": 0, "warning": 1, "critical": 2}[verdict.state]
    celsius = [({"sensor": key}, f"{reading:.6g}") for key, reading in verdict.celsius.items()]
    return "".join(
        [
            gauge(
                "holdfast_temperature_celsius", "What the watchdog read, in °C; for the lowest of its samples.", celsius
            ),
            single("holdfast_temperature_level", "0 normal, 1 warning, 2 critical.", level),
            single("holdfast_temperature_sensors", "How many sensors are watched.", len(verdict.celsius)),
            single(
                "holdfast_temperature_run_seconds",
                "When the watchdog last ran, in seconds since 1970.",
                int(time.time()),
            ),
        ]
    )


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--rehearse"] and len(arguments) == 2:
        Watchdog(os.path.abspath(arguments[1])).watch()
    elif not arguments:
        Watchdog(None).watch()
    else:
        print("usage: temperature [--rehearse FOLDER]", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
