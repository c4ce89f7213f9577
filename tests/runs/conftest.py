"""Runs of all states, as stages and kills leave them."""

import json

import pytest

from kit import manifest
from kit.parameters import Parameters, parameter
from kit.run import Run


class BeamParameters(Parameters):
    """What a beam has."""

    inputs: list[str] = parameter([], "files")
    energy: float = parameter(8.0, "energy of the beam", unit="GeV")


@pytest.fixture
def make_run(tmp_path):
    """Return a function that makes a run: its place, summary, values, and what becomes of its manifest."""

    def make(place, summary=None, stage="beam/scan", state="complete", text="a", started="", **values):
        p = BeamParameters(output=place, **values)
        with Run(stage, p) as run:
            for path in p.inputs:
                run.read(str(tmp_path / path))
            with run.writing("points.txt") as part:
                part.write_text(text)
            run.summary = summary or {}
        record = run.directory / manifest.MANIFEST
        content = json.loads(record.read_text())
        content |= {"state": state} | ({"started": started} if started else {})
        record.write_text(json.dumps(content))
        return manifest.load(run.directory)

    return make
