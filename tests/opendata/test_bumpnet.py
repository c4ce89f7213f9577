"""BumpNet files: what is written is read back, and the reader's rules refuse what they should."""

import re
from pathlib import Path

import numpy as np
import pytest
import uproot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.opendata.bumpnet import (
    Histogram,
    cropped,
    final_state_read,
    histogram_name,
    read_histograms,
    refusal,
    write_histograms,
)

NAME = "ROI_mass_e0j0_cat_2ex_0mx_1jx_0gx_0tx_0bx_width_10.0"
NAMES_OF_THE_SPECIFICATION = re.compile(r"^ROI_mass_([emjbgt]\d)+_cat_(\d+[emjgtb]x_?)+_width_10\.0$")
spectra = st.lists(st.integers(0, 50), min_size=1, max_size=60).map(lambda c: np.array(c, dtype=np.int64))


def spectrum(counts, low=80.0, width=10.0, name=NAME):
    counts = np.asarray(counts, dtype=np.int64)
    return Histogram(name, counts, low, low + width * len(counts))


def test_a_pair_is_named_as_bumpnet_knows_it():
    assert histogram_name("2e_0m_1j_0g_0t_0b", "e0j0", 10) == NAME


letters = st.sampled_from("emjbgt")
combinations = st.lists(st.tuples(letters, st.integers(0, 3)), min_size=1, max_size=4)


@given(st.lists(st.integers(0, 12), min_size=6, max_size=6), combinations)
def test_every_name_has_the_form_of_the_specification(numbers, objects):
    final_state = "_".join(f"{n}{letter}" for n, letter in zip(numbers, "emjgtb", strict=True))
    name = histogram_name(final_state, "".join(f"{letter}{rank}" for letter, rank in objects), 10.0)
    assert NAMES_OF_THE_SPECIFICATION.match(name)
    e, m, j, _, _, b = numbers
    assert final_state_read(name) == {"ex": e, "mx": m, "jx": j, "bx": b}


@given(spectra)
def test_a_cropped_histogram_starts_and_ends_with_a_filled_bin_and_keeps_every_entry(counts):
    histogram = cropped(NAME, counts, 10.0, slice(0, len(counts)))
    if histogram is None:
        assert not counts.any()
        return
    assert histogram.counts[0] > 0
    assert histogram.counts[-1] > 0
    assert histogram.entries == counts.sum()
    assert histogram.low == 10.0 * np.flatnonzero(counts)[0]
    assert histogram.high == 10.0 * (np.flatnonzero(counts)[-1] + 1)


def test_a_part_is_cropped_on_the_grid_of_the_whole():
    histogram = cropped(NAME, np.array([1, 4, 2, 0, 0, 3, 0]), 10.0, slice(3, 7))
    assert (histogram.counts.tolist(), histogram.low, histogram.high) == ([3], 50.0, 60.0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(st.tuples(spectra, st.integers(0, 100), st.integers(0, 9)), max_size=5))
def test_what_is_written_reads_back_the_same_and_in_order(tmp_path, drawn):
    written = [
        Histogram(f"{NAME}_{k}", counts, 10.0 * low, 10.0 * (low + len(counts)), overflow)
        for k, (counts, low, overflow) in enumerate(drawn)
    ]
    assert write_histograms(tmp_path / "some.root", written) == []
    read = read_histograms(tmp_path / "some.root")
    assert [h.name for h in read] == [h.name for h in written]
    for ours, theirs in zip(written, read, strict=True):
        assert np.array_equal(ours.counts, theirs.counts)
        assert (ours.low, ours.high, ours.overflow) == (theirs.low, theirs.high, theirs.overflow)
        assert ours.moments() == theirs.moments()


def test_single_histograms_can_be_read(tmp_path):
    write_histograms(tmp_path / "some.root", [spectrum([k + 1], name=f"{NAME}_{k}") for k in range(4)])
    read = read_histograms(tmp_path / "some.root", {f"{NAME}_3", f"{NAME}_1", "another"})
    assert [(h.name, h.entries) for h in read] == [(f"{NAME}_1", 2), (f"{NAME}_3", 4)]


def test_root_finds_a_th1f_whose_key_is_its_title(tmp_path):
    write_histograms(tmp_path / "some.root", [spectrum([3, 1])])
    with uproot.open(tmp_path / "some.root") as file:
        assert file.classnames() == {f"{NAME};1": "TH1F"}
        assert (file[NAME].name, file[NAME].title) == (NAME, NAME)


def test_entries_and_moments_are_those_of_entries_at_the_centres_of_their_bins(tmp_path):
    masses = np.repeat([85.0, 95.0, 115.0], [7, 2, 1])
    write_histograms(tmp_path / "some.root", [spectrum([7, 2, 0, 1])])
    with uproot.open(tmp_path / "some.root") as file:
        stored = file[NAME]
        assert stored.member("fEntries") == len(masses)
        assert stored.member("fTsumw") == stored.member("fTsumw2") == len(masses)
        mean = stored.member("fTsumwx") / stored.member("fTsumw")
        square = stored.member("fTsumwx2") / stored.member("fTsumw")
        assert mean == pytest.approx(np.mean(masses), rel=1e-12)
        assert np.sqrt(square - mean**2) == pytest.approx(np.std(masses), rel=1e-9)


def test_entries_in_the_overflow_count_as_entries_but_not_in_the_moments(tmp_path):
    histogram = Histogram(NAME, np.array([2, 1]), 10.0, 31.0, overflow=4, sums=(55.5, 1100.25))
    write_histograms(tmp_path / "some.root", [histogram])
    with uproot.open(tmp_path / "some.root") as file:
        stored = file[NAME]
        assert stored.member("fEntries") == 7
        assert [stored.member(f"fTsum{s}") for s in ("w", "wx", "wx2")] == [3.0, 55.5, 1100.25]
        assert stored.values(flow=True).tolist() == [0.0, 2.0, 1.0, 4.0]


def test_a_bin_too_full_for_a_th1f_makes_a_th1d_of_that_key_alone(tmp_path):
    full, fits = spectrum([2**24 + 1, 1], name=NAME), spectrum([2**24, 1], name=NAME + "_fits")
    assert write_histograms(tmp_path / "some.root", [full, fits]) == [NAME]
    with uproot.open(tmp_path / "some.root") as file:
        assert list(file.classnames().values()) == ["TH1D", "TH1F"]
    assert read_histograms(tmp_path / "some.root")[0].counts[0] == 2**24 + 1


def test_two_histograms_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match=f"some.root: two histograms are named {NAME}"):
        write_histograms(tmp_path / "some.root", [spectrum([1]), spectrum([2])])


def test_a_file_without_histograms_is_a_root_file(tmp_path):
    assert write_histograms(tmp_path / "none.root", []) == []
    assert read_histograms(tmp_path / "none.root") == []


@pytest.mark.parametrize(
    ("counts", "at_25", "at_30"),
    [
        ([4] * 30, "", ""),
        ([4] * 29, "", "few bins"),
        ([4] * 25, "", "few bins"),
        ([4] * 24, "few bins", "few bins"),
        ([4] * 25 + [0] * 5, "", "few bins"),  # the tail is cut before bins are counted
        ([3] * 33, "few events", "few events"),
        ([4, *[0] * 24, 96], "", "few bins"),  # gaps inside do not matter
        ([0] + [4] * 40, "first bin empty", "first bin empty"),
        ([0] * 1000, "empty", "empty"),
        ([], "empty", "empty"),
        ([4] * 24 + [0.36], "few events", "few bins"),  # weighted: 0.35 ends the tail
        ([5] * 24 + [0.35], "few bins", "few bins"),
    ],
)
def test_the_reader_takes_or_refuses(counts, at_25, at_30):
    assert refusal(NAME, np.array(counts), 25) == at_25
    assert refusal(NAME, np.array(counts), 30) == at_30


@pytest.mark.parametrize(
    "name", ["mass_e0j0_cat_2ex", "ROI_e0j0_cat_2ex", "ROI_mass_e0j0", "ROI_mass_g0g1_cat_2gx"]
)
def test_a_name_that_the_reader_cannot_use_is_refused(name):
    assert refusal(name, np.full(40, 9)) == "name"


def test_the_whole_range_from_zero_is_refused_but_the_cropped_histogram_accepted():
    counts = np.zeros(1000, dtype=np.int64)
    counts[5:40] = 10
    assert refusal(NAME, counts) == "first bin empty"
    assert refusal(NAME, cropped(NAME, counts, 10.0, slice(0, 1000)).counts) == ""


def test_weighted_histograms_keep_sums_and_errors(tmp_path: Path):
    weights = (np.array([1.5, 0.0, -0.25]), np.array([1.25, 0.0, 0.0625]))
    whole = cropped("ROI_x", np.array([0, 2, 0, 1]), 10.0, slice(0, 4), tuple(np.append(0.0, w) for w in weights))
    assert whole is not None
    write_histograms(tmp_path / "a.root", [whole])
    with uproot.open(tmp_path / "a.root") as file:
        stored = file["ROI_x"]
        assert stored.classname == "TH1F"
        assert stored.values().tolist() == weights[0].tolist()
        assert stored.variances().tolist() == weights[1].tolist()
        assert stored.member("fEntries") == 3
        assert stored.member("fTsumw") == pytest.approx(1.25)
        assert stored.member("fTsumw2") == pytest.approx(1.3125)
        assert stored.axis().edges().tolist() == [10, 20, 30, 40]
    (back,) = read_histograms(tmp_path / "a.root")
    assert back.weights is not None
    assert back.contents.tolist() == weights[0].tolist()
