"""The scans that the word ``demo`` stands for: the quick set of an emulated board with three bad channels."""

from __future__ import annotations

from collections.abc import Sequence

from kit import files

__all__ = ["DEMO", "FAULTS", "FOLDER", "QUICK", "WORKFLOW", "demo_scans"]

DEMO, FOLDER = "demo", "outputs/demo/hgcroc/board_v1"
QUICK, WORKFLOW = "parameters/hgcroc/procedures/quick.yaml", "characterisation"
FAULTS = ["dead_channel chip=0 channel=5", "noisy_channel chip=1 channel=40", "shorted_channel chip=2 channel=20"]


def demo_scans(names: Sequence[str]) -> list[str]:
    """Return names with the folder of the demo in place of the word ``demo``."""
    return [str(files.resolve(FOLDER)) if name == DEMO else name for name in names]
