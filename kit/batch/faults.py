"""What batch refuses."""

from __future__ import annotations

__all__ = ["SubmissionError"]


class SubmissionError(RuntimeError):
    """Something that cannot be submitted, resumed, stopped or collected; says why and what to do."""
