"""Events that come twice: which go, whatever the order of work, and however few are held in memory."""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import uproot

from kit.files import FormatError, read_json, write_json
from kit.opendata import duplicates
from kit.opendata.demo import demo
from kit.opendata.duplicates import Vetoes, find_duplicates
from kit.opendata.pieces import Piece
from kit.opendata.sources import Reader
from kit.opendata.wishes import Wish

DemoFile = Callable[..., Path]
MESSY = "bad, unsorted, repeated"


def look(paths: list[Path], tmp_path: Path) -> dict[str, list[int]]:
    opened = [functools.partial(Reader.of, str(path), wish=Wish(ids=True)) for path in paths]
    number = find_duplicates(opened, tmp_path / "portions", tmp_path / "veto.json")
    files = read_json(tmp_path / "veto.json")["files"]
    assert number == sum(len(entry["vetoed"]) for entry in files)
    assert {path.stat().st_size for path in (tmp_path / "portions").glob("*")} <= {2 * duplicates.ROW.itemsize}
    return {entry["path"]: entry["vetoed"] for entry in files}


def expected(paths: list[Path], names: tuple[str, ...], tree: str) -> dict[str, list[int]]:
    seen, found = set(), {}
    for path in paths:
        with uproot.open(path) as file:
            columns = [file[tree][name].array().to_list() for name in names]
        found[str(path)] = []
        for entry, key in enumerate(zip(*columns, strict=True)):
            if key in seen:
                found[str(path)].append(entry)
            seen.add(key)
    return found


TREE = "CollectionTree"
FORMS = {
    "NanoAOD": (("run", "luminosityBlock", "event"), "Events"),
    "2020e": (("channelNumber", "runNumber", "eventNumber"), "mini"),
    "PHYSLITE": (tuple(f"EventInfoAuxDyn.{n}" for n in ("mcChannelNumber", "runNumber", "eventNumber")), TREE),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("at_once", [70, 10_000])
def test_the_first_in_order_of_files_stays(
    demo_file: DemoFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, at_once: int
):
    monkeypatch.setattr(duplicates, "AT_ONCE", at_once)
    one, two = demo_file(form, MESSY, 200, 3), demo_file(form, MESSY, 300, 4)
    (tmp_path / "portions").mkdir()
    for number in range(duplicates.PORTIONS):  # as a killed run leaves them
        np.zeros(2, duplicates.ROW).tofile(tmp_path / "portions" / f"{number:02d}")
    for paths in ([one, two], [two, one]):
        assert look(paths, tmp_path) == expected(paths, *FORMS[form])


def test_pieces_know_their_share(demo_file: DemoFile, tmp_path: Path):
    path = demo_file("NanoAOD", MESSY, 200, 3)
    vetoed = look([path], tmp_path)[str(path)]
    with Reader.of(str(path)) as reader:
        uuid, size, entries = reader.source.identity
    vetoes = Vetoes(str(tmp_path / "veto.json"))
    kept = [vetoes.kept(Piece("elsewhere", uuid, size, entries, first, first + 50)) for first in range(0, 200, 50)]
    assert [first * 50 + i for first, some in enumerate(kept) for i in range(50) if not some[i]] == vetoed


def test_a_file_that_the_list_does_not_know_is_refused(demo_file: DemoFile, tmp_path: Path):
    look([demo_file("NanoAOD", MESSY, 200, 3)], tmp_path)
    with pytest.raises(FormatError, match=r"veto\.json: does not know new\.root; should be made of all files"):
        Vetoes(str(tmp_path / "veto.json")).kept(Piece("new.root", "x", 1, 1, 0, 1))


def test_another_file_is_no_veto_list(tmp_path: Path):
    write_json(tmp_path / "a.json", {"datasets": []})
    with pytest.raises(
        FormatError, match=r"a\.json: no veto list; should be veto\.json of a run of opendata/events"
    ):
        Vetoes(str(tmp_path / "a.json")).kept(Piece("x", "x", 1, 1, 0, 1))


def test_events_without_numbers_cannot_be_compared(tmp_path: Path, shared_data: Path):
    muons = shared_data / "opendata" / "Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root"
    with pytest.raises(FormatError, match="duplicates asked for: no branch run, event"):
        Reader.of(str(muons), wish=Wish(ids=True))
    assert look([muons], tmp_path) == {}


def test_a_file_that_cannot_be_read_is_left_out_with_all_that_it_shares(demo_file: DemoFile, tmp_path: Path):
    one, two = demo_file("NanoAOD", MESSY, 200, 3), demo_file("NanoAOD", MESSY, 300, 4)
    (tmp_path / "bad.root").write_bytes(b"no ROOT file")
    assert look([one, tmp_path / "bad.root", two], tmp_path) == look([one, two], tmp_path)


def test_numbers_beyond_32_bits_are_told_apart(tmp_path: Path):
    made = demo("nanoaod", tmp_path / "a.root", 4, 1)
    assert look([made], tmp_path)[str(made)] == []
    rows = np.zeros(2, duplicates.ROW)
    rows["event"] = [2**40, 2**40 + 2**33]
    assert duplicates._second_ones([rows], [0])[0].tolist() == []
