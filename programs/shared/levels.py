"""What samples of temperatures mean: which sensors count, how warm each is, what is new since the runs before. Pure."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from shared.sensors import Reading, Sample

NONE, NORMAL, WARNING, CRITICAL = 999_000, 0, 1, 2  # thousandths of a degree: a limit that is never met; and levels
HYSTERESIS = 5_000  # thousandths of a degree below a limit, where it clears
PROCESSORS = r"coretemp|k10temp|k8temp|zenpower|via_cputemp|x86_pkg_temp|TCPU|cpu.*thermal|soc.*thermal"


class Limits(NamedTuple):
    """Of processors, in thousandths of a degree."""

    warning: float
    critical: float


class Memory(NamedTuple):
    """`levels` of the sensors that are not normal. `roster`: of each known sensor for how many runs it has been silent;
    below 0, for how many it has yet to be seen before it counts as known."""

    levels: dict[str, int]
    roster: dict[str, int]


class Verdict(NamedTuple):
    state: str
    alarmed: bool
    events: list[str]
    hottest: str
    celsius: dict[str, float]
    implausible: str
    hung: str
    silent: str
    ignored: str
    memory: Memory


class Sensor:
    """All that the samples say of one sensor. `readings` in thousandths of a degree, by sample."""

    def __init__(self, use: str, first: Reading) -> None:
        self.use, self.chip, self.label = use, first.chip, first.label
        self.readings: dict[int, int] = {}
        self.odd: list[int] = []
        self.limit = self.critical = ""
        self.seen = 0

    def take(self, number: int, reading: Reading) -> None:
        value = int(reading.value)
        # Silicon ends at 125 degrees; 127, 255, 511, -128 and 0 are what a register says that measures nothing.
        if not 1_000 <= value <= 125_000:
            self.odd.append(value)
            return
        if number not in self.readings:
            self.limit, self.critical = reading.limit, reading.critical
        self.readings[number] = max(value, self.readings.get(number, value))

    def limits(self, limits: Limits) -> tuple[float, float]:
        if self.use == "drive":  # its own limits; else 60 degrees, and no shutdown
            warn, stop = own_limit(self.limit, 60_000), own_limit(self.critical, NONE)
            return (warn, stop) if warn < stop else (stop - HYSTERESIS, stop)
        # A fallback is good enough for a mail, not for a shutdown.
        return limits.warning, NONE if self.use == "fallback" else limits.critical


def own_limit(text: str, default: int) -> int:
    return int(text) if re.fullmatch(r"\d+", text, re.ASCII) and 30_000 <= int(text) <= 120_000 else default


def use_of(reading: Reading) -> str | None:
    """Which sensors say something about the heat of the machine, by driver and label. Unconnected inputs of a board
    controller, chip sets, graphics cards and network cards do not."""
    driver, label = reading.driver, reading.label
    if re.fullmatch(PROCESSORS, driver):
        return "processor"
    if driver == "drivetemp" or (driver == "nvme" and label in ("Composite", "temp1")):
        return "drive"
    return "fallback" if driver == "acpitz" or re.match(r"CPU|PECI", label) else None


class Roll:
    """The sensors of all samples, in the order they came."""

    def __init__(self, samples: Sequence[Sample], unwanted: set[str]) -> None:
        self.sensors: dict[str, Sensor] = {}
        self.ignored: list[str] = []
        self.unwanted = unwanted
        for number, sample in enumerate(samples, 1):
            met: set[str] = set()
            for reading in sample.readings:
                self.take(number, reading, met)
        # One odd look is worth others; of those three have to be plausible.
        need = 1 if len(samples) < 3 else 3
        self.present = [key for key, sensor in self.sensors.items() if sensor.seen >= need]
        self.has_processor = any(self.sensors[key].use == "processor" for key in self.present)

    def take(self, number: int, reading: Reading, met: set[str]) -> None:
        use = use_of(reading)
        if use is None or not re.fullmatch(r"-?\d+", reading.value, re.ASCII):
            return
        key = f"{reading.chip}/{reading.label}"
        if key in met:
            key += f" {reading.input}"  # two of one name
        met.add(key)
        if self.is_unwanted(key, reading.chip, reading.driver, reading.label):
            if key not in self.ignored:
                self.ignored.append(key)
            return
        sensor = self.sensors.setdefault(key, Sensor(use, reading))
        sensor.take(number, reading)
        sensor.seen = len(sensor.readings)

    def is_unwanted(self, key: str, chip: str, driver: str, label: str) -> bool:
        return bool(self.unwanted & {key, f"{chip}/{label}", chip, driver, f"{driver}/{label}"})

    def counts(self, key: str) -> bool:
        """What only stands in for a processor's sensor gives way to one."""
        if self.is_offset(key) or key not in self.present:
            return False
        return not (self.sensors[key].use == "fallback" and self.has_processor)

    def is_offset(self, key: str) -> bool:
        """Tctl may have an offset for the fan."""
        sensor = self.sensors[key]
        return sensor.label == "Tctl" and f"{sensor.chip}/Tdie" in self.sensors

    def odd_ones(self) -> str:
        odd = {key: sensor.odd for key, sensor in self.sensors.items() if sensor.odd and not self.is_offset(key)}
        return ", ".join(f"{key} {', '.join(f'{value / 1000:.0f}' for value in values)}" for key, values in odd.items())


def evaluate(samples: Sequence[Sample], limits: Limits, unwanted: set[str], past: Memory) -> Verdict:
    roll = Roll(samples, unwanted)
    levels: dict[str, int] = {}
    celsius: dict[str, float] = {}
    alarms: list[str] = []
    warnings: list[str] = []
    cooled: list[str] = []
    worst, hottest = 0, ""
    for key in filter(roll.counts, roll.sensors):
        sensor = roll.sensors[key]
        low = min(sensor.readings.values())
        warn, stop = sensor.limits(limits)
        was = past.levels.get(key, NORMAL)
        now = level_of(low, warn, stop)
        now = max(now, min(was, level_of(low, warn - HYSTERESIS, stop - HYSTERESIS, strictly=True)))
        critical = "none" if stop == NONE else f"{stop / 1000:.6g}"
        state = f"{key} at {low / 1000:.0f} C, limits {warn / 1000:.6g} and {critical}"
        if now == CRITICAL and was < CRITICAL:
            alarms.append(f"temperature critical: {state}")
        elif now == WARNING and was == NORMAL:
            warnings.append(f"temperature warning: {state}")
        elif now < CRITICAL and was == CRITICAL:
            cooled.append(f"temperature below critical again: {state}")
        elif now == NORMAL and was == WARNING:
            cooled.append(f"temperature back to normal: {state}")
        rank = now * 2 + (now > was)
        if rank > worst or not hottest:
            worst, hottest = rank, state
        if now > NORMAL:
            levels[key] = now
        celsius[key] = low / 1000
    roster, silent, missing, gone = call(roll, past.roster)
    for key, level in past.levels.items():  # silence is no proof of cooling
        if key not in roll.present and key not in gone and key not in roll.ignored:
            levels[key] = level
            hottest = hottest or f"{key} is silent"
    level = max(levels.values(), default=NORMAL)
    return Verdict(
        state="critical" if level == CRITICAL else "warning" if level == WARNING else "ok" if celsius else "blind",
        alarmed=bool(alarms),
        events=[
            *alarms,
            *warnings,
            *cooled,
            *([f"temperature sensor missing: {', '.join(missing)}"] if missing else []),
        ],
        hottest=hottest,
        celsius=celsius,
        implausible=roll.odd_ones(),
        hung=", ".join(dict.fromkeys(chip for sample in samples for chip in sample.hung)),
        silent=", ".join(silent),
        ignored=", ".join(roll.ignored),
        memory=Memory(levels, roster),
    )


def level_of(low: float, warn: float, stop: float, strictly: bool = False) -> int:
    def reaches(limit: float) -> bool:
        return low > limit if strictly else low >= limit

    return CRITICAL if reaches(stop) else WARNING if reaches(warn) else NORMAL


def call(roll: Roll, known: dict[str, int]) -> tuple[dict[str, int], list[str], list[str], set[str]]:
    """The new roster, who is silent now, who is missing from now on, and who is not waited for any more. One failed
    look is no loss, and one look is no sensor: both take three runs in a row."""
    roster: dict[str, int] = {}
    silent: list[str] = []
    missing: list[str] = []
    gone: set[str] = set()
    for key, age in known.items():
        chip, _, label = key.partition("/")
        if key in roll.ignored or roll.is_unwanted(key, chip, chip.partition("-")[0], label):
            gone.add(key)
        elif key in roll.present:
            roster[key] = min(0, age + 1) if age < 0 else 0
        elif age < 0:
            gone.add(key)
        else:
            silent.append(key)
            if age < 2:
                roster[key] = age + 1
            else:
                gone.add(key)
                missing.append(key)
    for key in roll.present:
        if key not in known:
            roster[key] = -2 if known else 0
    return roster, silent, missing, gone
