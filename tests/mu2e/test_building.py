"""Building: names of files, columns of their own, tracks of one event."""

from dataclasses import replace

import numpy as np
import pytest
import uproot

from kit.mu2e.building import Builder, file_name
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.plan_files import read_plan
from tests.mu2e.ensembles import count, draw


@pytest.fixture
def plan(make_catalogue):
    path = make_catalogue(DIO=([400, 500], 9000), CRYCosmic=([300], 8000.0))
    run = draw(count(path, processes=["DIO", "CRYCosmic"]), step="plan", subruns=2)
    return read_plan(run.directory / "plan.json")


def test_files_are_named_as_mu2e_names_its_own(plan):
    p = MixtureParameters(owner="me", configuration="MDC1")
    named = replace(plan, tag="T2", run_number=1201, first_subrun=7)
    assert file_name(p, named, 3) == "nts.me.ensembleT2.MDC1.001201_00000010.root"


def test_columns_with_names_that_the_ensemble_needs_are_moved(plan):
    builder = Builder(plan, MixtureParameters())
    values = next(builder.chunks(1))
    builder.close()
    rows = sum(plan.counts[1])
    assert values["subrun"].tolist() == [1] * rows
    assert {"src_run", "src_subrun", "src_event", "src_file", "src_entry", "proc"} <= set(values)
    assert len(values["mom"]) == rows
    assert list(values)[:6] == ["run", "subrun", "event", "proc", "src_file", "src_entry"]


def test_any_chunk_of_any_subrun_is_made_alone(plan, tmp_path):
    small = replace(plan, chunk=20)
    one = Builder(small, MixtureParameters())
    whole = np.concatenate([values["mom"] for values in one.chunks(0)])
    one.close()
    assert one.write(tmp_path / "a.root", 0) == len(whole)
    with uproot.open(tmp_path / "a.root") as file:
        assert file["ntuple"]["mom"].array(library="np").tolist() == whole.tolist()
