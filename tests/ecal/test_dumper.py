"""Reading dumper files in every layout, and what is refused."""

import awkward as ak
import numpy as np
import pytest

from kit.ecal.dumper import DumperFile
from kit.files import FormatError
from tests.ecal.rootfiles import columns_of, damaged, without_last, write

GROUPS = ("clusters", "calos", "superclusters", "hits", "scores", "members")


@pytest.fixture(scope="module")
def good(demo_file):
    return demo_file("pairs", 12)


def test_the_dumpers_own_layout_is_recognised(ecal_data, demo_file):
    for path, layout in (
        (ecal_data / "edge.root", "dumper"),
        (demo_file("pairs", 12), "rntuple"),
        (demo_file("pairs", 12, layout="flat"), "flat"),
    ):
        with DumperFile(str(path)) as source:
            assert source.layout == layout


def assert_same(one, other):
    for group in GROUPS:
        mine, theirs = getattr(one, group), getattr(other, group)
        assert np.array_equal(mine.offsets, theirs.offsets), group
        for name in mine.columns:
            assert np.array_equal(mine[name], theirs[name]), (group, name)
            assert mine[name].dtype == theirs[name].dtype, (group, name)
    for name, values in one.event.items():
        assert np.array_equal(values, other.event[name])


def test_every_layout_holds_the_same(demo_file, read):
    assert_same(*(read(demo_file("pairs", layout=layout)) for layout in ("rntuple", "flat")))


def test_the_dumpers_layout_reads_back_exactly_from_an_rntuple(ecal_data, read, tmp_path):
    again = write(tmp_path / "edge.root", columns_of(ecal_data / "edge.root"))
    assert_same(read(ecal_data / "edge.root"), read(again))


def test_what_awkward_reads_is_what_is_read(ecal_data, read):
    columns = columns_of(ecal_data / "ele4_50.root")
    events = read(ecal_data / "ele4_50.root")
    for name, lists in (
        ("pfCluster_rawEnergy", events.clusters["rawEnergy"]),
        ("superCluster_eta", events.superclusters["eta"]),
    ):
        assert np.array_equal(ak.flatten(columns[name]).to_numpy(), lists)
    assert np.array_equal(
        ak.flatten(columns["pfClusterHit_fraction"], axis=None).to_numpy(), events.hits["fraction"]
    )
    scores = ak.flatten(columns["pfCluster_sim_fraction"], axis=None).to_numpy()
    assert np.array_equal(scores, events.scores["sim_fraction"])


@pytest.mark.parametrize("layout", ["dumper", "rntuple", "flat"])
def test_parts_are_parts_of_the_whole(demo_file, ecal_data, read, layout):
    path = ecal_data / "edge.root" if layout == "dumper" else demo_file("pairs", layout=layout)
    whole = read(path)
    for first, last in ((0, 0), (3, 4), (5, 16)):
        part = read(path, first, last)
        assert len(part) == last - first
        assert_same(part, whole.take(np.arange(first, last)))


def test_event_numbers_beyond_32_bits(ecal_data, read):
    assert read(ecal_data / "edge.root").event["eventId"].tolist() == [2**33 + i for i in range(16)]


@pytest.mark.parametrize("name", ["sim_fraction_noHitsFraction", "simEnergy_sharedXtals", "dR_simScore"])
def test_other_associations_are_read(ecal_data, read, name):
    events = read(ecal_data / "ele4_50.root", 0, 2, association=name)
    assert set(events.scores.columns) == {name, "simEnergy_sharedXtals"}


def refused(path, text):
    with pytest.raises(FormatError, match=text), DumperFile(str(path)) as source:
        source.read(0, source.identity.entries)


def test_a_file_that_is_not_root_is_named_with_its_first_bytes(tmp_path):
    (tmp_path / "page.root").write_text("<html>no such file</html>" * 20)
    refused(tmp_path / "page.root", r"page\.root: begins with b'<html>no'.*a ROOT file begins with b'root'")


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9])
def test_a_file_that_was_cut_says_how_much_is_there(good, tmp_path, share):
    whole = good.read_bytes()
    (tmp_path / "cut.root").write_bytes(whole[: int(share * len(whole))])
    refused(tmp_path / "cut.root", r"cut\.root: truncated: \d+ bytes")


def test_an_empty_file(tmp_path):
    (tmp_path / "empty.root").touch()
    refused(tmp_path / "empty.root", r"empty\.root: begins with b''")


def test_without_the_tree_those_that_are_there_are_named(good, tmp_path):
    write(tmp_path / "other.root", columns_of(good), tree="dumper/caloTree")
    refused(tmp_path / "other.root", r"has no recosimdumper/caloTree; trees in it: dumper/caloTree")


def test_missing_branches_are_named_all_at_once_with_near_ones(good, tmp_path):
    columns = columns_of(good)
    columns["pfCluster_rawEnergi"] = columns.pop("pfCluster_rawEnergy")
    del columns["pfCluster_sim_fraction"], columns["superCluster_seedIndex"]
    write(tmp_path / "old.root", columns)
    refused(
        tmp_path / "old.root",
        r"lacks 3 branches: pfCluster_rawEnergy \(there is pfCluster_rawEnergi\), pfCluster_sim_fraction.*"
        r"superCluster_seedIndex",
    )


def test_a_branch_of_another_nesting(good, tmp_path):
    path = damaged(good, tmp_path / "x.root", pfCluster_eta=lambda eta: eta[:, np.newaxis])
    refused(path, r"branch pfCluster_eta is .*should be a list of numbers an event")


def test_a_branch_without_numbers(good, tmp_path):
    path = damaged(good, tmp_path / "x.root", pfCluster_iz=lambda iz: ak.Array([["a"] * len(x) for x in iz]))
    refused(path, r"branch pfCluster_iz is .*should be a list of numbers an event")


def test_cluster_branches_of_unequal_length(good, tmp_path):
    path = damaged(good, tmp_path / "x.root", pfCluster_phi=without_last)
    refused(path, r"event 0: pfCluster_phi has \d+ entries, pfCluster_energy has \d+; should be equal")


def test_hit_branches_of_unequal_length(good, tmp_path):
    def shorten(column):
        lists = column.to_list()
        lists[2][5].append(0.5)
        return ak.Array(lists)

    path = damaged(good, tmp_path / "x.root", pfClusterHit_fraction=shorten)
    refused(path, r"event 2: pfClusterHit_fraction\[5\] has \d+ entries, pfClusterHit_rechitEnergy has \d+")


def test_score_rows_of_another_length_than_there_are_particles(good, tmp_path):
    path = damaged(good, tmp_path / "x.root", pfCluster_sim_fraction=lambda rows: rows[:, :, :1])
    refused(path, r"event 0: pfCluster_sim_fraction\[0\] has 1 entries, caloParticle_simEnergy has 2")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises((FormatError, OSError), match="is a folder"):
        DumperFile(str(tmp_path))


def test_bytes_damaged_inside_name_the_file(good, tmp_path):
    whole = bytearray(good.read_bytes())
    for place in range(2000, len(whole) - 3000, 211):
        whole[place] ^= 0xFF
    (tmp_path / "damaged.root").write_bytes(whole)
    with (
        pytest.raises((FormatError, OSError), match=r"damaged\.root"),
        DumperFile(str(tmp_path / "damaged.root")) as source,
    ):
        source.read(0, source.identity.entries)
