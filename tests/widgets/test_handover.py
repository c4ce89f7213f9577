"""A panel submits as a person does: a parameter file, the command, a run that others can watch."""

import json

import pytest
import yaml

from kit.batch.status import status_of
from kit.calling import RefusedError
from kit.parameters import Parameters, parameter
from kit.widgets import Handover, ParameterForm


class ToyParameters(Parameters):
    x: float = parameter(1.0, "the x")
    seed: int = parameter(1, "what makes it another")
    limit: float = parameter(1e9, "the limit", gt=0)


@pytest.fixture
def handover(toy, form, python, monkeypatch, tmp_path):
    """Return the handover of a notebook that squares x; workers and memory as small as the notebook."""
    (tmp_path / "parameters").mkdir()
    return Handover("beam/toy", form.checked, interactive=False)


@pytest.fixture
def form():
    return ParameterForm(ToyParameters)


def test_the_values_of_the_form_become_a_file_and_one_job(handover, form, tmp_path, eventually):
    form.set(x=7.0)
    handover.profile.value = "local"
    handover.submit()
    assert handover.run.startswith("outputs/beam/toy/panel_")
    name = handover.run.rpartition("/")[2]
    assert yaml.safe_load((tmp_path / "outputs" / "panels" / f"{name}.yaml").read_text()) == {"x": 7.0}
    assert eventually(lambda: status_of(handover.run).good, 60)
    points = [json.loads(path.read_text()) for path in (tmp_path / handover.run).rglob("summary.json")]
    assert points in ([], [{"square": 49.0}])  # in the archive of results, until they are collected
    assert handover.run in handover.static()["text/plain"]


def test_a_sweep_is_written_as_in_a_terminal(handover, eventually):
    handover.over.value = "x=1,2 seed=1,2"
    handover.profile.value = "local"
    handover.submit()
    assert eventually(lambda: status_of(handover.run).good, 60)
    assert status_of(handover.run).total == 4


def test_a_refusal_is_told_in_the_commands_words_and_leaves_no_run(handover, tmp_path):
    handover.over.value = "y=1,2"
    with pytest.raises(RefusedError, match="y is not known"):
        handover.submit()
    assert "y is not known" in handover.runner.error
    assert list((tmp_path / "outputs" / "beam" / "toy").glob("*")) == []


def test_values_that_cannot_be_used_are_refused_before_anything_is_written(handover, form, tmp_path):
    form.set(limit=-1.0)
    with pytest.raises(ValueError, match=r"limit is -1\.0, not above 0\.0"):
        handover.submit()
    assert not (tmp_path / "outputs").exists()


def test_it_offers_the_profiles_that_there_are(handover):
    assert handover.profile.options[0] == "auto"
    assert {"local", "condor", "cern-afs"} <= set(handover.profile.options)
