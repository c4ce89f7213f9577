"""Files, trees and what is wrong with them; damaged files are made from whole ones."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import uproot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.files import FormatError
from kit.opendata.demo import demo
from kit.opendata.trees import OpenFile

JETS = ["AnalysisJetsAuxDyn.pt", "AnalysisJetsAuxDyn.eta"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo("2024r-pp", tmp_path_factory.mktemp("whole") / "physlite.root", 300, 1)


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo("2024r-hi", tmp_path_factory.mktemp("clustered") / "muons.root", 40_100, 1)


def _copy(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def test_a_range_is_the_same_cut_of_the_whole(clustered: Path):
    with OpenFile(str(clustered)) as file:
        tree = file.tree("CollectionTree")
        everything = tree.read(["MuonsAuxDyn.pt"], 0, tree.entries)["MuonsAuxDyn.pt"]
        for first, last in ((0, 10), (19_990, 20_010), (40_000, 40_100), (5, 5)):
            part = tree.read(["MuonsAuxDyn.pt"], first, last)["MuonsAuxDyn.pt"]
            np.testing.assert_array_equal(
                part.offsets, everything.offsets[first : last + 1] - everything.offsets[first]
            )
            start, stop = everything.offsets[first], everything.offsets[last]
            np.testing.assert_array_equal(part.content, everything.content[start:stop])


@pytest.mark.parametrize("storage", ["TTree", "RNTuple"])
def test_boundaries_are_those_that_all_branches_share(tmp_path: Path, storage: str):
    path = demo("nanoaod", tmp_path / "demo.root", 20_100, 1, storage=storage)
    with OpenFile(str(path)) as file:
        assert file.tree("Events").boundaries(["Jet_pt", "Muon_phi"]) == (0, 20_000, 20_100)


def test_boundaries_that_one_branch_lacks_are_left_out(shared_data: Path):
    with OpenFile(str(shared_data / "opendata" / "data_B.4lep.root")) as file:
        assert file.tree("mini").boundaries(["lep_pt", "runNumber"]) == (0, 156)


def test_vectors_counted_arrays_and_lists_of_an_rntuple_read_alike(shared_data: Path):
    folder = shared_data / "opendata"
    for name, tree, branch in (
        ("data_A.4lep.root", "mini", "lep_pt"),
        ("nano_dimuon.root", "Events", "Muon_pt"),
        ("Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root", "Events", "Muon_pt"),
    ):
        with OpenFile(str(folder / name)) as file, uproot.open(folder / name) as plain:
            found = file.tree(tree)
            found.check_lists([branch], floats=True)
            column = found.read([branch], 0, found.entries)[branch]
            expected = plain[tree][branch].array()
            assert np.split(column.content, column.offsets[1:-1])[3].tolist() == expected[3].tolist()
            assert len(column.content) == sum(map(len, expected.tolist()))


@pytest.mark.parametrize(("cut", "message"), [(0.99, "truncated"), (0.5, "truncated"), (0.01, "truncated")])
def test_a_file_cut_short_is_told_with_both_sizes(tmp_path: Path, whole: Path, cut: float, message: str):
    content = whole.read_bytes()
    found = int(cut * len(content))
    with pytest.raises(FormatError, match=rf"cut.root: {message}: {found} bytes found, {len(content)} expected"):
        OpenFile(_copy(tmp_path / "cut.root", content[:found]))


def test_less_than_a_header_is_told(tmp_path: Path, whole: Path):
    with pytest.raises(FormatError, match=r"cut.root: truncated: 40 bytes, less than the header"):
        OpenFile(_copy(tmp_path / "cut.root", whole.read_bytes()[:40]))


def test_zero_bytes_are_told(tmp_path: Path):
    with pytest.raises(FormatError, match=r"empty.root: zero bytes, not a ROOT file"):
        OpenFile(_copy(tmp_path / "empty.root", b""))


def test_an_html_page_is_told_with_its_first_bytes(tmp_path: Path):
    page = b"<!DOCTYPE html>\n<html><body>Sorry</body></html>" + b" " * 3800
    with pytest.raises(
        FormatError, match=r"page.root: begins with b'<!DOCTYPE html>.*an HTML page, .* b'root'; 3847"
    ):
        OpenFile(_copy(tmp_path / "page.root", page))


def test_other_bytes_are_told(tmp_path: Path):
    with pytest.raises(FormatError, match=r"other.root: begins with b'PK\\x03\\x04"):
        OpenFile(_copy(tmp_path / "other.root", b"PK\x03\x04" + bytes(600)))


def test_a_file_that_does_not_exist_is_no_format_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"none.root: no such file"):
        OpenFile(str(tmp_path / "none.root"))


def _damaged(path: Path, source: Path, tree: str, branch: str, basket: int) -> str:
    """Return a copy with one byte changed in the middle of a basket."""
    with uproot.open(source) as file:
        found = file[tree][branch]
        start, size = int(found.member("fBasketSeek")[basket]), int(found.basket_compressed_bytes(basket))
    content = bytearray(source.read_bytes())
    content[start + size // 2] ^= 0xFF
    return _copy(path, bytes(content))


def test_a_damaged_basket_is_told_with_branch_and_entries(tmp_path: Path, clustered: Path):
    path = _damaged(tmp_path / "damaged.root", clustered, "CollectionTree", "MuonsAuxDyn.eta", 1)
    names = ["MuonsAuxDyn.pt", "MuonsAuxDyn.eta", "MuonsAuxDyn.phi"]
    with OpenFile(path) as file:
        tree = file.tree("CollectionTree")
        assert set(tree.read(names, 0, 20_000)) == set(names)
        with pytest.raises(
            FormatError, match=r"damaged.root: MuonsAuxDyn.eta: entries 20000 to 39999: cannot be read"
        ):
            tree.read(names, 0, tree.entries)


def test_damage_in_one_copy_is_not_hidden_by_the_other(tmp_path: Path, whole: Path):
    path = _damaged(tmp_path / "damaged.root", whole, "CollectionTree", JETS[0], 0)
    with OpenFile(str(whole)) as good, OpenFile(path) as bad:
        assert good.uuid == bad.uuid
        good.tree("CollectionTree").read(JETS, 0, 300)
        with pytest.raises(FormatError, match=f"{JETS[0]}: entries 0 to 299: cannot be read"):
            bad.tree("CollectionTree").read(JETS, 0, 300)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.floats(0, 0.9999), st.integers(1, 255)), min_size=1, max_size=4))
def test_damage_of_any_kind_is_a_format_error_or_harmless(
    tmp_path: Path, whole: Path, places: list[tuple[float, int]]
):
    content = bytearray(whole.read_bytes())
    for place, change in places:
        content[int(place * len(content))] ^= change
    with contextlib.suppress(FormatError), OpenFile(_copy(tmp_path / "damaged.root", bytes(content))) as file:
        for described in file.describe():
            tree = file.tree(described.name)
            tree.boundaries(JETS)
            tree.check_lists(JETS, floats=True)
            tree.read(JETS, 0, tree.entries)


def test_branches_of_the_wrong_type_are_told(tmp_path: Path):
    path = tmp_path / "types.root"
    with uproot.recreate(path) as file:
        file.mktree("t", {"flat": "float32", "whole": "var * int32", "real": "var * float64"})
    with OpenFile(str(path)) as opened:
        tree = opened.tree("t")
        tree.check_lists(["real"], floats=True)
        tree.check_lists(["whole"], floats=False)
        with pytest.raises(FormatError, match=r"types.root:flat: is float, must be a list of float per entry"):
            tree.check_lists(["real", "flat"], floats=True)
        with pytest.raises(FormatError, match=r"types.root:whole: is int32_t\[\], must be a list of float"):
            tree.check_lists(["whole"], floats=True)
        with pytest.raises(FormatError, match=r"types.root:real: is double\[\], must be a list of integers"):
            tree.check_lists(["real"], floats=False)


def test_strings_of_a_file_are_read(tmp_path: Path):
    with uproot.recreate(tmp_path / "text.root") as file:
        file["note"] = "µ"
    with OpenFile(str(tmp_path / "text.root")) as opened:
        assert (opened.strings, opened.describe()) == ({"note": "µ"}, [])


class _Handler(BaseHTTPRequestHandler):
    content = b""
    status = 200

    def log_message(self, *_: object) -> None: ...

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self.status != 200:
            self.send_error(self.status)
            return
        body, status = self.content, 200
        if (asked := self.headers.get("Range")) and "," not in asked:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            body, status = self.content[int(first) : int(last or len(self.content)) + 1], 206
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(body) - 1}/{len(self.content)}")
        self.end_headers()
        if self.command == "GET":
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[tuple[str, type[_Handler]]]:
    handler = type("Handler", (_Handler,), {})
    service = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=service.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{service.server_port}/file.root", handler
    service.shutdown()
    service.server_close()
    thread.join()


def test_a_file_behind_an_address_reads_like_a_local_one(whole: Path, server: tuple[str, type[_Handler]]):
    address, handler = server
    handler.content = whole.read_bytes()
    with OpenFile(address) as remote, OpenFile(str(whole)) as local:
        assert (remote.uuid, remote.size) == (local.uuid, local.size)
        found, expected = (file.tree("CollectionTree").read(JETS, 0, 300) for file in (remote, local))
        np.testing.assert_array_equal(found[JETS[0]].content, expected[JETS[0]].content)


@pytest.mark.parametrize(("content", "message"), [(b"", "zero bytes"), (b"<html>" + bytes(800), "an HTML page")])
def test_a_page_instead_of_a_remote_file_is_told(server: tuple[str, type[_Handler]], content: bytes, message: str):
    address, handler = server
    handler.content = content
    with pytest.raises(FormatError, match=f"{address}.*{message}"):
        OpenFile(address)


def test_a_remote_file_cut_short_is_told(whole: Path, server: tuple[str, type[_Handler]]):
    address, handler = server
    handler.content = whole.read_bytes()[:20_000]
    with pytest.raises(FormatError, match=f"truncated: 20000 bytes found, {whole.stat().st_size} expected"):
        OpenFile(address)


@pytest.mark.parametrize("status", [503, 404])
def test_what_a_server_refuses_is_worth_another_try(server: tuple[str, type[_Handler]], status: int):
    address, handler = server
    handler.status = status
    with pytest.raises(OSError, match=r"file.root"):
        OpenFile(address)


def test_a_damaged_tree_does_no_harm_until_it_is_asked_for(tmp_path: Path):
    path = tmp_path / "two.root"
    with uproot.recreate(path) as file:
        file.mktree("good", {"x": "float32"}).extend({"x": np.zeros(5, "f4")})
        file.mktree("bad", {"x": "float32"}).extend({"x": np.zeros(5, "f4")})
    with uproot.open(path) as file:
        key = file.key("bad")
        start, size = key.fSeekKey + key.fKeylen, key.fNbytes - key.fKeylen
    content = bytearray(path.read_bytes())
    content[start : start + size] = bytes(size)
    _copy(path, bytes(content))
    with OpenFile(str(path)) as opened:
        assert set(opened.storages) == {"good", "bad"}
        assert opened.tree("good").entries == 5
        with pytest.raises(FormatError, match=r"two.root: tree bad cannot be read"):
            opened.describe()
