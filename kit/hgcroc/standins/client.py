"""Stand-in for `daq-client`: the data client's role alone; it ends with the program that started it."""

from __future__ import annotations

import os
import signal
import threading

import click

from kit.hgcroc.emulator.current_roles import CurrentClient
from kit.hgcroc.emulator.data_client import DataClient
from kit.hgcroc.emulator.legacy_roles import LegacyClient
from kit.hgcroc.wire import Responder, Wire

__all__ = ["STARTED_BY", "main"]

LOOK = 0.2  # s between looks at the parent
STARTED_BY = "KIT_HGCROC_STARTED_BY"  # environment: the process that it ends with


@click.command()
@click.option("-p", "--port", type=click.IntRange(1, 65535), default=6001, show_default=True, help="To answer at.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to answer at.")
@click.option("--dialect", type=click.Choice(["legacy", "current"]), default="current", show_default=True)
def main(port: int, host: str, dialect: str) -> None:
    """Receive what an acquisition server pushes, and write a raw file for each run."""
    # told by the tool's script: until this line is reached whoever started it may have gone
    parent, over = int(os.environ.get(STARTED_BY) or os.getppid()), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with Wire() as wire:
        client = DataClient(wire, lambda text: click.echo(text, err=True))
        role = CurrentClient(client) if dialect == "current" else LegacyClient(client)
        try:
            responder = Responder(wire, host, port, role.answer, role.name)
        except OSError as fault:
            raise click.ClickException(str(fault)) from fault
        responder.start()
        while not over.wait(LOOK) and os.getppid() == parent:
            pass
        client.stop()
        responder.stop()


if __name__ == "__main__":
    main()
