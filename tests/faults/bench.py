"""Where attempts are made: one keeper, the undisturbed run of each stage, and a new place for every attempt."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from kit.batch.notebooks import Notebook
from tests.faults.contents import outputs
from tests.faults.damage import Damage
from tests.faults.disturbances import Disturbance, kill
from tests.faults.judgement import Reference, Verdict, beside, judge, judge_again
from tests.faults.places import Keeper, Place, found_stages, modules_of

CLOCK = Path(__file__).with_name("clock.c")
BEFORE = 0.5  # s, about, that the cells take until the run begins


class Bench:
    """All that the cells of the table share.

    Parameters
    ----------
    folder : Path
        An empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = jumping_clock(folder)
        self.keeper = Keeper(modules_of(found_stages()), self.clock)
        self._references: dict[str, Reference] = {}
        self._kept = 0

    def place(self, notebook: Notebook, *, name: str = "project") -> Place:
        """Return a new place with the input of the stage's demo in it; the path is always the same."""
        return Place(self.keeper, notebook, self.folder / "place" / name, self._template(notebook))

    def reference(self, notebook: Notebook, door: str) -> Reference:
        """Return what is known of the undisturbed run."""
        if notebook.stage not in self._references:
            self._references[notebook.stage] = self._first(notebook)
        reference = self._references[notebook.stage]
        if door not in reference.seconds:
            place = self.place(notebook)
            ended = place.attempt(door)
            assert not (faults := judge_again(ended, place, reference)), faults
            reference.seconds[door] = ended.seconds
            self.clear(place)
        return reference

    def _template(self, notebook: Notebook) -> Path:
        return self.folder / "templates" / notebook.stage

    def _first(self, notebook: Notebook) -> Reference:
        place = Place(self.keeper, notebook, self.folder / "place" / "project")
        ended = place.attempt("cells")
        assert ended.status == 0, ended.err + ended.trace
        written = [path.stat().st_size for path in place.run.rglob("*") if path.is_file()]
        manifest = json.loads((place.run / "manifest.json").read_text())
        reference = Reference(
            outputs=outputs(place.run, place.folder),
            manifest=manifest,
            others=beside(place),
            bytes=sum(written),
            largest=max(written),
            address_space=self.keeper.address_space(),
            seconds={"cells": manifest["seconds"] + BEFORE},
        )
        if (place.folder / "outputs" / "demo").is_dir():
            shutil.copytree(place.folder / "outputs" / "demo", self._template(notebook) / "outputs" / "demo")
        self.clear(place)
        return reference

    def cell(self, notebook: Notebook, disturbance: Disturbance, door: str, seed: int) -> list[Verdict]:
        """Let a stage go through a disturbance, then run it again; return what became of each attempt."""
        reference = self.reference(notebook, door)
        place = self.place(notebook)
        draw = random.Random(f"{notebook.stage} {disturbance.name} {seed}")
        strike = disturbance.strike(place, door, reference, draw)
        wrong = True
        try:
            verdicts = [judge(ended, place, reference, disturbance) for ended in next(strike)]
            next(strike, None)  # what was put wrong is put right, still in place
            again = judge_again(place.attempt(door), place, reference)
            verdicts[-1].faults += [f"then: {fault}" for fault in again]
            wrong = any(verdict.faults for verdict in verdicts)
        finally:
            strike.close()
            self.clear(place, keep=wrong)
        return verdicts

    def damaged(
        self, notebook: Notebook, damage: Damage, door: str, draw: random.Random
    ) -> Iterator[tuple[str, Verdict]]:
        """Yield, for one input of each kind, its name and what became of the stage when it was damaged."""
        reference = self.reference(notebook, door)
        kinds: dict[str, list[str]] = {}
        place = self.place(notebook)
        for path in sorted(place.candidates(reference.manifest)):
            kinds.setdefault(re.sub(r"[0-9]+|CeMLL|DIO|CRY\w+|R[PM]C\w+|IPA\w+", "*", path.name), []).append(
                str(path)
            )
        self.clear(place)
        for paths in kinds.values():
            path = Path(draw.choice(paths))
            place = self.place(notebook)
            about = Disturbance(damage.name, kill, cause=re.escape(path.name) + "|" + re.escape(path.parent.name))
            with damage.done_to(path, place.aside, draw):
                ended = place.attempt(door)
                other = ended.status == 0 and damage.may_be_other(path)
                verdict = judge(ended, place, reference, about, other=other)
            if not other:
                verdict.faults += [f"then: {text}" for text in judge_again(place.attempt(door), place, reference)]
            self.clear(place, keep=bool(verdict.faults))
            yield str(path.relative_to(place.folder)), verdict

    def clear(self, place: Place, *, keep: bool = False) -> None:
        """Remove a place, or put it where it can be looked at."""
        if keep:
            self._kept += 1
            place.folder.parent.rename(self.folder / f"wrong_{self._kept}")
        else:
            shutil.rmtree(place.folder.parent)

    def close(self) -> None:
        """End what is still running."""
        self.keeper.close()


def jumping_clock(folder: Path) -> Path | None:
    """Compile the clock that jumps; None where there is no compiler."""
    if not (compiler := shutil.which("cc")):
        return None
    made = folder / "clock.so"
    words = [compiler, "-shared", "-fPIC", "-O", "-o", str(made), str(CLOCK), "-ldl"]
    return made if subprocess.run(words, check=False, capture_output=True).returncode == 0 else None
