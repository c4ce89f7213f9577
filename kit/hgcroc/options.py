"""What the acquisition can be told, and the board that it works on where there is none: an emulated one."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Literal

from kit import files, wording
from kit.hgcroc import faults
from kit.hgcroc.board.board import Board
from kit.hgcroc.board.connection import connect
from kit.hgcroc.emulator_process import EmulatorProcess
from kit.hgcroc.marks import Mark
from kit.hgcroc.measuring import Readback
from kit.hgcroc.planning.axes import CheckRanges
from kit.hgcroc.planning.documents import Findings, ProcedureError, load
from kit.hgcroc.planning.orders import Order
from kit.hgcroc.planning.procedures import Dialect
from kit.hgcroc.planning.scan import Compat
from kit.parameters import Parameters, parameter

__all__ = ["AcquisitionParameters", "connected", "emulated", "fault_words", "identity", "network_of"]

OF_THE_BOARD = ("dead_channel", "noisy_channel", "shorted_channel", "dead_tdc")  # faults that belong to a board


class AcquisitionParameters(Parameters):
    """Which scan, on which board, and what to do when something goes wrong."""

    config: str = parameter("parameters/hgcroc/procedures/main.yaml", "main file of procedures, of either dialect")
    procedure: str = parameter("injection_scan", "the entry that shall run")
    dialect: Dialect = parameter("auto", "of the procedure and of the board; auto takes that of the entry")
    network: str | dict[str, Any] = parameter("", "network file, or its content; empty starts an emulated board")
    order: Order = parameter("scan", "order of measurement; minimal writes fewest registers; stored as in scan")
    repeats: int = parameter(1, "how often all points are measured, times repeat of the entry", ge=1)
    n_events: int | None = parameter(None, "events of a point, instead of those of the files", ge=1, le=1_000_000)
    mode: Literal["file", "summary", "full"] = parameter(
        "file", "full keeps every event, file does as the entry says"
    )
    check_ranges: CheckRanges = parameter("error", "values out of range; unknown names always are errors")
    readback: Readback = parameter("axes", "what is read back after each point: what the scan sets, all, nothing")
    on_base_difference: Literal["record", "write", "stop"] = parameter(
        "record", "where the board is not as the files of defaults say; write sends what differs"
    )
    timeout: float = parameter(10.0, "wait for an answer", unit="s", gt=0)
    start_timeout: float = parameter(
        30.0, "wait for links to align, and for another owner to leave", unit="s", gt=0
    )
    max_retries: int = parameter(2, "how often a point that failed is measured again", ge=0, le=10)
    resume: bool = parameter(True, "go on with the newest unfinished scan of the same settings")
    data_path: Literal["direct", "client"] = parameter("direct", "pull the data, or let a data client write them")
    on_fail: Literal["go_on", "pause", "stop"] = parameter(
        "go_on", "after the last try of a point; in batch a pause ends the job, to be gone on with"
    )
    accept: list[str] = parameter([], "marks of points that may be so, such as short or lost")
    keep_raw: Literal["auto", "yes", "no"] = parameter("auto", "raw data; auto keeps those of points in doubt")
    compat: Compat = parameter("none", "an original's summary of broken halves and precedence of calibrations")
    board: Literal["ld", "hd", "char"] = parameter("ld", "kind of board")
    seed: int = parameter(1, "of the emulated board and of a random order", ge=0)
    time_scale: float = parameter(0.0, "of the emulated board: 1 as a real one, 0 as fast as it can", ge=0)
    fault: list[str] = parameter(
        [],
        "of the emulated board, each a name and what it takes, such as i2c_nack 0.1; a wrong name lists all",
    )
    board_id: str = parameter("", "name of the board, for hash and report")
    user_module: str = parameter("", "where analyses of one's own are, for calibrations that they make")

    effort: ClassVar[frozenset[str]] = frozenset(
        {
            "order",
            "timeout",
            "start_timeout",
            "max_retries",
            "on_fail",
            "accept",
            "keep_raw",
            "time_scale",
            "resume",
        }
        | {"fault"}
    )

    def named_inputs(self) -> list[str]:
        """Return the files that are read; the demo's own are put there when they are needed."""
        own = type(self).model_fields["config"].get_default() == self.config
        network = self.network if isinstance(self.network, str) else ""
        return [*filter(None, ("" if own else self.config, network))]

    def contradictions(self) -> Iterator[str]:
        """Yield what does not fit together."""
        for word in self.accept:
            if word.upper() not in Mark.__members__:
                names = [mark.name.lower() for mark in Mark if mark.name]
                near = wording.suggestion(word, names) or f", should be one of {', '.join(names)}"
                yield f"accept has {word!r}, which is no mark{near}"
        for text in self.fault:
            try:
                name, details = fault_words(text)
                faults.checked(name, details)
            except ValueError as fault:
                yield f"fault has {text!r}: {fault}"
        if self.fault and self.network:
            yield "fault is of an emulated board, which is started where network is empty"

    @property
    def accepted(self) -> Mark:
        """Marks that a point may have."""
        return Mark(sum(Mark[word.upper()] for word in set(self.accept)))


def fault_words(text: str) -> tuple[str, dict[str, Any]]:
    """Return name and details of a fault: ``slow_run 2`` or ``register_upset path=roc_s0.Top.0.RunL at_event=5``.

    Raises
    ------
    ValueError
        If a word after the value has no ``=``.
    """
    name, *words = shlex.split(text) or [""]
    details: dict[str, Any] = {}
    for place, word in enumerate(words):
        key, sign, value = word.partition("=")
        if not sign and place:
            message = f"{word!r} should be NAME=VALUE"
            raise ValueError(message)
        details[key if sign else "value"] = wording.scalar(value if sign else word)
    return name, details


def network_of(p: AcquisitionParameters) -> Mapping[str, Any]:
    """Return the network settings that are given as a map or as a file.

    Raises
    ------
    ProcedureError
        If the file cannot be read, or holds something else.
    """
    if not isinstance(p.network, str):
        return p.network
    findings = Findings()
    document = load(files.resolve(p.network), findings)
    findings.refuse()
    if document is None or not isinstance(document.content, dict):
        message = f"{files.shown(p.network)}: should be a map of roles, each with hostname and port"
        raise ProcedureError([message])
    return document.content


def identity(p: AcquisitionParameters) -> str:
    """Return which board this is, by its name or as an emulated one; nothing where nobody can know."""
    if p.board_id or p.network:
        return p.board_id
    faults = sorted(text for text in p.fault if text.split(maxsplit=1)[0] in OF_THE_BOARD)
    return " ".join(["emulated", str(p.seed), *faults])


def emulated(
    p: AcquisitionParameters, *, first_run: int = 0, interrupt: Callable[[], bool] | None = None
) -> EmulatorProcess:
    """Return a started emulator as the parameters want it, with its faults; the caller ends it.

    It is told how many runs there have been: it would give those of a scan that goes on the same noise again.
    """
    words = ["--board", p.board, "--seed", str(p.seed), "--time-scale", str(p.time_scale)]
    emulator = EmulatorProcess(*words, "--first-run", str(first_run), interrupt=interrupt)
    try:
        for text in p.fault:
            name, details = fault_words(text)
            emulator.inject(name, **details)
    except BaseException:
        emulator.stop()
        raise
    return emulator


@contextlib.contextmanager
def connected(
    p: AcquisitionParameters,
    dialect: str,
    interrupt: Callable[[], bool] | None = None,
    record: Callable[[dict[str, Any]], None] | None = None,
    *,
    first_run: int = 0,
) -> Iterator[tuple[Board, EmulatorProcess | None]]:
    """Yield a connected board, and the emulator where one had to be started; both end with the block."""
    with contextlib.ExitStack() as stack:
        emulator = None
        if p.network:
            network: Mapping[str, Any] = network_of(p)
        else:
            emulator = stack.enter_context(emulated(p, first_run=first_run, interrupt=interrupt))
            network = emulator.networks[dialect]
        board = connect(
            network,
            dialect,
            board=p.board,
            timeout=p.timeout,
            start_timeout=p.start_timeout,
            data_path=p.data_path,
            interrupt=interrupt,
            record=record,
        )
        yield stack.enter_context(board), emulator
