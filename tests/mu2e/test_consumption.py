"""The order of consumption: entries, events, random and thinned, always each item once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.files import FormatError
from kit.mu2e.catalogue import catalogue_of
from kit.mu2e.consumption import make_part
from kit.mu2e.primaries import measure
from kit.mu2e.sources import Source
from kit.mu2e.standins import TREE, Standin, write_standin
from tests.mu2e.test_primaries import REAL


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = write_standin(tmp_path_factory.mktemp("c") / "a.root", Standin("DIO", 300, 9000, 95.0, 1))
    return measure(catalogue_of({"DIO": {"files": [str(path)], "tree": TREE}}, "")["DIO"]).sources[0]


def _entries(part, ranges):
    return np.concatenate([part.rows(start, stop)[1] for start, stop in ranges])


@pytest.mark.parametrize("order", ["sequential", "random"])
@pytest.mark.parametrize("thinning", [("", 0.0), ("t0", 1695.0)])
@given(wanted=st.lists(st.integers(0, 60), max_size=6), free=st.just([(0, 40), (50, 300)]))
def test_each_entry_is_taken_once_and_as_many_as_wanted(source, order, thinning, wanted, free):
    part = make_part([4], [source], "entry", order, thinning, seed=3)
    seen = []
    before = part.available(free)
    for number in wanted:
        number = min(number, part.available(free))
        taken, free = part.take(free, number)
        assert part.available(taken) == number
        seen.append(_entries(part, taken) if taken else np.empty(0, int))
        assert len(seen[-1]) == number
    every = np.concatenate([*seen, np.empty(0, int)])
    assert len(set(every.tolist())) == len(every)
    assert part.available(free) == before - len(every)


def test_sequential_entries_come_in_their_order(source):
    part = make_part([4], [source], "entry", "sequential")
    tree, entry, item = part.rows(7, 12)
    assert (tree.tolist(), entry.tolist(), item.tolist()) == ([4] * 5, [7, 8, 9, 10, 11], [0, 1, 2, 3, 4])
    assert part.shelf.items == 300


def test_a_random_order_belongs_to_the_file(source):
    one, other = (make_part([0], [source], "entry", "random", seed=seed) for seed in (1, 2))
    assert one.order.tolist() == other.order.tolist() != list(range(300))
    first = one.rows(0, 150)[1]
    assert first.tolist() == one.order[:150].tolist()
    assert np.mean(first) == pytest.approx(150, abs=4 * 300 / np.sqrt(12 * 150))


def test_thinning_keeps_entries_by_their_weight(tmp_path):
    path = write_standin(tmp_path / "w.root", Standin("DIO", 40_000, 90_000, 95.0, 1))
    pool = measure(catalogue_of({"DIO": {"files": [str(path)], "tree": TREE, "weight_branch": "t0"}}, "")["DIO"])
    total, largest = pool.weights
    part = make_part([0], pool.sources, "entry", "sequential", ("t0", largest), seed=5)
    kept = part.available([(0, 40_000)])
    assert kept == pytest.approx(total / largest, abs=4 * np.sqrt(total / largest))
    import uproot

    weights = uproot.open(path)[TREE]["t0"].array(library="np")
    entries = part.rows(0, 40_000)[1]
    assert np.mean(weights[entries]) == pytest.approx(np.sum(weights**2) / np.sum(weights), rel=0.02)
    assert part.rows(0, 40_000)[1].tolist() == entries.tolist()


@pytest.fixture
def real(public):
    primary = catalogue_of(
        {"CE": {"files": [str(public / REAL)], "tree": ["TrkAnaNeg/trkana", "TrkAnaPos/trkana"]}}, ""
    )["CeMLL"]
    return measure(primary).sources


def test_whole_events_of_a_real_file_keep_their_tracks_together(real):
    part = make_part([0, 1], real, "event", "sequential")
    tree, entry, item = part.rows(0, part.items)
    assert len(entry) == 103
    assert part.items < 103
    assert sorted(zip(tree.tolist(), entry.tolist(), strict=True)) == [(0, i) for i in range(101)] + [
        (1, 0),
        (1, 1),
    ]
    import uproot

    with uproot.open(real[0].path) as file:
        numbers = [file[source.tree]["evtinfo."].array(library="np")["eventid"] for source in real]
    ids = [int(numbers[t][e]) for t, e in zip(tree, entry, strict=True)]
    assert len(set(ids)) == part.items
    for number in range(part.items):
        assert len({i for i, of in zip(ids, item.tolist(), strict=True) if of == number}) == 1
    assert np.all(np.diff(item) >= 0)
    assert part.shelf.tree == "TrkAnaNeg/trkana+TrkAnaPos/trkana"


def test_events_without_ids_are_refused(tmp_path):
    import uproot

    with uproot.recreate(tmp_path / "x.root") as file:
        file.mktree("t", {"x": np.dtype("f4")}).extend({"x": np.ones(3, "f4")})
    source = Source(str(tmp_path / "x.root"), "t", 3, "", 0)
    with pytest.raises(FormatError, match="t has no run, subrun and event"):
        make_part([0], [source], "event", "sequential")
