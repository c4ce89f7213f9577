"""What batch refuses is told to a person as it is."""

from kit.batch.condor import CondorError
from kit.batch.faults import SubmissionError


def test_what_htcondor_refuses_is_a_refusal_of_batch_whose_words_stay_as_they_are():
    assert issubclass(CondorError, SubmissionError)
    assert issubclass(SubmissionError, RuntimeError)
    assert str(SubmissionError("x is 3, should be 4")) == "x is 3, should be 4"


def test_the_command_tells_a_refusal_in_one_line_with_status_two(kit, toy):
    answer = kit("submit", toy, "--over", "x=1..3", "--extra", "queue 3", "--profile", "local")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.strip() == "kit: extra: 'queue 3' changes queue, which the kit relies on; leave it out"
