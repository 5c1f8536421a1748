"""Reading temperatures: of libsensors where it is there, else of the kernel's own files, and of the thermal zones."""

import glob
import os
import re
import selectors
import shutil
import signal
import time
from collections.abc import Iterator
from typing import NamedTuple

from shared.processes import run
from shared.files import read_text


class Reading(NamedTuple):
    """`value`, `limit` and `critical` as they stand there, in thousandths of a degree; the limits are empty where there
    are none."""

    chip: str
    driver: str
    label: str
    value: str
    limit: str
    critical: str
    input: str


class Sample(NamedTuple):
    readings: list[Reading]
    hung: list[str]


class Sensors:
    """One run's samples. The first one decides who is asked: the two know a sensor under different names."""

    def __init__(self, root: str, rehearsal: bool) -> None:
        self.root, self.rehearsal, self.uses_libsensors = root, rehearsal, True

    def sample(self, number: int) -> Sample:
        """Takes at most 6 s in the first sample, 4 s in each other."""
        folder, patience = self.folder(number), 3.0 if number == 1 else 2.0
        corrected: list[Reading] = []
        if self.uses_libsensors:
            # It knows the corrections of /etc/sensors.d.
            corrected = list(parse_sensors(self.ask_libsensors(folder, patience)))
            self.uses_libsensors = number > 1 or bool(corrected)
        found = read_chips(folder, not self.uses_libsensors, patience)
        return Sample(
            corrected + [reading for chip in found for reading in readings_of(chip)],
            [chip.name for chip in found if chip.hung],
        )

    def folder(self, number: int) -> str:
        """Rehearsed, each sample may have a folder of its own; the last one holds."""
        own = [f"{self.root}/{count}" for count in range(number, 0, -1) if self.rehearsal]
        return next((folder for folder in own if os.path.isdir(folder)), self.root)

    def ask_libsensors(self, folder: str, patience: float) -> str:
        if self.rehearsal:
            return read_text(f"{folder}/sensors.json")
        return run(["sensors", "-j"], patience).output if shutil.which("sensors") else ""


def parse_sensors(text: str) -> Iterator[Reading]:
    """Of `sensors -j`, by its lines: where a value cannot be read it is no JSON (a comma too many)."""
    chip = label = ""
    values: dict[str, str] = {}
    of = ""
    for line in text.splitlines():
        head = re.match(r'( *)"([^"]+)" *: *\{', line)
        if head and len(head.group(1)) <= 3:
            chip = head.group(2)
        elif head and len(head.group(1)) == 6:
            label, values, of = head.group(2), {}, ""
        value = re.search(r'"temp(\d+)_(input|max|crit)" *: *(-?[\d.]+)', line)
        if value and not head:
            values[value.group(2)] = f"{float(value.group(3)) * 1000:.0f}"
            of = value.group(1) if value.group(2) == "input" else of
        if "}" in line and "input" in values:
            yield Reading(
                chip, chip.partition("-")[0], label, values["input"], values.get("max", ""), values.get("crit", ""), of
            )
            values = {}


class Chip(NamedTuple):
    """`files`: content by name."""

    name: str
    device: str
    files: dict[str, str]
    hung: bool


def read_chips(folder: str, with_hwmon: bool, patience: float) -> list[Chip]:
    """Each chip is read by a process of its own and all at once: one that hangs costs no other its reading."""
    paths = [
        path
        for kind in (["hwmon/hwmon*"] if with_hwmon else []) + ["thermal/thermal_zone*"]
        for path in glob.glob(f"{glob.escape(folder)}/class/{kind}")
    ]
    paths.sort(key=natural)
    readers = [start_reader(path) for path in paths]
    texts, hung = collect([pipe for _, pipe in readers], patience)
    for process, pipe in readers:
        os.close(pipe)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, os.WNOHANG)
    return [
        Chip(os.path.basename(path), device_of(path), dict(parse_lines(texts[pipe])), pipe in hung)
        for path, (_, pipe) in zip(paths, readers, strict=True)
    ]


def natural(path: str) -> list[tuple[int, str]]:
    """hwmon10 comes after hwmon2."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path) if part]


def device_of(path: str) -> str:
    """hwmonN changes between boots, the device behind it does not."""
    device = os.path.join(path, "device")
    return os.path.basename(os.path.realpath(device)) if os.path.isdir(device) else ""


def start_reader(path: str) -> tuple[int, int]:
    """Its process and what it says: lines NAME:CONTENT, each as soon as it is read."""
    source, sink = os.pipe()
    process = os.fork()
    if process:
        os.close(sink)
        return process, source
    try:
        # One that hangs would else hold this run's lock for ever, and nobody would watch.
        os.closerange(3, sink)
        os.closerange(sink + 1, 1024)
        found = sorted(glob.glob(f"{glob.escape(path)}/temp*_*"), key=natural)
        wanted = [f"{path}/{name}" for name in ("name", "type", "temp")] + [
            file for file in found if re.search(r"/temp\d+_(input|label|max|crit)$", file)
        ]
        for file in wanted:
            lines = read_text(file).splitlines()
            if lines:
                text = re.sub(r"[\0-\x1f\x7f]", " ", lines[-1])
                os.write(sink, f"{os.path.basename(file)}:{text}\n".encode("utf-8", "replace"))
    finally:
        os._exit(0)


def collect(pipes: list[int], patience: float) -> tuple[dict[int, bytes], list[int]]:
    """What came through each pipe within `patience` seconds, and the pipes that were not closed by then."""
    texts = dict.fromkeys(pipes, b"")
    deadline = time.monotonic() + patience
    with selectors.DefaultSelector() as waiting:
        for pipe in pipes:
            waiting.register(pipe, selectors.EVENT_READ)
        while waiting.get_map() and time.monotonic() < deadline:
            for key, _ in waiting.select(max(0.0, deadline - time.monotonic())):
                data = os.read(key.fd, 65_536)
                texts[key.fd] += data
                if not data:
                    waiting.unregister(key.fd)
        return texts, [key.fd for key in waiting.get_map().values()]


def parse_lines(data: bytes) -> Iterator[tuple[str, str]]:
    for line in data.decode("utf-8", "replace").splitlines():
        name, colon, content = line.partition(":")
        if colon:
            yield name, content


def readings_of(chip: Chip) -> Iterator[Reading]:
    files = chip.files
    for file, value in sorted(files.items(), key=lambda item: natural(item[0])):
        of = input_of(file)
        if file == "temp":
            kind = files.get("type", "")
            yield Reading(kind, kind, "zone", value, "", "", chip.name.replace("thermal_zone", "", 1))
        elif of is not None and files.get("name"):
            driver, name = files["name"], f"temp{of}"
            full = f"{driver}-{chip.device}" if chip.device else driver
            yield Reading(
                full,
                driver,
                files.get(f"{name}_label", name),
                value,
                files.get(f"{name}_max", ""),
                files.get(f"{name}_crit", ""),
                of,
            )


def input_of(file: str) -> str | None:
    match = re.fullmatch(r"temp(\d+)_input", file)
    return match.group(1) if match else None
