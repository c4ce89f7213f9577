"""Opening files: whole ROOT files, or one line that says what is wrong."""

import pytest

from kit.files import FormatError
from kit.mu2e.sources import open_file
from kit.mu2e.standins import TREE, Standin, write_standin


def test_a_file_is_opened_without_caches_that_would_grow(tmp_path):
    path = write_standin(tmp_path / "a.root", Standin("DIO", 50, 200, 95.0, 1))
    with open_file(str(path)) as file:
        assert file[TREE].num_entries == 50
        assert file.file.array_cache is None
        assert file.file.object_cache is None


@pytest.mark.parametrize("length", [0, 3, 200, 3000, -1])
def test_a_file_that_is_cut_short_is_refused_by_its_name(tmp_path, length):
    path = write_standin(tmp_path / "a.root", Standin("DIO", 50, 200, 95.0, 1))
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(FormatError, match=r"a\.root: should be a whole ROOT file"), open_file(str(path)):
        pass


def test_a_file_that_is_not_there_is_told_as_such(tmp_path):
    with pytest.raises(FileNotFoundError), open_file(str(tmp_path / "none.root")):
        pass
