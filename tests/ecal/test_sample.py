"""Which files a job takes, and what of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.ecal.sample import Piece, SampleParameters, ranges, share
from kit.ecal.windows import WindowParameters
from kit.files import FormatError
from kit.parameters import ParameterError


def files(folder, number):
    for i in range(number):
        (folder / f"f{i:02}.root").touch()


@given(number=st.integers(0, 12), jobs=st.integers(1, 7))
def test_the_shares_of_all_jobs_are_all_files_once_and_of_equal_size(tmp_path_factory, number, jobs):
    folder = tmp_path_factory.mktemp("x")
    files(folder, number)
    inputs = [str(path) for path in folder.iterdir()]
    shares = [share(SampleParameters(inputs=inputs, job=job, jobs=jobs)) for job in range(1, jobs + 1)]
    together = [piece for each in shares for piece in each]
    assert [Path(piece.path).name for piece in together] == [f"f{i:02}.root" for i in range(number)]
    assert [piece.number for piece in together] == list(range(1, number + 1))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_files_are_sorted_and_limited_before_they_are_shared(tmp_path):
    files(tmp_path, 9)
    p = SampleParameters(inputs=["f0[5-8].root", "f0[0-4].root"], max_files=4, job=2, jobs=2)
    assert [piece.name for piece in share(p)] == ["3_f02", "4_f03"]


def test_a_file_named_twice_is_refused(tmp_path):
    files(tmp_path, 2)
    with pytest.raises(FormatError, match=r"inputs name files twice.*\n.*f01\.root"):
        share(SampleParameters(inputs=["*.root", "f01.root"]))


def test_names_of_addresses():
    assert Piece((7, "root://eos//store/some.file.root")).name == "7_some.file"
    assert Piece((7, "https://eos/some.root?key=1#part")).name == "7_some"
    assert Piece((7, "/in/odd name ä [1]*#%.root")).name == "7_odd name ä [1]*#%"


@given(st.integers(0, 99), st.integers(0, 60), st.integers(10, 30), st.integers(0, 80))
def test_chunks_cover_the_range_once(first, events, chunk, entries):
    p = SampleParameters(first_event=first, events=events, chunk_events=chunk)
    wanted = range(entries)[first : first + events if events else None]
    assert [e for a, b in ranges(p, entries) for e in range(a, b)] == list(wanted)
    assert all(b - a <= chunk for a, b in ranges(p, entries))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"job": 3, "jobs": 2}, "job is 3, above jobs, 2"),
        ({"association": "simfraction"}, "association is simfraction, should be one of sim_fraction"),
        ({"association": "dR_simScore"}, "association is dR_simScore, whose largest value is not the best"),
        ({"cluster_score_min": 2.0}, "cluster_score_min is 2.0, above 1, for a fraction"),
        ({"chunk_events": 5}, "chunk_events is 5 events, below 10"),
    ],
)
def test_what_does_not_fit_is_refused(values, text):
    with pytest.raises(ParameterError, match=text):
        SampleParameters.build(values)


def test_energies_may_be_above_one_and_the_original_may_take_the_largest():
    SampleParameters.build({"association": "simEnergy_sharedXtals", "seed_score_min": 5.0})
    WindowParameters.build({"association": "dR_simScore", "labels": "deepsc"})
    with pytest.raises(ParameterError, match="whose largest value is not the best"):
        WindowParameters.build({"association": "dR_simScore"})
