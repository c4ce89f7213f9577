"""What can happen to a run from outside, each as a function that lets an attempt go through it.

A disturbance takes the place, the door, what is known of the undisturbed run and a random generator; it yields the
attempts it has disturbed and, when it is resumed, puts right what it has put wrong: the disk has room again, the
input is what it was. What the refusal must say is a pattern beside it.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.judgement import Reference
from tests.faults.places import Ended, Place

Strike = Callable[[Place, str, Reference, random.Random], Generator[list[Ended], None, None]]

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Disturbance:
    """One row of the table."""

    name: str
    strike: Strike
    cause: str = ""  # what a refusal must say, as a pattern; empty: it must not refuse
    by_signal: bool = False  # the attempt may die of a signal
    ends_late: bool = False  # it may come when the run is complete already, but its process has not ended
    fault_of_input: bool = False  # a refusal must name an input

    def refusal_names_cause(self, text: str, place: Place) -> bool:
        """Tell whether the words of a refusal name what was wrong."""
        if self.fault_of_input:
            return any(path.name in text for path in place.folder.rglob("*") if path.is_file())
        return bool(self.cause) and re.search(self.cause, text, re.IGNORECASE) is not None


def _moment(reference: Reference, door: str, draw: random.Random) -> float:
    return draw.uniform(0.0, 1.05 * reference.seconds[door])


def _family(process: int) -> list[int]:
    """Return a process and all that come from it."""
    found = [process]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(word) for word in (task / "children").read_text().split()]
    return found


def _signalled(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def kill(place: Place, door: str, reference: Reference, draw: random.Random) -> Generator[list[Ended], None, None]:
    """SIGKILL at a random moment: to the command, to one of its processes, or to all at once."""
    started = place.start(door)
    time.sleep(_moment(reference, door, draw))
    family = _family(started[0])
    chosen = {"first": family[:1], "one": [draw.choice(family)], "all": family}[
        draw.choice(["first", "one", "all"])
    ]
    for process in chosen:
        _signalled(process, signal.SIGKILL)
    yield [place.end(started)]


def interrupt(
    place: Place, door: str, reference: Reference, draw: random.Random
) -> Generator[list[Ended], None, None]:
    """Ctrl-C at a random moment: a terminal sends it to the whole group."""
    yield [_signal_to_group(place, door, reference, draw, signal.SIGINT)]


def terminate(
    place: Place, door: str, reference: Reference, draw: random.Random
) -> Generator[list[Ended], None, None]:
    """SIGTERM at a random moment, as a batch system sends it to all processes of a job."""
    yield [_signal_to_group(place, door, reference, draw, signal.SIGTERM)]


def _signal_to_group(place: Place, door: str, reference: Reference, draw: random.Random, number: int) -> Ended:
    started = place.start(door)
    time.sleep(_moment(reference, door, draw))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started[0], number)
    return place.end(started)


@contextlib.contextmanager
def small_disk(folder: Path, kibibytes: int) -> Iterator[Callable[[str], None]]:
    """Mount a small file system at `folder`; what is yielded changes its options."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={max(4, kibibytes)}k,mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "kit-faults", str(folder)], check=True)
    try:
        yield lambda words: subprocess.run(["mount", "-o", f"remount,{words}", str(folder)], check=True) and None
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def disk_full(
    place: Place, door: str, reference: Reference, draw: random.Random
) -> Generator[list[Ended], None, None]:
    """Let the run have a file system of its own that is too small; later it grows."""
    kibibytes = int(reference.bytes / 1024 * draw.uniform(0.0, 0.9))
    with small_disk(place.run.parent, kibibytes) as remount:
        yield [place.attempt(door)]
        remount("size=1g")
        yield []


def file_limit(
    place: Place, door: str, reference: Reference, draw: random.Random
) -> Generator[list[Ended], None, None]:
    """Let no file be longer than a part of the longest output."""
    most = int(reference.largest * draw.uniform(0.0, 0.9))
    yield [place.attempt(door, limits={"RLIMIT_FSIZE": most})]


def read_only(
    place: Place, door: str, _reference: Reference, _draw: random.Random
) -> Generator[list[Ended], None, None]:
    """Let the folder of runs be one that nobody can write to."""
    if os.geteuid():
        place.run.parent.mkdir(parents=True)
        place.run.parent.chmod(0o555)
        yield [place.attempt(door)]
        place.run.parent.chmod(0o755)
        yield []
        return
    with small_disk(place.run.parent, 1 << 20) as remount:
        remount("ro")
        yield [place.attempt(door)]
        remount("rw")
        yield []


def read_only_later(
    place: Place, door: str, reference: Reference, draw: random.Random
) -> Generator[list[Ended], None, None]:
    """Let the folder of runs become one that nobody can write to, as a file system with an error does."""
    with small_disk(place.run.parent, 1 << 20) as remount:
        started = place.start(door)
        time.sleep(_moment(reference, door, draw))
        subprocess.run(["mount", "-o", "remount,ro", str(place.run.parent)], check=False)  # busy while one writes
        ended = place.end(started)
        yield [ended]
        remount("rw")
        yield []


def twice(
    place: Place, door: str, reference: Reference, draw: random.Random
) -> Generator[list[Ended], None, None]:
    """Start the same run a second time while it runs."""
    first = place.start(door)
    time.sleep(draw.choice([0.0, _moment(reference, door, draw)]))
    second = place.start(door)
    ended = [place.end(first, grace=0), place.end(second)]
    yield ended


def output_removed(
    place: Place, door: str, reference: Reference, draw: random.Random
) -> Generator[list[Ended], None, None]:
    """Remove the directory of the run while it is written."""
    started = place.start(door)
    time.sleep(_moment(reference, door, draw))
    with contextlib.suppress(OSError):
        if '"state": "complete"' not in (place.run / "manifest.json").read_text():  # else all was well
            shutil.rmtree(place.run, ignore_errors=True)
    yield [place.end(started)]


def memory(
    place: Place, door: str, reference: Reference, draw: random.Random
) -> Generator[list[Ended], None, None]:
    """Let the processes have less memory than they would like."""
    base = 600 * MEBIBYTE if door == "command" else reference.address_space
    yield [place.attempt(door, limits={"RLIMIT_AS": int(base + draw.uniform(0, 500) * MEBIBYTE)})]


def clock(
    place: Place, door: str, reference: Reference, _draw: random.Random
) -> Generator[list[Ended], None, None]:
    """Let the clock jump a day forth and back three times a second, and the inputs be of tomorrow."""
    tomorrow = time.time() + 86400
    for path in place.inputs(reference.manifest):
        os.utime(path, (tomorrow, tomorrow))
    yield [place.attempt(door, environment={"KIT_FAULTS_CLOCK": "jumps"})]


def input_cut(
    place: Place, door: str, reference: Reference, draw: random.Random
) -> Generator[list[Ended], None, None]:
    """Cut an input short while it is being read."""
    yield from _changed(place, door, reference, draw, lambda whole: whole[: draw.randrange(len(whole))])


def input_scrambled(
    place: Place, door: str, reference: Reference, draw: random.Random
) -> Generator[list[Ended], None, None]:
    """Write noise over a part of an input while it is being read."""

    def scramble(whole: bytes) -> bytes:
        begin = draw.randrange(len(whole))
        noise = draw.randbytes(max(1, len(whole) // 3))
        return whole[:begin] + noise[: len(whole) - begin] + whole[begin + len(noise) :]

    yield from _changed(place, door, reference, draw, scramble)


def _changed(
    place: Place, door: str, reference: Reference, draw: random.Random, change: Callable[[bytes], bytes]
) -> Generator[list[Ended], None, None]:
    path = draw.choice(sorted(place.candidates(reference.manifest)))
    whole = path.read_bytes()
    started = place.start(door)
    time.sleep(_moment(reference, door, draw))
    path.write_bytes(change(whole))
    ended = place.end(started)
    yield [ended]
    path.write_bytes(whole)
    yield []


NO_ROOM = r"no space left|file too large|disk quota"
DISTURBANCES = [
    Disturbance(
        "killed", kill, r"kernel died|worker process died|interrupted|emulat|died", by_signal=True, ends_late=True
    ),
    Disturbance("Ctrl-C", interrupt, r"interrupted", ends_late=True),
    Disturbance("terminated", terminate, r"interrupted|kernel died", by_signal=True, ends_late=True),
    Disturbance("disk full", disk_full, NO_ROOM),
    Disturbance("file size limited", file_limit, NO_ROOM),
    Disturbance("output read-only", read_only, r"read-only|permission denied"),
    Disturbance("output becomes read-only", read_only_later, r"read-only|permission denied"),
    Disturbance("output removed", output_removed, r"no such file|is gone|removed|unable to|cannot"),
    Disturbance("started twice", twice, r"being written by another process|is complete"),
    Disturbance("clock jumps", clock),
    Disturbance(
        "little memory",
        memory,
        r"memory|allocate|allocation|thread|kernel died|mmap|shared object",
        by_signal=True,
    ),
    Disturbance("input cut while read", input_cut, fault_of_input=True),
    Disturbance("input scrambled while read", input_scrambled, fault_of_input=True),
]
