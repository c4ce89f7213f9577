"""How points become jobs: sizes that differ by one, times within limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.batch.chunks import compact, cut, enough_mb, flavour_for, number_of_chunks, spread
from kit.batch.faults import SubmissionError
from kit.batch.options import Options


@given(st.integers(1, 3000), st.integers(1, 50))
def test_chunks_hold_each_point_once_in_order_and_differ_by_one_at_most(number, wanted):
    chunks = cut(range(number), min(wanted, number), 100)
    assert [index for chunk in chunks for index in chunk.indexes] == list(range(number))
    sizes = [len(chunk.indexes) for chunk in chunks]
    assert max(sizes) - min(sizes) <= 1


def test_a_chunk_is_named_after_its_first_point():
    chunks = cut(range(100, 220), 6, 100)
    assert [chunk.name for chunk in chunks][:2] == ["000100", "000120"]
    assert cut(range(5000, 5001), 1, 100)[0].folder == "005"


def test_twenty_points_on_two_workers_of_this_computer_are_eight_chunks_of_two_or_three():
    number = number_of_chunks(20, 60.0, Options(), 2000, workers=2)
    assert number == 8
    assert {len(chunk.indexes) for chunk in cut(range(20), number, 1)} == {2, 3}


@pytest.mark.parametrize(
    ("points", "seconds", "options", "jobs"),
    [
        (1000, 60.0, {}, 34),  # 30 points fill half an hour
        (1000, 7200.0, {}, 1000),
        (100_000, 1.0, {"max_jobs": 100}, 56),
        (100_000, 60.0, {"max_jobs": 1000}, 1000),
        (20, 60.0, {"per_job": 7}, 3),
        (3, 60.0, {"per_job": 7}, 1),
    ],
)
def test_a_job_takes_its_target_time_and_there_are_no_more_than_allowed(points, seconds, options, jobs):
    made = Options.build(options)
    assert number_of_chunks(points, seconds, made, made.max_jobs) == jobs


def test_more_than_ten_thousand_jobs_are_refused_unless_asked_for():
    with pytest.raises(SubmissionError, match="would be 20000 jobs, more than 10000"):
        number_of_chunks(20_000, 7200.0, Options(), 20_000)
    assert number_of_chunks(20_000, 7200.0, Options(per_job=1), 20_000) == 20_000


@pytest.mark.parametrize(
    ("seconds", "flavour"),
    [(0, "espresso"), (450, "espresso"), (451, "microcentury"), (1800, "longlunch"), (302_000, "nextweek")],
)
def test_the_flavour_holds_twice_the_time_and_the_start(seconds, flavour):
    assert flavour_for(seconds) == flavour


def test_what_no_flavour_holds_is_refused():
    with pytest.raises(SubmissionError, match=r"more than the longest limit, nextweek, 168 h"):
        flavour_for(303_000)


@pytest.mark.parametrize(("used", "enough"), [(0.5, 128), (106.0, 128), (107.0, 256), (1000.0, 1280)])
def test_enough_memory_is_a_fifth_more_than_was_used_in_steps(used, enough):
    assert enough_mb(used) == enough


@given(st.lists(st.integers(0, 30)))
def test_indexes_read_back_as_they_were_written(indexes):
    assert list(spread(compact(indexes))) == indexes


def test_indexes_are_written_as_people_write_them_and_a_hundred_thousand_take_no_space():
    assert compact([0, 1, 2, 5, 7, 8]) == "0-2,5,7-8"
    assert compact([]) == ""
    assert spread(compact(range(100_000))) == range(100_000)
