"""Public tables, and small primaries that each test can have of its own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.mu2e.captures import Closure
from kit.mu2e.efficiencies import Rates, read_efficiencies
from kit.mu2e.processes import Spectra
from kit.mu2e.spectra import dio, ipa, rpc
from kit.mu2e.standins import TREE, Standin, write_standin

DIO, RPC, IPA = "heeck_finer_binning_2016_szafron.tbl.gz", "rpcspectrum.tbl", "ipa_spec_eff.tbl"
RUN_1430, MDC2020I = "simeff_Sim_best_v1_1_run1430.csv", "simeff_MDC2020i.csv"


@pytest.fixture(scope="session")
def public(shared_data: Path) -> Path:
    """Return the folder of public Mu2e tables."""
    return shared_data / "mu2e"


@pytest.fixture(scope="session")
def spectra(public: Path) -> Spectra:
    return Spectra(dio(public / DIO), rpc(public / RPC), Closure(90.1), ipa(public / IPA))


@pytest.fixture(scope="session")
def rates(public: Path) -> Rates:
    return read_efficiencies(public / RUN_1430)[0]


@pytest.fixture(scope="session")
def tables(public: Path) -> dict[str, str]:
    """Return the parameters that name the public tables."""
    names = {"dio_table": DIO, "rpc_table": RPC, "ipa_table": IPA, "efficiencies": RUN_1430}
    return {name: str(public / file) for name, file in names.items()}


@pytest.fixture
def make_catalogue(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes stand-ins and a catalogue: process = (entries of each file, normaliser)."""

    def make(name: str = "primaries", **processes: tuple[list[int], float]) -> Path:
        catalogue: dict[str, Any] = {}
        for place, (process, (files, normaliser)) in enumerate(processes.items()):
            paths = []
            for number, entries in enumerate(files):
                path = tmp_path / f"nts.mu2e.{process}.test.001430_{number:08d}.root"
                made = Standin(
                    process, entries, normaliser, THRESHOLDS.get(process), 100 * place + number, subrun=number
                )
                paths.append(str(write_standin(path, made, basket=200)))
            key = "livetime_s" if "Cosmic" in process else "generated"
            entry = {"files": paths, "tree": TREE, "normaliser": {key: normaliser}, "synthetic": True}
            threshold = THRESHOLDS.get(process)
            catalogue[process] = entry | ({"gen_emin": threshold} if threshold else {})
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(catalogue))
        return path

    return make


THRESHOLDS = {"DIO": 95.0, "RPCExternal": 50.0, "RPCInternal": 50.0, "RMCExternal": 85.0, "IPAMichel": 70.0}
