"""A stage for tests: it counts protons, and can be told to be slow, to fail or to die."""

import os
import signal
import time
from pathlib import Path
from typing import Literal

from kit.files import FormatError
from kit.parameters import Parameters, parameter


class CountingParameters(Parameters):
    inputs: list[str] = parameter(["demo"], "files to read")
    protons: int = parameter(3, "protons to count", ge=0)
    momentum: float = parameter(450.0, "momentum of the beam", unit="GeV", gt=0, le=7000)
    plane: Literal["horizontal", "vertical"] = parameter("horizontal", "where the wire moves")
    title: str | None = parameter(None, "what to call it")
    delay: float = parameter(0.0, "time for one proton", unit="s", ge=0)
    dies_at: int = parameter(-1, "proton at which the process kills itself, once")
    fails_at: int = parameter(-1, "proton at which there is a fault")
    workers: int = parameter(1, "processes side by side", ge=1)


def count(p, run):
    for name in p.inputs:
        if name != "demo":
            run.read(name)
    finished = {path.name for path in run.work.glob("[0-9]*")}
    for proton in run.progress(range(p.protons), "proton"):
        if str(proton) in finished:
            continue
        time.sleep(p.delay)
        if proton == p.dies_at and not (run.work / "died").exists():
            (run.work / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if proton == p.fails_at:
            message = f"proton {proton} is an antiproton"
            raise FormatError(message)
        (run.work / str(proton)).touch()
    with run.writing("protons.txt") as part:
        part.write_text(f"{p.title}: {p.protons}")
    return {"protons": p.protons, "found_already": len(finished)}


def square(number):
    """Work for one piece: negative numbers are faults of the input, 11 is our own mistake, 12 is deadly."""
    if number < 0:
        message = f"piece{number}: is negative"
        raise FormatError(message)
    if number == 11:
        raise ZeroDivisionError
    if number == 12:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def linger(path):
    """Say that we are here, and stay."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)
