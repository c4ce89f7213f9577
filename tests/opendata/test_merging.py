"""Adding the results of jobs: each piece once, and a refusal with reasons where that cannot be."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.files import FormatError
from kit.opendata.massfile import read_masses, write_masses
from kit.opendata.merging import merge_masses
from kit.opendata.pieces import Piece
from kit.opendata.spectra import Grid, PieceRecord, Spectra, merge
from kit.run import RunError

GRID = Grid(10.0, 100)
PAIRS = [("2e_0m_0j_0g_0t_0b", "e0e1"), ("2e_0m_1j_0g_0t_0b", "e0e1"), ("2e_0m_1j_0g_0t_0b", "e0j0")]


def piece(number, first=0, last=10, path=None):
    return Piece(path or f"file{number}.root", f"uuid{number}", 1000, 20, first, last)


def record(of, masses, schema="2020e-13tev"):
    """Return the record of a piece whose events have these (pair, bin)."""
    table = {}
    for pair, place in masses:
        table[pair, place] = table.get((pair, place), 0) + 1
    used = sorted({pair for pair, _ in masses})
    rows = [(used.index(pair), place, count) for (pair, place), count in sorted(table.items())]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    events = Counter(PAIRS[pair][0] for pair, _ in masses)
    spectra = Spectra(GRID, dict(events), [PAIRS[pair] for pair in used], *columns)
    return PieceRecord(of, spectra, {"read": len(masses) + 1}, {"e": 1}, {"e": 9, "j": 3}, schema)


@pytest.fixture
def result(tmp_path):
    """Return a function that writes records as the result of a job, and opens it."""
    numbers = itertools.count()

    def write(*records, job=1, jobs=1, planned=None, failed=(), selection=None, grid=GRID):
        path = tmp_path / f"job{next(numbers)}" / "masses.parquet"
        path.parent.mkdir()
        planned = [r.piece for r in records] if planned is None else planned
        about = {
            "selection": selection or {"max_count": 4, "pt_min": {"e": 25.0}},
            "grid": vars(grid),
            "job": job,
            "jobs": jobs,
            "planned": [vars(p) for p in planned],
            "failed": [{"path": p, "reason": reason} for p, reason in failed],
        }
        write_masses(path, records, about)
        return read_masses(path)

    return write


FIRST, SECOND, THIRD = (record(piece(k), [(0, 9), (1, k), (2, 3 + k), (2, GRID.bins)]) for k in range(3))


def test_the_results_of_jobs_are_added(result):
    merged = merge_masses([result(FIRST, job=1, jobs=2), result(SECOND, THIRD, job=2, jobs=2)])
    assert merged.spectra == merge([FIRST.spectra, SECOND.spectra, THIRD.spectra])
    assert merged.spectra.counts(PAIRS[0])[9] == 3
    assert merged.spectra.overflow(PAIRS[2]) == 3
    assert (merged.cutflow, merged.dropped, merged.types) == ({"read": 15}, {"e": 3}, {"e", "j"})
    assert merged.schemas == {"2020e-13tev": 3}
    assert (merged.duplicates, merged.missing) == ({}, [])


masses_of_a_piece = st.lists(st.tuples(st.integers(0, 2), st.integers(-1, GRID.bins)), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(st.lists(masses_of_a_piece, min_size=1, max_size=6), st.data())
def test_the_sum_depends_neither_on_the_split_nor_on_order_and_copies(result, pieces, data):
    records = [record(piece(k), masses) for k, masses in enumerate(pieces)]
    jobs = data.draw(st.lists(st.integers(0, 2), min_size=len(records), max_size=len(records)))
    shares = [[r for r, j in zip(records, jobs, strict=True) if j == job] for job in range(3)]
    results = [result(*share, job=number, jobs=3) for number, share in enumerate(shares, 1)]
    results += data.draw(st.lists(st.sampled_from(results), max_size=2))
    merged = merge_masses(data.draw(st.permutations(results)))
    assert merged.spectra == merge([r.spectra for r in records])
    assert merged.cutflow["read"] == sum(len(masses) + 1 for masses in pieces)


def test_a_piece_from_two_jobs_is_counted_once_and_reported(result):
    one, other = result(FIRST, SECOND), result(SECOND, THIRD)
    merged = merge_masses([one, other])
    assert merged.spectra == merge([FIRST.spectra, SECOND.spectra, THIRD.spectra])
    assert merged.duplicates == {SECOND.piece.key: [one.path, other.path]}


def test_a_copy_of_the_file_under_another_path_is_the_same_piece(result):
    copy = record(piece(0, path="elsewhere/copy.root"), [(0, 9), (1, 0), (2, 3), (2, GRID.bins)])
    assert merge_masses([result(FIRST), result(copy)]).spectra == merge([FIRST.spectra])


def test_different_results_of_the_same_piece_are_refused(result):
    other = record(FIRST.piece, [(0, 9)])
    one, two = result(FIRST, SECOND), result(other)
    with pytest.raises(FormatError, match=r"same piece .* two results:\n  file0.root, entries 0 to 10: .* differ"):
        merge_masses([one, two])


def test_overlapping_ranges_are_refused_with_both_paths(result):
    overlapping = record(piece(0, 5, 15, "copy.root"), [(0, 9)])
    with pytest.raises(FormatError, match=r"twice:\n  file0.root holds the same events as copy.root"):
        merge_masses([result(FIRST), result(overlapping)])


def test_neighbouring_ranges_of_a_file_are_added(result):
    rest = record(piece(0, 10, 20), [(0, 9)])
    assert merge_masses([result(FIRST), result(rest)]).spectra.counts(PAIRS[0])[9] == 2


def test_different_selections_and_grids_are_refused_with_the_parameters(result):
    other = result(SECOND, selection={"max_count": 5, "pt_min": {"e": 25.0}, "b_tag": True}, grid=Grid(10.0, 50))
    with pytest.raises(FormatError, match="different selections") as fault:
        merge_masses([result(FIRST), other])
    told = str(fault.value)
    assert "max_count is 4 in" in told
    assert "5 in" in told
    assert "b_tag is None in" in told
    assert "grid is {'width': 10.0, 'bins': 100} in" in told
    assert "pt_min" not in told


def test_another_version_of_the_format_is_refused(result, monkeypatch):
    monkeypatch.setattr("kit.opendata.massfile.FORMAT", 99)
    later = result(FIRST).path
    monkeypatch.undo()
    with pytest.raises(FormatError, match="format version is 99, should be 1"):
        read_masses(later)


def test_missing_jobs_are_named(result):
    there = [result(FIRST, job=2, jobs=4), result(SECOND, job=4, jobs=4)]
    with pytest.raises(RunError, match=r"not complete:\n  jobs 1, 3 of 4 are missing\n.*accept_partial"):
        merge_masses(there)
    merged = merge_masses(there, accept_partial=True)
    assert merged.missing == ["jobs 1, 3 of 4 are missing"]
    assert merged.spectra == merge([FIRST.spectra, SECOND.spectra])


def test_one_missing_job_is_named(result):
    merged = merge_masses([result(FIRST, job=1, jobs=3), result(SECOND, job=3, jobs=3)], accept_partial=True)
    assert merged.missing == ["job 2 of 3 is missing"]


def test_jobs_that_no_result_tells_of_are_missing_if_expected(result):
    with pytest.raises(RunError, match="1 of 3 expected jobs"):
        merge_masses([result(FIRST), result(SECOND)], expected_jobs=3)
    assert merge_masses([result(FIRST), result(SECOND)], expected_jobs=2).missing == []


def test_a_result_given_twice_is_one_job(result):
    first = result(FIRST)
    with pytest.raises(RunError, match="1 of 2 expected jobs"):
        merge_masses([first, first], expected_jobs=2)


def test_failed_and_unfinished_pieces_are_named_with_the_reason(result):
    broken = result(
        FIRST,
        planned=[FIRST.piece, SECOND.piece, THIRD.piece],
        failed=[(SECOND.piece.path, "corrupt basket"), ("unreadable.root", "zero bytes")],
    )
    with pytest.raises(RunError) as fault:
        merge_masses([broken])
    assert str(fault.value).splitlines()[1:4] == [
        "  file1.root, entries 0 to 10: corrupt basket",
        "  file2.root, entries 0 to 10: not done",
        "  unreadable.root: zero bytes",
    ]


def test_what_failed_in_one_job_and_was_done_by_another_is_not_missing(result):
    broken = result(FIRST, planned=[FIRST.piece, SECOND.piece], failed=[(SECOND.piece.path, "timeout")])
    merged = merge_masses([broken, result(SECOND)])
    assert merged.missing == []
    assert merged.spectra == merge([FIRST.spectra, SECOND.spectra])


def test_many_missing_pieces_are_counted_not_listed(result):
    planned = [piece(k) for k in range(25)]
    with pytest.raises(RunError, match="and 15 more"):
        merge_masses([result(planned=planned)])


def test_nothing_done_is_an_empty_sum(result):
    merged = merge_masses([result()])
    assert (merged.spectra.pairs, merged.spectra.total, merged.pieces) == ([], 0, [])


@pytest.mark.parametrize(
    ("told", "luminosity"),
    [
        ([("simulation", 10.0), ("data", None)], 10.0),
        ([("simulation", 10.0), ("simulation", 36.0)], None),
        ([("simulation", 10.0), ("simulation", None)], None),
        ([("data", None), ("unknown", None)], None),
    ],
)
def test_what_events_are_and_which_luminosity_they_stand_for_is_told(result, told, luminosity):
    records = [
        replace(record(piece(number), [(0, 5)]), kind=kind, luminosity=of)
        for number, (kind, of) in enumerate(told)
    ]
    merged = merge_masses([result(*records)])
    assert merged.kinds == dict(Counter(kind for kind, _ in told))
    assert merged.luminosity == luminosity
