"""A command ends by what the run is: good, or with points that failed or are missing."""

import json

import pytest

from kit.batch.answers import WORSE, answer, end, sayer


@pytest.fixture
def ended(capsys):
    """Return a function that lets a command end, and returns its exit status and what it printed."""

    def call(status, *, as_json=False, waits=True, excused=False):
        with pytest.raises(SystemExit) as stop:
            end(status, {"as_json": as_json}, waits=waits, excused=excused)
        return stop.value.code, capsys.readouterr().out

    return call


def test_all_points_done_is_good_and_the_run_is_merged(written, ended):
    made = written(2)
    made.send([0, 1])
    made.bring({0: "done", 1: "done"})
    made.tell("end", 0)
    code, text = ended(made.read(), waits=False)
    assert (code, text.splitlines()[1:]) == (0, ["run"])
    assert "2/2 done" in text
    assert (made.batch.merged / "points.csv").is_file()


def test_what_is_at_work_is_good_for_who_does_not_wait_for_its_end(written, ended):
    made = written(4)
    made.send([0, 1], [2, 3])
    made.bring({0: "failed"})
    assert ended(made.read())[0] == 0
    assert ended(made.read(), waits=False)[0] == WORSE
    made.tell("end", 0)
    made.tell("end", 1)
    code, text = ended(made.read())
    assert code == WORSE
    assert "1 failed, 3 missing" in text
    assert "1 failed: cell 3: ValueError: too big (first: point 0)" in text


def test_what_nothing_will_move_is_not_good(written, ended):
    made = written(1)
    made.send([0])
    made.tell("hold", 0, "Transfer input files failure\n\tCode 13 Subcode 2")
    code, text = ended(made.read())
    assert code == WORSE
    assert "1 held" in text
    assert "1 jobs: an input file could not be sent" in text


def test_what_is_excused_such_as_a_dry_run_is_good_though_all_points_are_missing(written, ended):
    made = written(2)
    made.write([0, 1])
    assert ended(made.read(), excused=True)[0] == 0
    assert ended(made.read())[0] == WORSE


def test_in_json_it_says_the_same(written, ended):
    made = written(2)
    made.send([0, 1])
    made.bring({0: "done", 1: "failed"})
    made.tell("end", 0)
    code, text = ended(made.read(), as_json=True)
    told = json.loads(text)
    assert (code, told["done"], told["failed"], told["over"]) == (WORSE, 1, 1, True)
    assert told["reasons"] == ["1 failed: cell 3: ValueError: too big (first: point 1)"]
    assert told["run"] == str(made.batch.directory)


def test_sentences_leave_the_place_of_the_answer_free_where_it_is_json(capsys):
    sayer({"as_json": False})("sent")
    assert capsys.readouterr() == ("sent\n", "")
    sayer({"as_json": True})("sent")
    answer({"word": "Größe"})
    out, err = capsys.readouterr()
    assert (json.loads(out), err) == ({"word": "Größe"}, "sent\n")
    assert "Größe" in out


def test_a_run_that_is_not_ours_to_write_is_told_all_the_same(written, ended):
    made = written(2)
    made.send([0, 1])
    made.bring({0: "done", 1: "failed"})
    made.tell("end", 0)
    made.batch.merged.touch()  # nothing can be written into it
    code, text = ended(made.read())
    assert code == WORSE
    assert "1/2 done, 1 failed" in text
