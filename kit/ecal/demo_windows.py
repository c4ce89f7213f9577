"""Windows of simulated events, for the stage that reads windows: what its input `demo` stands for."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from kit import files
from kit.directories import one_at_a_time
from kit.ecal.demo import DEMO, FOLDER, VERSION, demo, demo_paths, prepare
from kit.manifest import MANIFEST, load
from kit.parameters import Parameters
from kit.run import Run

__all__ = ["demo_runs", "prepare_windows", "with_demo_windows"]

PHOTONS, SEED = 150, 4  # events, and which


def demo_runs() -> list[Path]:
    """Return the folders of the runs of windows that the input `demo` stands for: electrons and photons."""
    return [files.resolve(FOLDER) / f"windows_{kind}" for kind in ("electrons", "photons")]


def with_demo_windows(inputs: Iterable[str]) -> list[str]:
    """Return `inputs` with the runs of the demo in place of the word `demo`."""
    return [path for name in inputs for path in (map(str, demo_runs()) if name == DEMO else [name])]


def prepare_windows(p: Parameters) -> None:
    """Make the runs of windows that the input `demo` of `p` stands for, where they do not exist."""
    if DEMO not in getattr(p, "inputs", []):
        return
    windows = importlib.import_module("kit.ecal.windows")  # by name: stages do not import each other
    electrons, photons = demo_runs()
    with one_at_a_time(electrons.parent):
        path = electrons.parent / f"photons_{PHOTONS}_{SEED}_v{VERSION}.root"
        if not path.exists():
            with files.whole(path) as part:
                demo(part, PHOTONS, "photons", SEED)
        common = {"interactive": False, "unmatched": 1}
        inputs = [str(path) for path in demo_paths()]
        first = windows.WindowParameters(inputs=inputs, output=str(electrons), **common)
        second = windows.WindowParameters(inputs=[str(path)], output=str(photons), flavour=22, **common)
        for wanted in (first, second):
            directory = Path(wanted.output)
            if (directory / MANIFEST).is_file():
                earlier = load(directory)
                if earlier.state == "complete" and earlier.parameters == wanted.model_dump():
                    continue
                shutil.rmtree(directory)  # an earlier version of the kit has made it
            prepare(windows.WindowParameters())
            with Run("ecal/windows", wanted) as run:
                run.summary = windows.make_windows(wanted, run)
