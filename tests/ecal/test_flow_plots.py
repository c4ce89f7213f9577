"""The pictures of what becomes of events and clusters."""

import numpy as np
import pytest

from kit.ecal import flow_plots, window_plots
from kit.ecal.access import Part
from tests.ecal.test_access import paths, windows  # noqa: F401 - fixtures
from tests.ecal.test_window_plots import gathered, text_of  # noqa: F401 - fixture


def test_the_cutflow_shows_every_number():
    summary = {"clusters": 12345, "seeds": 678, "events": 9}
    text = text_of(flow_plots.cutflow(summary))
    assert "12 345" in text
    assert "678" in text


@pytest.mark.parametrize("more", [0, 7])
def test_every_window_and_every_event_counts(gathered, windows, more):  # noqa: F811
    events = len(np.unique(windows.window["event_id"])) + more
    axes = flow_plots.per_event(gathered, events).axes[0]
    numbers = len(windows), windows.window["is_seed_calo_matched"].sum()
    for patch, wanted in zip(axes.patches, numbers, strict=True):
        counts, edges, _ = patch.get_data()
        assert counts.sum() == events
        assert (counts * (edges[1:] + edges[:-1]) / 2).sum() == wanted


def test_of_nothing_it_says_so():
    nothing = window_plots.gather([Part({}, {}, np.zeros(1, np.int64))])
    assert "no window" in text_of(flow_plots.per_event(nothing, 5))
