"""A test system as we ask it, in whatever dialect: the roles that are spoken to, and how runs are started.

What each message is, and what its answer has to be, is said by the dialects: `current_line`, `legacy_line`.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from kit.hgcroc.board.exchange import Role
from kit.hgcroc.messages import Tree

__all__ = ["OUR_RUNS", "Line"]

ALIGN_PAUSE = 0.02  # s between attempts to start
OUR_RUNS = "kit"  # begins the names of the data client's files


class Line(ABC):
    """The roles of a test system.

    Parameters
    ----------
    slow, server : Role
        Slow control and acquisition server.
    client : Role or None
        The data client; None where the data are pulled directly.
    data_port : int
        Of the server's data socket.
    """

    dialect: ClassVar[str]

    def __init__(self, slow: Role, server: Role, client: Role | None, data_port: int) -> None:
        self.slow, self.server, self.client, self.data_port = slow, server, client, data_port

    @property
    def roles(self) -> list[Role]:
        """Return all roles that are spoken to."""
        return [role for role in (self.slow, self.server, self.client) if role is not None]

    @abstractmethod
    def describe(self) -> Tree | None:
        """Return the board's own description, its name and the ranges of all registers; None if it cannot tell."""

    @abstractmethod
    def reset(self) -> bool:
        """Reset the chips, and tell whether this dialect can."""

    @abstractmethod
    def write(self, tree: Tree) -> None:
        """Write a tree, whole or not at all."""

    @abstractmethod
    def read(self, tree: Tree) -> Tree:
        """Return the leaves of a tree with their values in the chips."""

    @abstractmethod
    def initialise(self, settings: Mapping[str, Any], folder: str | None) -> None:
        """Bring server and client from any state to configured."""

    @abstractmethod
    def configure(self, settings: Mapping[str, Any]) -> None:
        """Send what a run needs to the server, where it differs from what was sent last."""

    def start(self, patience: float) -> None:
        """Start a run; ask again while the links do not align.

        Raises
        ------
        BoardError
            If they do not within `patience` seconds, or a role is not ready for a run.
        """
        self.make_ready()
        end, tries = time.monotonic() + patience, 1
        while not self.started():
            if time.monotonic() > end:
                raise self.server.fault(
                    asked="start", text=f"does not align its links: {tries} attempts in {patience:g} s"
                )
            tries += 1
            time.sleep(ALIGN_PAUSE)

    @abstractmethod
    def make_ready(self) -> None:
        """See that all roles are ready for a run, the data client before the server sends."""

    @abstractmethod
    def started(self) -> bool:
        """Ask the server to start; false while the links do not align."""

    @abstractmethod
    def running(self) -> bool:
        """Tell whether the run goes on."""

    @abstractmethod
    def stop(self) -> None:
        """End a run."""

    @abstractmethod
    def finish(self) -> None:
        """Do what the dialect wants after a run that has ended by itself."""

    @abstractmethod
    def close(self) -> None:
        """Leave server and client as others expect them."""
