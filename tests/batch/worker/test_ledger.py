"""A line is a promise: the files that it names are whole in the tar."""

import hashlib
import json
import tarfile

import pytest

from kit.batch.worker.ledger import Ledger


@pytest.fixture
def point(tmp_path):
    def make(name, **files):
        folder = tmp_path / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file.replace("__", ".")).write_text(text)
        return {"id": name}, folder

    return make


@pytest.fixture(autouse=True)
def opened(monkeypatch):
    """Close what a ledger holds open when a test treats it as killed."""
    ledgers = []
    made = Ledger.__init__

    def note(self, *arguments):
        made(self, *arguments)
        ledgers.append(self)

    monkeypatch.setattr(Ledger, "__init__", note)
    yield
    for ledger in ledgers:
        ledger._tar.close()
        ledger._lines.close()


def filled(tmp_path, point, number=3):
    ledger = Ledger(tmp_path, "r001_000000")
    for index in range(number):
        ledger.add(*point(f"p{index}", a__txt="a" * 100 * index, b__txt="b"))
    return ledger


def lines(ledger):
    return [json.loads(line) for line in ledger.path.read_text().splitlines()]


def test_both_files_are_there_from_the_first_moment(tmp_path):
    Ledger(tmp_path, "r001_000000")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r001_000000.jsonl", "r001_000000.tar"]


def test_the_offsets_of_a_line_lead_to_its_files_with_their_sums(tmp_path, point):
    ledger = filled(tmp_path, point)
    whole = (tmp_path / "r001_000000.tar").read_bytes()
    for line in lines(ledger):
        for output in line["outputs"]:
            content = whole[output["offset"] : output["offset"] + output["bytes"]]
            assert content == (tmp_path / line["id"] / output["name"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == output["sha256"]


def test_any_tar_program_can_read_the_tar(tmp_path, point):
    filled(tmp_path, point).close()
    with tarfile.open(tmp_path / "r001_000000.tar") as tar:
        assert tar.getnames() == [f"p{index}/{name}.txt" for index in range(3) for name in "ab"]


def test_folders_are_kept_and_hidden_files_links_and_unwanted_names_are_not(tmp_path, point):
    line, folder = point("p", a__txt="a", _hidden="x", toy__ipynb="{}")
    (folder / "_hidden").rename(folder / ".hidden")
    (folder / "sub").mkdir()
    (folder / "sub" / "c.txt").write_text("c")
    (folder / "link").symlink_to("/etc/hostname")
    ledger = Ledger(tmp_path, "r")
    ledger.add(line, folder, frozenset({"toy.ipynb"}))
    assert [output["name"] for output in lines(ledger)[0]["outputs"]] == ["a.txt", "sub/c.txt"]


def test_a_chunk_that_is_started_again_goes_on_behind_its_lines(tmp_path, point):
    filled(tmp_path, point).close()
    again = Ledger(tmp_path, "r001_000000")
    assert list(again.kept) == ["p0", "p1", "p2"]
    again.add(*point("p3", c__txt="c"))
    again.close()
    with tarfile.open(tmp_path / "r001_000000.tar") as tar:
        assert len(tar.getnames()) == 7


@pytest.mark.parametrize("lost", [1, 40, 2000])
def test_after_a_cut_anywhere_only_lines_with_whole_files_stay(tmp_path, point, lost):
    ledger = filled(tmp_path, point)
    for name in (ledger.path.name, "r001_000000.tar"):
        whole = (tmp_path / name).read_bytes()
        kept_of = {}
        for path in (ledger.path.name, "r001_000000.tar"):
            kept_of[path] = (tmp_path / path).read_bytes()
        (tmp_path / name).write_bytes(whole[:-lost])
        again = Ledger(tmp_path, "r001_000000")
        tar_bytes = (tmp_path / "r001_000000.tar").stat().st_size
        for line in lines(again):
            assert all(output["offset"] + output["bytes"] <= tar_bytes for output in line["outputs"])
        assert [line["id"] for line in lines(again)] == list(again.kept)
        assert "p2" not in again.kept
        for path, content in kept_of.items():
            (tmp_path / path).write_bytes(content)


def test_a_half_line_is_no_line(tmp_path):
    (tmp_path / "r.jsonl").write_text('{"id": "a", "outputs": []}\n{"id": "b", "outp')
    ledger = Ledger(tmp_path, "r")
    assert list(ledger.kept) == ["a"]
    assert ledger.path.read_text() == '{"id": "a", "outputs": []}\n'
