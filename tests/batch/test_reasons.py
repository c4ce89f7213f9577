"""Why a job does not run, in plain words: on the logs of a real pool, and for every code of the table."""

import re

import pytest

from kit.batch.events import EventLog, Job
from kit.batch.reasons import explain, grouped, is_environment, is_memory, is_wall_time, named_file


@pytest.fixture
def zoo(shared_data):
    """Return the job of a cluster, as a real pool left it."""
    log = EventLog(shared_data / "batch" / "zoo.log")
    log.read()
    return lambda cluster: log.jobs[cluster, 0]


@pytest.fixture
def hungry(shared_data, tmp_path):
    """Return the first job of the memory ladder at its first hold."""
    whole = (shared_data / "batch" / "memory_ladder.log").read_bytes()
    (tmp_path / "cut.log").write_bytes(whole[: whole.index(b"\n013 ") + 1])
    log = EventLog(tmp_path / "cut.log")
    log.read()
    return next(job for job in log.jobs.values() if job.state == "held")


@pytest.mark.parametrize(
    ("cluster", "words", "advice"),
    [
        (5, "an input file could not be sent: /home/alice/run/not_there.root", "missing or unreadable"),
        (6, "a result could not be brought back: /pool/condor/dir_169885/never_made.jsonl", "quota or permission"),
        (7, "the program cannot be started on the node: /pool/condor/dir_169951/garbage", "interpreter line"),
        (8, "the job's own rule held it", ""),
        (9, "held by alice", "kit release"),
        (12, "ran longer than allowed", "shorter chunks or more time"),
        (10, "removed", "sends its points again"),
        (11, "removed: over the time of its flavour", "shorter jobs"),
        (2, "its worker ended with exit status 3", "see its .err"),
        (3, "its worker ended with signal 11", "see its .err"),
    ],
)
def test_what_a_real_pool_did_is_told_in_words_with_the_file_and_the_way_out(zoo, cluster, words, advice):
    job = zoo(cluster)
    reason = explain(job)
    assert reason.words == words
    assert advice in reason.advice
    assert reason.text == job.reason  # the pool's own text follows as it is


def test_memory_holds_of_a_real_pool_tell_peak_and_request(hungry):
    assert (hungry.code, hungry.subcode) == (21, 102)
    reason = explain(hungry, 16000)
    assert reason.words == (
        f"used more memory than requested (peak {hungry.peak_mb} MB, request {hungry.request_mb} MB)"
    )
    assert hungry.peak_mb > hungry.request_mb > 0
    assert reason.advice.startswith("goes on by itself up to 16000 MB")


@pytest.mark.parametrize(
    ("codes", "words", "advice"),
    [
        ([(34, 0), (34, 1), (21, 102)], "used more memory than requested", "by itself"),
        ([(13, 2)], "an input file could not be sent", "missing or unreadable"),
        ([(12, 2)], "a result could not be brought back", r"\.err"),
        ([(6, 8)], "the program cannot be started on the node", "architecture and the container"),
        ([(7, 0)], "stdout cannot be opened", "token for AFS"),
        ([(8, 0)], "stdin cannot be opened", "token for AFS"),
        ([(9, 0)], "stderr cannot be opened", "token for AFS"),
        ([(10, 0)], "cannot be opened", "token for AFS"),
        ([(14, 0)], "the submit directory cannot be reached", "schedd"),
        ([(4, 0), (18, 0), (22, 0)], "refused", "kinit, then release"),
        ([(46, 0), (47, 0)], "ran longer than allowed", "shorter chunks or more time"),
        ([(3, 42), (5, 0)], "the job's own rule", "^$"),
        ([(26, 0), (27, 0)], "a rule of the site", "24 h"),
        ([(1, 0)], "held by its user", "release"),
        ([(16, 0)], "its input is being spooled", "wait"),
        ([(99, 7), (21, 101)], r"held with code (99\.7|21\.101)", "the pool's text"),
    ],
)
def test_every_code_of_the_table_has_its_words_and_its_advice(codes, words, advice):
    for code, subcode in codes:
        reason = explain(Job(state="held", code=code, subcode=subcode, reason="as the pool has it"))
        assert re.search(words, reason.words)
        assert re.search(advice, reason.advice)
        assert reason.text == "as the pool has it"
        assert "{" not in reason.words


def test_what_resume_does_differently_is_told_apart(zoo, hungry):
    kinds = {is_memory: {"hungry"}, is_wall_time: {11, 12}, is_environment: {5, 7}}
    jobs = {number: zoo(number) for number in range(1, 15)} | {"hungry": hungry}
    for kind, those in kinds.items():
        assert {name for name, job in jobs.items() if kind(job)} == those


def test_a_text_without_a_file_names_none(zoo):
    assert named_file(zoo(9)) == ""
    assert named_file(Job(reason="while executing /bin/x: no")) == "/bin/x"


def test_equal_reasons_count_together_whatever_file_they_name_the_most_frequent_first(zoo, hungry):
    missing = [
        Job(state="held", code=13, reason=f"reading from file /data/{n}.root: (errno 2) No such file")
        for n in range(3)
    ]
    jobs = [("000009", zoo(9)), ("000020", hungry), ("000030", Job(state="done")), ("000040", Job(state="idle"))]
    groups = grouped([*jobs, *((f"00010{n}", job) for n, job in enumerate(missing))])
    assert [(number, first) for _, number, first in groups] == [(3, "000100"), (1, "000009"), (1, "000020")]
    assert groups[0][0].words.endswith(": /data/0.root")
