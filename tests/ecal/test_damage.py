"""What decoders raise, told with the file."""

import pytest

from kit.ecal.damage import naming_damage
from kit.files import FormatError

WAIT, QUOTA, TOLD = OSError("wait"), OSError("quota"), FormatError("this")


@pytest.mark.parametrize("fault", [ValueError("bad zip"), KeyError("fBits"), AssertionError(), EOFError()])
def test_the_file_and_the_spot_are_named(demo_file, fault):
    path = demo_file("pairs", 12)
    with (
        pytest.raises(FormatError, match=rf"{path.name}: events 0 to 9: cannot be read: .*{type(fault).__name__}"),
        naming_damage(str(path), "events 0 to 9: "),
    ):
        raise fault


def test_a_short_file_is_told_as_such_whatever_the_decoder_says(demo_file, tmp_path):
    (tmp_path / "cut.root").write_bytes(demo_file("pairs", 12).read_bytes()[:5000])
    with (
        pytest.raises(FormatError, match=r"cut\.root: truncated: 5000 bytes found, \d+ expected"),
        naming_damage(str(tmp_path / "cut.root")),
    ):
        raise WAIT


def test_a_disk_that_cannot_be_read_stays_an_error_of_the_system(demo_file):
    path = demo_file("pairs", 12)
    with pytest.raises(OSError, match=rf"{path.name}: cannot be read: quota"), naming_damage(str(path)):
        raise QUOTA


def test_what_is_told_already_is_not_told_again():
    with pytest.raises(FormatError, match=r"^this$"), naming_damage("that"):
        raise TOLD


def test_a_file_that_is_not_there_stays_one():
    with pytest.raises(FileNotFoundError), naming_damage("that"):
        raise FileNotFoundError
