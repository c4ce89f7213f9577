"""A first point that failed stops everything else, and says what went wrong where it went wrong."""

import re
import shlex

import pytest

from kit.batch import first_point, launching
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.planning import make_plan
from kit.batch.status import status_of


def test_a_worker_that_cannot_begin_is_told_by_its_own_words(toy, commands, tmp_path):
    options = Options(profile="condor", environment={"python": "/no/such/python"}, memory_mb=300, retries=0)
    plan = make_plan(str(toy), {}, {"x": [1, 2]}, options)
    with pytest.raises(SubmissionError, match=r"run\.sh: there is no /no/such/python on \S+ \(see run/") as fault:
        launching.launch(plan, tmp_path / "run", say=lambda _text: None)
    where = re.search(r"\(see (.*)\)", str(fault.value))[1]
    assert "/no/such/python" in (tmp_path / shlex.split(where)[0]).read_text()


def test_a_point_that_failed_is_told_by_its_error(toy, sent):
    made = sent(toy, {"x": [1, 2, 3]}, per_job=3)
    made.bring({0: "failed"})
    with pytest.raises(SubmissionError, match=r"nothing else was started: cell .*\(see .*outputs\)"):
        first_point.check(status_of(made.batch.directory), made.latest)


def test_silence_is_told_too_and_a_point_that_is_done_is_no_fault(toy, sent):
    made = sent(toy, {"x": [1, 2, 3]}, per_job=3)
    with pytest.raises(SubmissionError, match=r"its worker did not come to an end, and printed nothing \(see "):
        first_point.check(status_of(made.batch.directory), made.latest)
    made.bring({0: "done"})
    first_point.check(status_of(made.batch.directory), made.latest)
