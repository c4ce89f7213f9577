"""The parsers of foreign bytes: each takes a file with any bytes in it, and reads it or refuses it by name.

What a parser may raise is what its users see as one line: the kit's own errors, each with the file's name in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kit.batch.faults import SubmissionError
from kit.directories import RunError
from kit.files import FormatError
from kit.hgcroc.messages import MessageError
from kit.hgcroc.planning.documents import ProcedureError
from kit.parameters import ParameterError

REFUSALS = (FormatError, ParameterError, ProcedureError, RunError, SubmissionError, FileNotFoundError)
EMPTY = b"{}\n"
TOY = {
    "cells": [
        {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "outputs": [], "execution_count": None,
         "source": "x: float = 1.0\nseed: int = 1\nlimit: float = 9.0\nnames: list[str] = []"},
    ],
    "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """One parser: what a file of its kind is called, and what reads all of it."""

    name: str
    file: str
    read: Callable[[Path], object]
    names_file: bool = True
    beside: Mapping[str, bytes] = field(default_factory=dict)  # what a good one leads to

    def feed(self, content: bytes, folder: Path) -> str:
        """Let the parser read some bytes, and return the words of its refusal; empty where it takes them.

        Raises
        ------
        Exception
            Whatever a user should not see.
        """
        for name, text in self.beside.items():
            (folder / name).write_bytes(text)
        path = folder / self.file
        path.write_bytes(content)
        try:
            self.read(path)
        except REFUSALS as fault:
            text = str(fault)
            if isinstance(fault, FileNotFoundError):
                return text  # names the one that is not there
            if self.names_file and path.name not in text:
                message = f"the refusal does not name {path.name}: {text[:300]}"
                raise AssertionError(message) from fault
            return text
        return ""


def _clusters(path: Path) -> None:
    from kit.smartpixels.engine import NUMPY
    from kit.smartpixels.options import ClusterParameters
    from kit.smartpixels.reader import ClusterFile

    for choice in ({"resample": "linear"}, {"resample": "linear", "compat": True, "keep_good": True}):
        with ClusterFile(str(path), ClusterParameters(clusters=[str(path)], **choice), engine=NUMPY) as source:
            for block in source.blocks():
                list(block.clusters())


def _pulses(path: Path) -> None:
    from kit.smartpixels.options import AmplifierParameters
    from kit.smartpixels.pulses import read_pulses

    read_pulses(str(path), AmplifierParameters())
    read_pulses(str(path), AmplifierParameters(bad_pulses="drop"), compat=True)


def _delays(path: Path) -> None:
    from kit.smartpixels.delays import read_delays

    read_delays(str(path))


def _raw(path: Path) -> None:
    from kit.hgcroc.archive import read_archive
    from kit.hgcroc.rawdata import unpack

    unpack(read_archive(path.read_bytes(), path.name))


def _procedure(path: Path) -> None:
    from kit.hgcroc.options import AcquisitionParameters
    from kit.hgcroc.planning.procedures import read_library
    from kit.hgcroc.session import plan_of

    for name in read_library(path).names()[:3]:
        plan_of(AcquisitionParameters(config=str(path), procedure=name))


def _message(path: Path) -> None:
    from kit.hgcroc.messages import as_map

    try:
        as_map(path.read_bytes())
    except MessageError as fault:
        raise FormatError(str(fault)) from fault


def _config(path: Path) -> None:
    from kit.mu2e.configs import read_config

    read_config(path)


def _efficiencies(path: Path) -> None:
    from kit.mu2e.efficiencies import read_efficiencies

    read_efficiencies(path)


def _spectrum(path: Path) -> None:
    from kit.mu2e.spectra import read_table

    read_table(path)


def _sampling_log(path: Path) -> None:
    from kit.mu2e.sampling_logs import read_log

    read_log(path)


def _catalogue(path: Path) -> None:
    from kit.mu2e.catalogue import read_catalogue

    read_catalogue(path)


def _plan(path: Path) -> None:
    from kit.mu2e.plans import read_plan

    read_plan(path)


def _yields(path: Path) -> None:
    from kit.mu2e.table import read_yields

    read_yields(path)


def _windows(path: Path) -> None:
    from kit.ecal.features import read_features
    from kit.ecal.ndjson_reading import read_lines

    for _ in read_lines(path, read_features(), 11):
        pass


def _working_point(path: Path) -> None:
    from kit.ecal.working_points import read

    read(path)


def _features(path: Path) -> None:
    from kit.ecal.features import read_features

    read_features(path)


def _event_log(path: Path) -> None:
    from kit.batch.events import EventLog

    log = EventLog(path)
    log.read()
    EventLog(path).recall(log.remembered())


def _parameters(path: Path) -> None:
    from kit.opendata.masses import MassParameters
    from kit.parameters import read_yaml

    MassParameters.build(read_yaml(path), str(path))


def _points(path: Path) -> None:
    from kit.batch.tables import read
    from kit.opendata.masses import MassParameters

    read(path, MassParameters)


def _campaign(path: Path) -> None:
    from kit.batch.campaign import read_campaign

    read_campaign(path)


def _notebook(path: Path) -> None:
    from kit.batch.checks import imports_of
    from kit.batch.notebooks import Notebook

    notebook = Notebook(path)
    _ = notebook.title, notebook.kernel, notebook.following, notebook.values, notebook.model
    imports_of(notebook)


def _manifest(path: Path) -> None:
    from kit.manifest import complete_below, load

    run = load(path.parent)
    _ = run.stage, run.state, run.parameters, run.summary
    complete_below(path.parent)


TARGETS = {
    target.name: target
    for target in (
        Target("pixelav", "clusters.out", _clusters),
        Target("pulses", "pulses.csv", _pulses),
        Target("delays", "delays.csv", _delays),
        Target("raw", "run.raw", _raw),
        Target(
            "procedure",
            "main.yaml",
            _procedure,
            beside=dict.fromkeys(
                ("as_reset.yaml", "daq.yaml", "characterisation.yaml", "injected_channels.yaml"), EMPTY
            ),
        ),
        Target("message", "message.yaml", _message, names_file=False),
        Target("config", "config.txt", _config),
        Target("efficiencies", "efficiencies.txt", _efficiencies),
        Target("spectrum", "spectrum.tbl", _spectrum),
        Target("sampling_log", "sampling.log", _sampling_log),
        Target("catalogue", "primaries.yaml", _catalogue, beside={"a_1.root": b""}),
        Target("plan", "plan.json", _plan),
        Target("yields", "yields.json", _yields, beside={"a_1.root": b""}),
        Target("windows", "windows.ndjson", _windows),
        Target("working_point", "point.json", _working_point),
        Target("features", "features.yaml", _features),
        Target("event_log", "events.log", _event_log),
        Target("parameters", "masses.yaml", _parameters),
        Target("points", "points.yaml", _points),
        Target("points_csv", "points.csv", _points),
        Target("points_jsonl", "points.jsonl", _points),
        Target("campaign", "campaign.yaml", _campaign, beside={"toy.ipynb": json.dumps(TOY).encode()}),
        Target("notebook", "beam.ipynb", _notebook),
        Target("manifest", "manifest.json", _manifest),
    )
}
