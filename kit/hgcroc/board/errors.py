"""What goes wrong between us and a board, in plain words."""

from __future__ import annotations

__all__ = ["BoardError", "NackError", "RefusedError"]


class BoardError(RuntimeError):
    """A role of the test system that did not do what it was asked to.

    Attributes
    ----------
    role, address, message : str
        Who was asked, where, and what.
    """

    def __init__(self, role: str, address: str, message: str, fault: str) -> None:
        self.role, self.address, self.message = role, address, message
        told = f", asked to {message}," if message else ""
        super().__init__(f"{role} at {address}{told} {fault}")


class NackError(BoardError):
    """A write that did not reach the chips."""


class RefusedError(BoardError):
    """A request that the far end has understood and refused: asking again is of no use."""
