"""The emulator as a program: options, the line that tells where it listens, and a clean end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import click

from kit.hgcroc.emulator.service import USUAL_PORTS, Emulator
from kit.hgcroc.faults import FAULTS, FaultError
from kit.hgcroc.layout import BOARDS
from kit.hgcroc.messages import MessageError, dump
from kit.hgcroc.registers import RegisterError

__all__ = ["main", "ports_of"]

LOOK = 0.2  # s between looks at the parent
NAMES = (*USUAL_PORTS["legacy"], *USUAL_PORTS["current"], "control")
FAULT_LIST = "\n".join(f"  {name:16} {text}" for name, text in FAULTS.items())
EPILOG = f"""\b
Its first line on standard output is JSON: that it is ready, its ports, and the network file of each dialect.
The socket `control` takes YAML maps: {{command: truth}}, registers, history, counters, warnings, active, clear,
stop, and {{command: inject, fault: NAME, value: X, …}}. The faults:

\b
{FAULT_LIST}

\b
Faults of the data take `runs: N` (then they end); those of registers `after_messages: N` or `at_event: N`.

\b
Examples
  python -m kit.hgcroc.emulator --dialect legacy --ports usual --network network.yaml
  python -m kit.hgcroc.emulator --dialect current --ports slow-control=5555,server=6000 --fault slow_run=2
"""


@click.command(epilog=EPILOG, context_settings={"max_content_width": 115, "help_option_names": ["-h", "--help"]})
@click.option("--board", type=click.Choice([*BOARDS]), default="ld", show_default=True, help="3, 6 or 1 ROCs.")
@click.option("--dialect", type=click.Choice(["legacy", "current", "both"]), default="both", show_default=True,
              help="legacy: 0.1.2; current: 1.0.15.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--ports", default="", metavar="LIST", help=f"ROLE=PORT,… or usual; roles: {', '.join(NAMES)}. "
              "Ports that are not named are chosen by the system.")  # fmt: skip
@click.option("--without", multiple=True, type=click.Choice(NAMES), help="A role that another program plays.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of constants and noise.")
@click.option("--time-scale", type=click.FloatRange(0), default=0.0, show_default=True,
              help="1: runs as long as real ones; 0: as fast as possible.")  # fmt: skip
@click.option("--power-on", default="regmap", show_default=True, metavar="regmap|zeros|FILE",
              help="Registers after power-up.")  # fmt: skip
@click.option("--first-run", type=click.IntRange(0), default=0, show_default=True,
              help="Runs that there have been: the noise of a run follows from seed and number.")  # fmt: skip
@click.option("--fault", "faults", multiple=True, metavar="NAME=VALUE", help="A fault from the beginning.")
@click.option("--network", type=click.Path(dir_okay=False), help="Write the network file of one dialect here.")
@click.option("--parent", type=int, help="End when this process, which has to be the parent, ends.")
def main(
    board: str,
    dialect: str,
    host: str,
    ports: str,
    without: tuple[str, ...],
    seed: int,
    time_scale: float,
    power_on: str,
    first_run: int,
    faults: tuple[str, ...],
    network: str | None,
    parent: int | None,
) -> None:
    """Answer as a hexaboard test system would: chips, slow control, acquisition server and data client."""
    if network and dialect == "both":
        message = "--network needs one --dialect: their files differ"
        raise click.UsageError(message)
    try:
        emulator = Emulator(board, dialect, host=host, ports=ports_of(ports, dialect), without=without, seed=seed,
                            time_scale=time_scale, power_on=power_on, first_run=first_run)  # fmt: skip
    except (OSError, RegisterError, MessageError, ValueError) as fault:
        raise click.ClickException(str(fault)) from fault
    with emulator, _ended_by_signals(emulator.over):
        _inject(emulator, faults)
        if network:
            text = dump(emulator.network({"legacy": "0.1.2", "current": "1.0.15"}[dialect]))
            Path(network).write_text(text, encoding="utf-8")
        click.echo(json.dumps(emulator.announcement() | {"pid": os.getpid()}))
        _wait(emulator.over, parent)


def _inject(emulator: Emulator, faults: tuple[str, ...]) -> None:
    for fault in faults:
        name, _, value = fault.partition("=")
        try:
            emulator.inject(name, **({"value": json.loads(value)} if value else {}))
        except (FaultError, ValueError) as found:
            message = f"--fault {fault}: {found}"
            raise click.ClickException(message) from found


def ports_of(text: str, dialect: str) -> dict[str, int]:
    """Return the ports that an option's text names.

    Raises
    ------
    ValueError
        If a role is not known, a port is none, or usual ports are asked for both dialects.
    """
    if text == "usual":
        if dialect == "both":
            message = "usual ports need one --dialect: both use the same"
            raise ValueError(message)
        return dict(USUAL_PORTS[dialect])
    chosen = {}
    for part in filter(None, text.split(",")):
        name, _, number = part.partition("=")
        if name not in NAMES or not number.isdecimal() or not 0 <= int(number) <= 65535:
            message = f"--ports has {part!r}, should be ROLE=PORT with a role of {', '.join(NAMES)}"
            raise ValueError(message)
        chosen[name] = int(number)
    return chosen


@contextlib.contextmanager
def _ended_by_signals(over: threading.Event) -> Iterator[None]:
    """Let what would kill this process end the emulator instead, and leave signals as they were."""
    before = {
        number: signal.signal(number, lambda *_: over.set())
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(over: threading.Event, parent: int | None) -> None:
    while not over.wait(LOOK):
        if parent is not None and os.getppid() != parent:
            return
