"""Files are whole or not there, and inputs are found the same from everywhere."""

import contextlib
import functools
import http.server
import json
import os
import re
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import files

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
).filter(lambda value: json.dumps(value, ensure_ascii=False).isprintable())


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("KIT_HOME")
    for folder in ("notebooks/beam", "parameters"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def server(tmp_path):
    """Serve the folder `served` on this machine, as a data centre would."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "events.txt").write_text("4 leptons\n")
    handler = functools.partial(Handler, directory=str(tmp_path / "served"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_the_root_is_the_nearest_folder_upwards_with_notebooks_and_parameters(project, monkeypatch):
    (project / "notebooks" / "beam" / "deep").mkdir()
    monkeypatch.chdir(project / "notebooks" / "beam" / "deep")
    assert files.home() == project
    assert files.resolve("outputs/x") == project / "outputs" / "x"


def test_the_environment_names_the_root_before_the_tree_does(project, tmp_path_factory, monkeypatch):
    other = tmp_path_factory.mktemp("other")
    monkeypatch.setenv("KIT_HOME", str(other))
    assert files.home() == other
    monkeypatch.setenv("HOME", str(other.parent))
    monkeypatch.setenv("KIT_HOME", f"~/{other.name}")
    assert files.home() == other


def test_outside_a_project_paths_start_at_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.delenv("KIT_HOME")
    assert files.home() == tmp_path


def test_an_absolute_path_stays_and_the_home_folder_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    assert files.resolve("/a/b") == Path("/a/b")
    assert files.resolve("~/b") == Path("/somewhere/b")


def test_a_path_is_shown_relative_to_the_root_where_it_lies_below(tmp_path):
    assert files.shown(tmp_path / "outputs" / "run") == "outputs/run"
    assert files.shown("/elsewhere/run") == "/elsewhere/run"


@given(st.permutations(["a.root", "b c.root", "é.root", "[1].root"]))
def test_paths_keep_the_order_in_which_they_are_given(tmp_path_factory, order):
    folder = tmp_path_factory.mktemp("inputs")
    for name in order:
        (folder / name).touch()
    assert files.locate(str(folder / name) for name in order) == [str(folder / name) for name in order]


def test_a_pattern_gives_its_files_sorted_and_no_hidden_ones(tmp_path):
    (tmp_path / "data" / "deep").mkdir(parents=True)
    for name in ("b.root", "a.root", ".sys.v#.a.root", "deep/c.root", "a.txt"):
        (tmp_path / "data" / name).touch()
    names = ["data/a.root", "data/b.root", "data/deep/c.root"]
    assert files.locate(["data/*.root"]) == [str(tmp_path / name) for name in names[:2]]
    assert files.locate(["data/**/*.root"]) == [str(tmp_path / name) for name in names]
    assert files.locate([str(tmp_path / "data" / "[ab].root")]) == [str(tmp_path / name) for name in names[:2]]


def test_brackets_in_the_name_of_the_root_are_no_pattern(tmp_path, monkeypatch):
    root = tmp_path / "run[1] *"
    root.mkdir()
    (root / "a.root").touch()
    monkeypatch.setenv("KIT_HOME", str(root))
    assert files.locate(["*.root"]) == [str(root / "a.root")]


def test_everything_that_is_missing_is_told_at_once_with_where_it_was_sought(tmp_path):
    with pytest.raises(FileNotFoundError) as refused:
        files.locate(["a.root", "b*.root"])
    assert str(refused.value) == (
        f"there is no a.root; no file matches b*.root (relative paths start at {tmp_path})"
    )


def test_a_link_is_relative_and_leaves_no_sign_that_ends_an_address_or_an_attribute(tmp_path):
    link = files.link(tmp_path / "runs" / "100% 'a' #1?.txt", tmp_path / "pages")
    assert link == "../runs/100%25%20%27a%27%20%231%3F.txt"


@pytest.mark.parametrize("address", ["https://x.ch/a.root", "root://eos.ch//a", "simplecache::https://x.ch/a"])
def test_addresses_are_remote(address):
    assert files.is_remote(address)


@pytest.mark.parametrize("path", ["a.root", "/eos/a.root", "a:b", "C:/x", "~/https/a"])
def test_paths_are_not_remote(path):
    assert not files.is_remote(path)


def test_an_address_passes_as_it_is_and_its_question_mark_is_no_pattern():
    assert files.locate(["https://x.ch/a.root?raw=1"]) == ["https://x.ch/a.root?raw=1"]


def test_an_address_of_xrootd_is_refused_where_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec_xrootd", None)  # as if it were not there
    with pytest.raises(ModuleNotFoundError, match=r"root://eos\.ch//a needs XRootD.*'\.\[xrootd\]'"):
        files.locate(["root://eos.ch//a"])


def test_the_size_of_a_remote_file_is_asked_of_its_server(server, tmp_path):
    (address,) = files.locate([f"{server}/events.txt"])
    assert files.size(address) == 10 == files.size(str(tmp_path / "served" / "events.txt"))


def test_a_remote_file_that_is_not_there_is_named(server):
    with pytest.raises(FileNotFoundError, match=r"nothing\.txt"):
        files.size(f"{server}/nothing.txt")


def test_a_whole_file_keeps_its_ending_while_it_is_written(tmp_path):
    with files.whole(tmp_path / "new" / "a.parquet") as part:
        assert part.suffix == ".parquet"
        part.write_text("x")
        assert not (tmp_path / "new" / "a.parquet").exists()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.parquet"]


def test_a_failure_while_writing_leaves_the_old_file_and_no_other(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with contextlib.suppress(ZeroDivisionError), files.whole(tmp_path / "a.txt") as part:
        part.write_text("new")
        raise ZeroDivisionError
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "old"}


def test_a_process_killed_while_writing_leaves_the_old_file(tmp_path, python):
    (tmp_path / "a.txt").write_text("old")
    process = python(
        "-c",
        "import os, signal\nfrom kit import files\n"
        "with files.whole('a.txt') as part:\n"
        "    part.write_text('new'); os.kill(os.getpid(), signal.SIGKILL)",
    )
    assert process.wait(10) == -signal.SIGKILL
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_full_disk_is_told_with_the_file_and_leaves_nothing(tmp_path, python):
    process = python(
        "-c",
        "import resource\nfrom kit import files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "files.write_json('big.json', ['x' * 100] * 100)",
    )
    _, trace = process.communicate(timeout=120)
    assert re.search(r"OSError: \[Errno 27\] File too large: '\S*big\.json'", trace)
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=30)  # each is on the disk before it is renamed
@given(values)
def test_json_reads_back_as_it_was_written(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("json") / "a.json"
    files.write_json(path, value)
    assert files.read_json(path) == value


def test_json_takes_numbers_of_numpy_and_paths(tmp_path):
    files.write_json("a.json", {"n": np.int64(3), "x": np.float64(2.5), "a": np.arange(2), "p": Path("b")})
    assert files.read_json("a.json") == {"n": 3, "x": 2.5, "a": [0, 1], "p": "b"}


def test_what_json_cannot_hold_is_named_and_nothing_is_written(tmp_path):
    with pytest.raises(TypeError, match=r"\{1\} is a set, which JSON cannot hold"):
        files.write_json("a.json", {"a": {1}})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"a":\n x}', r"a\.json:2:2: .*; should be JSON"),
        (b'"\xff"', r"a\.json: byte 1 is not UTF-8"),
        (b"[" * 100_000, r"a\.json: is nested too deeply"),
    ],
)
def test_damaged_json_is_refused_with_its_spot(tmp_path, content, told):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(files.FormatError, match=told):
        files.read_json(tmp_path / "a.json")


def test_checksums_are_those_of_the_standards(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert files.sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    path.write_bytes(b"Wikipedia")
    assert files.adler32(path) == "adler32:11e60398"  # the worked example of the encyclopaedia's article
    path.write_bytes(b"")
    assert files.adler32(path) == "adler32:00000001"


def test_a_checksum_does_not_depend_on_how_much_is_read_at_once(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(os.urandom(10_000))
    once = files.adler32(tmp_path / "a")
    monkeypatch.setattr(files, "BLOCK", 7)
    assert files.adler32(tmp_path / "a") == once
