"""Every line that came back counts once, whatever is wrong with its neighbours."""

import json

import pytest

from kit.batch.results import Results, tar_end
from kit.batch.status import status_of


def read(made):
    results = Results(made.batch)
    results.read()
    return results


def seen(results):
    return "".join(results.letters)


def test_every_state_has_its_letter_and_its_numbers_and_what_has_no_line_has_a_dot(written):
    made = written(6)
    made.bring({0: "done", 1: "failed", 2: "timeout", 3: "memory", 4: "died"})
    results = read(made)
    assert seen(results) == "dftmx."
    assert list(results.seconds) == [1, 2, 3, 4, 5, 0]
    assert list(results.rss_mb) == [100, 101, 102, 103, 104, 0]
    assert results.failures == dict.fromkeys((1, 2, 3, 4), ("ValueError", "too big", 3))
    assert results.problems == {}


@pytest.mark.parametrize(
    ("first", "second", "letter", "round_"),
    [
        ("done", "failed", "d", 1),
        ("failed", "done", "d", 2),
        ("failed", "memory", "m", 2),
        ("memory", "failed", "f", 2),
    ],
)
def test_done_in_any_round_wins_and_otherwise_the_latest_line(written, first, second, letter, round_):
    made = written(1)
    made.bring({0: second}, "002")
    late = read(made)
    made.bring({0: first}, "001")
    late.read()
    for results in (late, read(made)):
        assert (seen(results), results.rounds[0]) == (letter, round_)
        assert (0 in results.failures) is (letter != "d")


def test_what_is_added_is_read_and_nothing_twice(written, tmp_path):
    made = written(4)
    results = read(made)
    assert seen(results) == "...."
    made.bring({0: "done", 1: "done"})
    assert results.read()
    assert seen(results) == "dd.."
    assert not results.read()
    made.bring({2: "failed"}, chunk="000002")
    assert results.read()
    assert seen(results) == "ddf."


def test_pieces_of_any_size_give_what_the_whole_gives(written):
    made = written(5)
    path = made.bring(dict.fromkeys(range(5), "done"))
    whole = path.read_bytes()
    path.write_bytes(b"")
    results = Results(made.batch)
    for end in range(0, len(whole) + 97, 97):
        path.write_bytes(whole[:end])
        results.read()
        assert seen(results).count("d") == whole[:end].count(b"\n")
    assert seen(results) == "ddddd"
    assert results.problems == {}


def test_a_line_that_cannot_be_used_is_told_with_file_and_number_and_the_rest_counts(written):
    made = written(5)
    path = made.bring({0: "done", 1: "done"})
    stranger = json.dumps(made.line(3, "done") | {"id": "f" * 16})
    bare = json.dumps({"id": made.ids[3], "state": "done"})
    odd = json.dumps(made.line(3, "splendid"))
    with path.open("a") as stream:
        stream.write(f'no json\n{stranger}\n[]\n{bare}\n{odd}\n{json.dumps(made.line(4, "done"))}\n{{"id": "cut')
    results = read(made)
    assert seen(results) == "dd..d"
    assert len(list(results.lines())) == 3
    told = results.problems
    spots = {f"r001_000000.jsonl:{number}" for number in (3, 4, 5, 6, 7, 9)}
    assert spots <= told.keys()
    assert f"has a line of {'f' * 16}, which is no point of this run" in told.values()


def test_a_tar_shorter_than_its_lines_say_is_told_and_the_points_behind_are_missing(written):
    made = written(3)
    path = made.bring(dict.fromkeys(range(3), "done"))
    ends = [tar_end(json.loads(line)) for line in path.read_text().splitlines()]
    tar = path.with_suffix(".tar")
    tar.write_bytes(tar.read_bytes()[: ends[1]])
    results = read(made)
    assert seen(results) == "dd."
    told = f"has {ends[1]} bytes, should have {ends[2]} by its lines; the points behind are missing"
    assert results.problems == {"r001_000000.tar": told}


def test_a_tar_that_is_still_coming_makes_points_wait_not_lost(written):
    """The lines of a job come home before its tar; a look in between must not decide."""
    made = written(3)
    path = made.bring(dict.fromkeys(range(3), "done"))
    tar = path.with_suffix(".tar")
    whole = tar.read_bytes()
    tar.write_bytes(whole[:600])
    results = read(made)
    assert seen(results) == "d.."
    tar.write_bytes(whole)
    assert results.read()
    assert seen(results) == "ddd"
    assert results.problems == {}


def test_a_tar_that_went_to_another_place_is_believed(written):
    made = written(2, output_url="root://eos//eos/user/m/me")
    made.send([0, 1])
    made.bring({0: "done", 1: "failed"}).with_suffix(".tar").unlink()
    assert seen(read(made)) == "df"


def test_the_points_of_a_tar_that_is_gone_are_missing(written):
    made = written(2)
    made.send([0, 1])
    made.bring({0: "done", 1: "failed"}).with_suffix(".tar").unlink()
    results = read(made)
    assert seen(results) == ".."
    assert "has 0 bytes, should have" in results.problems["r001_000000.tar"]


@pytest.mark.parametrize("ending", [".jsonl", ".tar"])
@pytest.mark.parametrize("left", [None, 100])
def test_what_is_remembered_of_a_file_that_is_gone_or_cut_since_does_not_count(written, ending, left):
    made = written(2)
    path = made.bring({0: "done", 1: "done"}).with_suffix(ending)
    memory = json.loads(json.dumps(read(made).remembered()))
    assert status_of(made.batch.directory).good  # and state.json remembers
    if left is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(ValueError, match=rf"{path.name} is not as it was"):
        Results(made.batch).recall(memory)
    status = status_of(made.batch.directory)
    assert status.counts["missing"] == 2


def test_a_file_whose_job_has_ended_is_read_once_more_and_never_again(written):
    made = written(2)
    path = made.bring({0: "done"})
    results = Results(made.batch)
    assert results.read({"r001_000000"})
    with path.open("a") as stream:
        stream.write(json.dumps(made.line(1, "done")) + "\n")
    assert not results.read()
    assert seen(results) == "d."


def test_what_is_remembered_goes_on_as_if_nothing_had_been(written):
    made = written(4)
    made.bring({0: "done", 1: "failed", 2: "memory"})
    first = read(made)
    again = Results(made.batch)
    again.recall(json.loads(json.dumps(first.remembered())))
    assert again.remembered() == first.remembered()
    made.bring({3: "done"}, chunk="000003")
    assert again.read()
    assert seen(again) == "dfmd"


def test_the_places_of_points_are_those_of_the_run_whatever_a_job_counted(written):
    made = written(3)
    path = made.bring({2: "done"})
    path.write_text(json.dumps(json.loads(path.read_text()) | {"index": 0}) + "\n")
    results = read(made)
    assert seen(results) == "..d"
    assert [line["index"] for line in results.lines()] == [2]


def test_a_file_that_was_written_anew_is_read_anew(written):
    made = written(3)
    path = made.bring({0: "done", 1: "done"})
    results = read(made)
    path.write_text(json.dumps(made.line(2, "done")) + "\n")
    assert results.read()
    assert seen(results) == "ddd"


def test_the_end_of_a_tar_is_that_of_its_last_file():
    outputs = [{"offset": 512, "bytes": 10}, {"offset": 2048, "bytes": 0}, {"offset": 1024, "bytes": 700}]
    assert tar_end({"outputs": outputs}) == 2048
    assert tar_end({"outputs": []}) == 0
