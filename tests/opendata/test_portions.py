"""A job's share of files or pieces, trials and retrials, and what was done before."""

import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kit.files import FormatError
from kit.opendata.demo import demo
from kit.opendata.pieces import Piece
from kit.opendata.portions import DESK, FEW, Result, work_off
from kit.opendata.selection import Selection
from kit.opendata.sources import Reader
from kit.opendata.wishes import NOTHING, Wish
from kit.run import Run, RunError


@dataclass
class Notebook:
    """Work that writes down which pieces it was given, and fails as often as told."""

    faults: Counter[str] = field(default_factory=Counter)
    done: list[Piece] = field(default_factory=list)
    before: set[str] = field(default_factory=set)
    opened: set[int] = field(default_factory=set)
    events: list[int] = field(default_factory=list)

    def wish(self, path: str) -> Wish:  # noqa: ARG002
        return NOTHING

    def has(self, piece: Piece) -> bool:
        return piece.key in self.before

    def do(self, reader: Reader, piece: Piece, events: int) -> None:
        self.opened.add(id(reader))
        self.events.append(events)
        if self.faults[piece.path]:
            self.faults[piece.path] -= 1
            message = f"{piece.path}: the disk was busy"
            raise OSError(message)
        assert reader.read(piece.first, piece.last).events == piece.events
        self.done.append(piece)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    for number in range(FEW + 3):
        demo("nanoaod", folder / f"{number}.root", 2500, number)
    return folder


def _work_off(paths: list[Path], work: Any, tmp_path: Path, retries: int = 0, **values: Any) -> Result:
    p = Selection(**values)
    with Run("opendata/masses", p) as run:
        return work_off([str(path) for path in paths], p, work, run, chunk_events=1000, retries=retries)


def _paths(folder: Path, number: int) -> list[Path]:
    return [folder / f"{i}.root" for i in range(number)]


@pytest.mark.parametrize("number", [1, FEW, FEW + 1])
def test_every_entry_of_every_file_is_done_once_in_order(folder: Path, tmp_path: Path, number: int):
    work = Notebook()
    result = _work_off(_paths(folder, number), work, tmp_path)
    assert result.pieces == work.done == result.planned
    assert [piece.path for piece in work.done[::2]] == [str(path) for path in _paths(folder, number)]
    assert sum(piece.events for piece in work.done) == 2500 * number
    assert result.failed == {}
    assert DESK.reader is None


@pytest.mark.parametrize("number", [1, FEW + 1])
def test_a_file_is_opened_once_for_all_its_pieces(folder: Path, tmp_path: Path, number: int):
    work = Notebook()
    _work_off(_paths(folder, number), work, tmp_path)
    assert len(work.done) == 2 * number
    assert len(work.opened) <= number


def test_the_work_is_told_how_many_events_there_were(folder: Path, tmp_path: Path):
    for _ in range(2):
        work = Notebook()
        _work_off(_paths(folder, FEW + 1), work, tmp_path)
        assert work.events[:3] == [1000, 2500, 3500]


@pytest.mark.parametrize(
    ("number", "jobs"), [(1, 1), (1, 2), (1, 7), (2, 3), (2, 7), (FEW + 2, 2), (FEW + 2, 5), (FEW + 2, 7)]
)
def test_the_shares_of_all_jobs_are_the_whole(folder: Path, tmp_path: Path, jobs: int, number: int):
    work = Notebook()
    paths = _paths(folder, number)
    shares = [_work_off(paths, work, tmp_path, job=job, jobs=jobs).pieces for job in range(1, jobs + 1)]
    assert [piece for share in shares for piece in share] == work.done
    assert sum(piece.events for piece in work.done) == 2500 * number
    assert len({piece.key for piece in work.done}) == len(work.done)


def test_with_enough_files_a_job_opens_its_own_alone(folder: Path, tmp_path: Path):
    paths = [*_paths(folder, 2), tmp_path / "nonsense.root"]
    paths[-1].write_text("<html>")
    result = _work_off(paths, Notebook(), tmp_path, job=1, jobs=3)
    assert result.files == [str(paths[0])]
    assert result.failed == {}


def test_with_too_few_files_a_job_does_not_know_its_share_without_all(folder: Path, tmp_path: Path):
    paths = [*_paths(folder, 2), tmp_path / "nonsense.root"]
    paths[-1].write_text("<html>")
    with pytest.raises(RunError, match=r"(?s)fewer files than jobs.*nonsense.root: begins with b'<html>'"):
        _work_off(paths, Notebook(), tmp_path, job=1, jobs=4)


@pytest.mark.parametrize("number", [2, FEW + 1])
def test_what_fails_is_tried_again_after_the_others(folder: Path, tmp_path: Path, number: int):
    paths = _paths(folder, number)
    work = Notebook(Counter({str(paths[0]): 2}))
    result = _work_off(paths, work, tmp_path, retries=2)
    assert result.failed == {}
    assert work.done[0].path == str(paths[1])
    assert result.pieces == sorted(work.done, key=lambda piece: (piece.path, piece.first))
    assert len(result.pieces) == 2 * number


@pytest.mark.parametrize("number", [2, FEW + 1])
def test_a_file_that_fails_at_last_has_no_pieces_at_all(folder: Path, tmp_path: Path, number: int):
    paths = _paths(folder, number)
    work = Notebook(Counter({str(paths[1]): 3}))
    result = _work_off(paths, work, tmp_path, retries=0)
    assert result.failed == {str(paths[1]): f"{paths[1]}: the disk was busy"}
    assert {piece.path for piece in result.pieces} == {str(path) for path in paths if path != paths[1]}


def test_a_fault_in_the_second_piece_fails_the_whole_file(folder: Path, tmp_path: Path):
    class Later(Notebook):
        def do(self, reader: Reader, piece: Piece, events: int) -> None:
            if piece.first and piece.path.endswith("0.root"):
                message = f"{piece.path}: basket 7 is damaged"
                raise FormatError(message)
            super().do(reader, piece, events)

    result = _work_off(_paths(folder, 2), Later(), tmp_path, retries=1)
    assert list(result.failed.values()) == [f"{folder / '0.root'}: basket 7 is damaged"]
    assert {piece.path for piece in result.pieces} == {str(folder / "1.root")}
    assert len(result.planned) == 4


@pytest.mark.parametrize("number", [1, FEW + 1])
def test_pieces_that_were_done_before_are_not_done_again(folder: Path, tmp_path: Path, number: int):
    work = Notebook()
    paths = _paths(folder, number)
    before = _work_off(paths, work, tmp_path).pieces
    again = Notebook(before={piece.key for piece in before[:1]})
    result = _work_off(paths, again, tmp_path)
    assert result.pieces == before
    assert result.earlier == 1
    assert again.done == before[1:]


@pytest.mark.parametrize("number", [1, FEW + 1])
def test_copies_are_refused_with_both_paths(folder: Path, tmp_path: Path, number: int):
    copy = tmp_path / "copy.root"
    shutil.copy(folder / "0.root", copy)
    with pytest.raises(
        FormatError, match=r"counted twice:\n  \S*(0|copy).root holds the same events as \S*\.root"
    ):
        _work_off([*_paths(folder, number), copy], Notebook(), tmp_path)


def test_a_path_given_twice_is_refused_before_anything_is_opened(tmp_path: Path):
    missing = tmp_path / "missing.root"
    with pytest.raises(FormatError, match=r"inputs name files twice.*\n  \S*missing.root$"):
        _work_off([missing, missing], Notebook(), tmp_path)


def test_there_are_no_more_workers_than_cores(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert len(_work_off(_paths(folder, 1), Notebook(), tmp_path, max_files=1).pieces) == 2
    assert "cores" not in capsys.readouterr().out
    _work_off([], Notebook(), tmp_path, workers=100_000)
    assert "workers is 100000, this machine has" in capsys.readouterr().out


def test_what_files_lack_is_told_by_type_and_reason(shared_data: Path, tmp_path: Path):
    real = shared_data / "opendata" / "nano_tt_v12.root"
    result = _work_off([real], Notebook(), tmp_path)
    assert {letter for letter, _ in result.lacking()} == {"g", "t"}
    assert list(result.lacking().values()) == [[str(real)], [str(real)]]


def test_another_fault_than_that_of_an_input_ends_the_work(folder: Path, tmp_path: Path):
    class Wrong(Notebook):
        def has(self, piece: Piece) -> bool:
            raise ZeroDivisionError(piece)

    with pytest.raises(ZeroDivisionError):
        _work_off(_paths(folder, 1), Wrong(), tmp_path, retries=3)
    assert DESK.reader is None
