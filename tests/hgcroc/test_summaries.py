"""Summaries against the plain ones, row by row, and the reference values of the real files."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.hgcroc.archive import read_archive, write_archive
from kit.hgcroc.rawdata import decode, pack, unpack
from kit.hgcroc.summaries import SUMMARY, row_columns, summarise
from tests.hgcroc import reference
from tests.hgcroc.samples import archive, columns, real_file


def assert_as_plain(data, chips):
    summary, plain = (
        summarise(decode(data), chips, exclude_corrupt=False),
        reference.summarise(reference.read_records(data)),
    )
    rows = row_columns(chips)
    assert len(plain) == len(rows["chip"])
    for place in range(len(rows["chip"])):
        wanted = plain[rows["chip"][place], rows["channeltype"][place], rows["channel"][place]]
        for name, value in wanted.items():
            if name not in SUMMARY:
                continue
            found = summary[name][place]
            if value is None or (name.endswith("_hit") and rows["channeltype"][place] == 100):
                assert np.isnan(found), name
            elif name == "toa_mean_hit":
                assert abs((found - value + 512) % 1024 - 512) < 0.01
            else:
                assert found == pytest.approx(value, rel=2e-6, abs=1e-6), name


@given(st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=6)
def test_any_events_are_summarised_as_row_by_row(events, seed):
    assert_as_plain(archive(events, 2, seed), 2)


def test_a_real_file_is_summarised_as_row_by_row(shared_data):
    assert_as_plain(real_file(shared_data, 81)[: 45 + 392 * 60], 3)


def test_run_1_has_the_reference_values(shared_data):
    summary = summarise(decode(real_file(shared_data, 1)), 3)
    assert (summary["adc_median"][10], summary["adc_iqr"][10], summary["n"][10]) == (402, 2, 518)
    assert summary["adc_mean"][10] == pytest.approx(401.8398, abs=5e-5)
    assert summary["adc_stdd"][10] == pytest.approx(1.2518, abs=5e-5)
    assert not summary["toa_efficiency"].any()
    assert np.isnan(summary["toa_mean_hit"]).all()


def test_the_noise_of_channels_without_injection_is_that_of_the_real_board(shared_data):
    summary = summarise(decode(real_file(shared_data, 77)), 3)
    rows = row_columns(3)
    quiet = (rows["channeltype"] == 0) & ~np.isin(rows["channel"], [10, 20, 40, 50]) & (rows["chip"] != 1)
    assert np.median(summary["adc_stdd"][quiet]) == pytest.approx(1.05, abs=0.05)


def test_toa_moves_64_codes_a_phase_step(shared_data):
    rows = row_columns(3)
    struck = (rows["channeltype"] == 0) & np.isin(rows["channel"], [10, 20, 40, 50]) & (rows["chip"] != 1)
    early, late = (
        summarise(decode(real_file(shared_data, run)), 3)["toa_median"][struck].astype(int) for run in (77, 160)
    )
    step = ((late - early) % 1024) / 5  # run 160 stands 5 phases after run 77
    assert ((step > 62.7) & (step < 64.1)).all()


def test_the_slope_of_tot_is_four_fifths_of_the_injection_dac(shared_data):
    rows = row_columns(3)
    struck = (rows["channeltype"] == 0) & np.isin(rows["channel"], [10, 20, 40, 50]) & (rows["chip"] != 1)
    low, high = (
        summarise(decode(real_file(shared_data, run)), 3)["tot_median"][struck].astype(int) for run in (68, 77)
    )
    assert np.median((high - low) / (1536 - 384)) == pytest.approx(0.80, abs=0.05)


def test_the_chip_without_tdc_has_no_times(shared_data):
    for run in (68, 77, 160):
        summary, chip = summarise(decode(real_file(shared_data, run)), 3), row_columns(3)["chip"]
        assert not summary["toa_median"][chip == 1].any()
        assert not summary["tot_median"][chip == 1].any()


def test_times_are_averaged_across_the_edge():
    made = columns(2)
    made["toa"] = np.stack([np.full((2, 37), 1023), np.full((2, 37), 3)])
    raw = unpack(read_archive(write_archive(np.arange(2), np.zeros(2), pack(**made))))
    summary = summarise(raw, 1)
    assert summary["toa_mean_hit"][:74] == pytest.approx(np.full(74, 1.0), abs=1e-3)
    assert summary["toa_mean"][:74] == pytest.approx(np.full(74, 513.0))


def test_broken_halves_are_counted_and_left_out_unless_wanted():
    frames = read_archive(archive(10, 2))
    frames.words[4, 1, 5] ^= np.uint32(1 << 25)  # event 2 of chip 0, second half
    raw = unpack(frames)
    clean, dirty = (summarise(raw, 2, exclude_corrupt=exclude) for exclude in (True, False))
    rows = row_columns(2)
    half = (rows["chip"] == 0) & (rows["channeltype"] == 0) & (rows["channel"] >= 36)
    assert (clean["n"][half] == 9).all()
    assert (clean["n"][~half & (rows["channeltype"] == 0)] == 10).all()
    assert (dirty["n"] == 10).all()
    for summary in (clean, dirty):
        assert (summary["n_bad"][half] == 1).all()
        assert summary["n_bad"].sum() == 36 + 1 + 2


def test_what_was_not_measured_is_not_a_number():
    summary = summarise(decode(archive(3, 1)), 2)
    chip = row_columns(2)["chip"]
    assert not summary["n"][chip == 1].any()
    assert np.isnan(summary["adc_mean"][chip == 1]).all()
    assert np.isfinite(summary["adc_mean"][chip == 0]).all()


def test_records_of_chips_that_the_board_has_not_are_left_out():
    assert (summarise(decode(archive(3, 3)), 2)["n"] == 3).all()


def test_a_long_run_does_not_overflow():
    events = 70_000
    words = pack(
        np.full((1, 2, 37), 1023), np.full((1, 2, 37), 1023), np.full((1, 2, 37), 4088), 3, np.full((1, 2, 2), 9)
    )
    frames = read_archive(write_archive(np.arange(events), np.zeros(events), words.repeat(events, axis=0)))
    summary = summarise(unpack(frames), 1)
    assert (summary["adc_mean"][0], summary["tot_mean"][0], summary["tot_stdd"][0]) == (1023, 4088, 0)
    assert (summary["toa_efficiency"][0], summary["toa_efficiency_error"][0]) == (1, 0)
