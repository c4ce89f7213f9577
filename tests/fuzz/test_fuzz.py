"""Foreign bytes are read or refused by name, whatever they are: the corpus, and many of its mutants."""

import time
from pathlib import Path

import pytest

from tests.fuzz.mutations import mutants
from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")
SECONDS, SLOW_SECONDS = 0.25, 120.0  # of CPU, for each target


def seeds(name):
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_in_the_corpus_is_read_or_refused_by_name(name, tmp_path):
    told = [TARGETS[name].feed(content, tmp_path) for content in seeds(name)]
    assert "" in told  # one of them at least is good


@pytest.mark.parametrize("name", TARGETS)
def test_mutants_of_the_corpus_are_read_or_refused_by_name(name, tmp_path, request, record_property):
    end = time.process_time() + (SLOW_SECONDS if request.config.getoption("--slow") else SECONDS)
    count = 0
    for content in mutants(seeds(name), 10**9, seed=1):
        count += 1
        try:
            TARGETS[name].feed(content, tmp_path)
        except Exception:
            (tmp_path / "found").write_bytes(content)
            raise
        if time.process_time() > end:
            break
    record_property("executions", count)
