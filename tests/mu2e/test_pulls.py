"""Pulls and χ², against plain sums and known probabilities."""

import numpy as np
import pytest

from kit.files import FormatError
from kit.mu2e.pulls import compare, pull_text, read_pulls


def test_pulls_are_in_standard_deviations():
    found = compare(["a", "b"], [[12, 0], [9, 4]], [[9.0, 0.0], [9.0, 4.0]])
    assert found.pulls.tolist() == [[1.0, 0.0], [0.0, 0.0]]
    assert (found.chi2, found.degrees) == (1.0, 3)
    assert found.p_value == pytest.approx(0.8013, abs=1e-4)  # χ² of 1 with 3 degrees of freedom


def test_something_where_nothing_is_expected_is_infinitely_odd():
    assert compare(["a"], [[1]], [[0.0]]).pulls[0, 0] == np.inf


def test_poisson_numbers_give_even_p_values():
    random = np.random.default_rng(1)
    values = [compare(["a", "b"], random.poisson(50, (4, 2)), np.full((4, 2), 50.0)).p_value for _ in range(400)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.06)


def test_the_text_has_jobs_totals_and_chi2():
    lines = pull_text(compare(["a", "b"], [[12, 0], [9, 4]], [[9.0, 0.0], [9.0, 4.0]])).splitlines()
    assert lines[0] == "job,process,drawn,expected,pull"
    assert lines[1] == "0,a,12,9.0,1.0"
    assert lines[5] == "total,a,21,18.0,0.707107"
    assert lines[-1].startswith("chi2,,1.0,3,0.80")


def test_the_text_reads_back_the_same(tmp_path):
    made = compare(["a", "b"], [[12, 0], [9, 4]], [[9.25, 0.5], [9.25, 4.5]])
    (tmp_path / "v.csv").write_text(pull_text(made))
    found = read_pulls(tmp_path / "v.csv")
    assert (found.processes, found.drawn.tolist(), found.expected.tolist()) == (
        made.processes, made.drawn.tolist(), made.expected.tolist(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"), [("0,a,x,1\n", "v.csv:1: '0,a,x,1', should be"), ("a,b\n", "there is no job")]
)
def test_other_texts_are_refused(tmp_path, text, said):
    (tmp_path / "v.csv").write_text(text)
    with pytest.raises(FormatError, match=said):
        read_pulls(tmp_path / "v.csv")
