"""Seeds, matched windows, and which windows are kept."""

import numpy as np
import pytest

from kit.ecal.association import associate
from kit.ecal.engine import NUMPY
from kit.ecal.seeding import keep, open_windows, prepare

RULES = {"et_min": 1.0, "score_min": 1e-2, "overlapping": False}


def opened(events, **changes):
    field = prepare(events, 3, NUMPY)
    found = associate(events, "sim_fraction", 1e-4, NUMPY)
    return open_windows(events, field, found, NUMPY, **(RULES | changes))


def test_seeds_need_calibrated_et(demo_file, read):
    events = read(demo_file())
    field = prepare(events, 3, NUMPY)
    windows, blocked, _ = opened(events)
    assert (field.et[windows.seed] >= 1.0).all()
    assert len(windows.seed) + blocked.sum() == (field.et >= 1.0).sum()


def test_no_seed_lies_in_an_earlier_window(demo_file, read):
    events = read(demo_file())
    windows, _, _ = opened(events)
    field = prepare(events, 3, NUMPY)
    window, cluster, _ = NUMPY.fill(
        windows.seed, windows.event, events.clusters.offsets, field.order, field.positions, field.limits
    )
    place = {seed: w for w, seed in enumerate(windows.seed.tolist())}
    assert [c for w, c in zip(window.tolist(), cluster.tolist(), strict=True) if place.get(c, w) > w] == []


def test_windows_come_by_falling_et(demo_file, read):
    events = read(demo_file())
    windows, _, _ = opened(events, overlapping=True)
    et = prepare(events, 3, NUMPY).et[windows.seed]
    same_event = np.diff(windows.event) == 0
    assert (np.diff(et)[same_event] <= 0).all()


def test_a_score_of_exactly_one_percent_does_not_match(ecal_data, read):
    windows, _, _ = opened(read(ecal_data / "edge.root", 5, 6), overlapping=True)
    matched = dict(zip(windows.seed.tolist(), windows.matched.tolist(), strict=True))
    assert (matched[3], matched[4]) == (False, True)


def test_a_seed_far_from_the_generated_particle_is_counted_and_on_wish_not_matched(ecal_data, read):
    event = read(ecal_data / "edge.root", 14, 15)
    windows, _, strays = opened(event)
    assert (windows.matched.tolist()[0], strays.tolist()) == (True, [1])
    windows, _, strays = opened(event, gen_position=True)
    assert (windows.matched.any(), strays.tolist()) == (False, [1])


@pytest.mark.parametrize("number", [1, 3])
def test_matched_windows_are_kept_and_as_many_others_and_some_more(demo_file, read, number):
    events = read(demo_file())
    windows, _, _ = opened(events)
    kept = keep(windows, events, number, 1)
    for event in range(len(events)):
        own = windows.event == event
        m, u = (int((own & which).sum()) for which in (windows.matched, ~windows.matched))
        expected = u if u <= m else m + min(number, u - m)
        assert kept[own & windows.matched].all()
        assert kept[own & ~windows.matched].sum() == expected
        assert kept[np.flatnonzero(own & ~windows.matched)[: min(m, u)]].all()


def test_the_draw_depends_on_seed_and_event_alone(demo_file, read):
    events = read(demo_file())
    windows, _, _ = opened(events)
    whole = keep(windows, events, 2, 1)
    some = read(demo_file(), 20, 40)
    apart, _, _ = opened(some)
    assert keep(apart, some, 2, 1).tolist() == whole[windows.event >= 20].tolist()
    assert keep(windows, events, 2, 1).tolist() == whole.tolist()
    assert keep(windows, events, 2, 2).tolist() != whole.tolist()


def test_none_or_all_of_the_unmatched(demo_file, read):
    events = read(demo_file())
    windows, _, _ = opened(events)
    assert keep(windows, events, 0, 1).tolist() == windows.matched.tolist()
    assert keep(windows, events, "all", 1).all()
