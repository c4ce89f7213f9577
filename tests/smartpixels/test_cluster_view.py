"""One cluster as the panel shows it is the cluster as the stage makes it."""

import os

import numpy as np
import pandas as pd
import pytest

from kit.run import Run
from kit.smartpixels import cluster_view, demo
from kit.smartpixels.convolution import ConvolutionParameters, convolve
from tests.smartpixels import samples

NOISY = {"noise": True, "seed": 5}


@pytest.fixture
def frame(index, pulses, tmp_path):
    """Give a function that returns the codes and voltages that the stage writes."""

    def make(**values):
        given = {"clusters": [index.path], "pulses": pulses, "output": str(tmp_path / "run")}
        options = {"formats": ["adc"], "parquet_layout": "list", "select": "all"}
        p = ConvolutionParameters.build({**given, **samples.SHORT, **options, **values})
        with Run("smartpixels/convolution", p) as run:
            run.summary = convolve(p, run)
        return pd.read_parquet(tmp_path / "run" / "all" / "adc_d00001.parquet")

    return make


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"t0_fix": True},
        {"template_by": "peak"},
        {"response": "simple", "window": 20.0},
        {"response": "krummenacher"},
        NOISY,
        {"adc_input": "rounded", **NOISY},
    ],
    ids=" ".join,
)
def test_codes_and_sampled_voltages_are_those_of_the_stage(view, frame, values):
    rows = frame(**values)
    for place in (0, 3):
        found = view(place, **values)
        assert found.number == place
        wanted = rows["code"][place].reshape(2, 5, 7)
        assert np.array_equal([found.codes_at(sample) for sample in (0, 1)], wanted)
        voltage = rows["voltage"][place].reshape(2, 5, 7)
        shown = np.stack([found.noisy[..., step] for step in (10, 25)])
        if values.get("adc_input") == "rounded":
            assert abs(shown - voltage).max() <= 0.05 + 1e-9
        else:
            assert np.array_equal(shown, voltage)


def test_delays_are_those_of_the_stage(view, frame, tmp_path):
    table = tmp_path / "delays.csv"
    table.write_text("Qin_e,Qth_225,Qth_375,Qth_975\n100,11e-9,12e-9,12.4e-9\n5000,1e-9,2e-9,3e-9\n")
    values = {"delay_table": str(table), "window": 20.0, "pulse_end": 100.0}
    rows = frame(**values)
    found = view(0, **values)
    wanted = rows["code"][0].reshape(2, 5, 7)
    assert np.array_equal([found.codes_at(sample) for sample in (0, 1)], wanted)
    undelayed = view(0, window=20.0, pulse_end=100.0)
    assert not np.array_equal(undelayed.codes.codes, found.codes.codes)


def test_the_other_choices_are_what_the_choices_would_make(view):
    found = view(1)
    assert np.array_equal(found.other_start, view(1, t0_fix=True).voltage)
    assert np.array_equal(found.other_template, view(1, template_by="peak").voltage)
    back = view(1, t0_fix=True, template_by="peak")
    assert np.array_equal(back.other_start, view(1, template_by="peak").voltage)
    assert np.array_equal(back.other_template, view(1, t0_fix=True).voltage)


def test_the_template_itself_is_what_a_step_of_charge_gives(view):
    found = view(1)
    for row, column in found.touched()[:4]:
        charge = found.charge[row, column, -1]
        chosen = list(samples.SHORT_CHARGES).index(found.template[row, column])
        table = demo.make_pulses(samples.SHORT_CHARGES).splitlines()[1:]
        times, values = np.array([line.split(",")[2 * chosen : 2 * chosen + 2] for line in table], float).T
        after = times > 50e-9
        wanted = (
            np.interp(times[after][0] + found.output_times * 1e-9, times[after], values[after]) - values[after][0]
        )
        assert found.at_once[row, column] == pytest.approx(1e3 * 1.60217663e-19 * charge * wanted, abs=1e-9)


def test_noise_lies_over_the_voltage_and_is_that_of_its_seed(view):
    quiet, one, same, other = view(), view(**NOISY), view(**NOISY), view(noise=True, seed=6)
    assert np.array_equal(one.voltage, quiet.voltage)
    assert np.array_equal(quiet.noisy, quiet.voltage)
    assert (one.noisy - one.voltage).std() == pytest.approx(4.64, rel=0.1)
    assert np.array_equal(one.noisy, same.noisy)
    assert not np.isclose(one.noisy, other.noisy).any()


@pytest.mark.parametrize("by", ["final", "peak"])
def test_the_template_is_the_nearest_and_the_runner_up_the_next(view, by):
    found = view(2, template_by=by)
    own = found.charge[..., -1] if by == "final" else found.charge.max(axis=2)
    charges = np.array(samples.SHORT_CHARGES)
    for row, column in found.touched():
        order = np.argsort(abs(charges - own[row, column]), kind="stable")
        assert found.template[row, column] == charges[order[0]]
        assert found.runner_up[row, column] == charges[order[1]]
    untouched = abs(found.charge).max(axis=2) == 0
    assert untouched.any()
    assert np.isnan(found.template[untouched]).all()


def test_charge_and_voltage_at_a_time_are_those_of_the_latest_slice(view):
    found = view()
    assert not found.charge_at(0.0).any()
    assert not found.charge_at(0.009).any()
    for time, place in ((0.01, 0), (0.0199, 0), (0.02, 1), (2.0, 199), (4.0, 399), (6.0, 399)):
        assert np.array_equal(found.charge_at(time), found.charge[..., place])
    for time, place in ((0.0, 0), (0.19, 0), (0.2, 1), (2.0, 10), (6.0, 30), (9.0, 30)):
        assert np.array_equal(found.voltage_at(time), found.noisy[..., place])
    assert found.input_times[[0, -1]] == pytest.approx([0.01, 4.0])
    assert found.output_times[[0, -1]] == pytest.approx([0.0, 6.0])


def test_touched_pixels_come_with_the_highest_peak_first(view):
    found = view()
    peaks = [abs(found.charge[pixel]).max() for pixel in found.touched()]
    assert peaks == sorted(peaks, reverse=True)
    assert peaks[-1] > 0
    assert len(peaks) == (abs(found.charge).max(axis=2) > 0).sum()


def test_the_table_holds_times_charge_and_voltage(view):
    found = view()
    names, columns = found.table([(1, 2), (0, 3)])
    assert names == [
        "time (ns)",
        *("row 1 column 2 (e-)", "row 1 column 2 (mV)", "row 0 column 3 (e-)", "row 0 column 3 (mV)"),
    ]
    assert columns.shape == (31, 5)
    assert np.array_equal(columns[:, 2], found.noisy[1, 2])
    assert columns[10, 3] == found.charge[0, 3, 199]


def test_templates_are_read_once_and_anew_when_the_file_changes(view, tmp_path, pulses_text, monkeypatch):
    path = tmp_path / "own.csv"
    path.write_text(pulses_text)
    read = []
    original = cluster_view.read_pulses
    monkeypatch.setattr(
        cluster_view, "read_pulses", lambda *given, **how: read.append(1) or original(*given, **how)
    )
    first = view(pulses=str(path))
    view(1, pulses=str(path), noise=True)
    assert len(read) == 1
    path.write_text(demo.make_pulses((200.0, 2000.0)))
    os.utime(path, ns=(1, 1))
    assert not np.array_equal(view(pulses=str(path)).template, first.template, equal_nan=True)
    assert len(read) == 2
    for number in range(3 * cluster_view.MOST_KEPT):
        view(response="simple", rise_time=1.0 + number)
    assert len(cluster_view._made) <= cluster_view.MOST_KEPT


def test_pulses_that_cannot_be_used_are_refused(view, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("nothing\n")
    with pytest.raises(ValueError, match=r"bad\.csv"):
        view(pulses=str(path))
