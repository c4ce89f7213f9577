"""Arrays of pyarrow and of NumPy: the same numbers and words, and pandas stays away."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from kit.opendata.arrow import column, plain, words


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.float64])
@pytest.mark.parametrize("length", [0, 1, 1000])
def test_numbers_go_there_and_back(kind: type, length: int):
    numbers = np.arange(2 * length, dtype=kind)[::2]
    assert column(numbers).to_pylist() == numbers.tolist()
    back = plain(column(numbers))
    assert back.dtype == kind
    assert back.tolist() == numbers.tolist()


def test_a_column_of_many_chunks_is_one_array():
    assert plain(pa.chunked_array([[1, 2], [], [3]])).tolist() == [1, 2, 3]


def test_words_are_those_at_their_places():
    found = words(np.array([1, 0, 1], np.int32), ["2e", "τ"])
    assert (found.to_pylist(), found.dictionary.to_pylist()) == (["τ", "2e", "τ"], ["2e", "τ"])
    assert len(words(np.empty(0, np.int32), [])) == 0


def test_what_is_null_is_no_number():
    with pytest.raises(ValueError, match="1 of 2 numbers are null, should be none"):
        plain(pa.array([1, None]))


def test_pandas_is_not_imported():
    code = (
        "import sys, numpy as np; from kit.opendata.arrow import column, plain, words; "
        "plain(column(np.arange(3))); words(np.zeros(2, np.int32), ['a']).to_pylist(); "
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
