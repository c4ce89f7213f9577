"""The pictures of a dataset."""

import numpy as np
import pytest

from kit.ecal import dataset_plots
from kit.ecal.access import Part


def part(n=50):
    rng = np.random.default_rng(1)
    window = {
        "flavour": rng.choice([11.0, 22.0], n),
        "et_seed": rng.uniform(1, 400, n),
        "seed_eta": rng.uniform(-2, 2, n),
    }
    return Part(
        window | {"ncls": rng.integers(1, 9, n), "is_seed_calo_matched": np.ones(n, bool)}, {}, np.arange(n + 1)
    )


@pytest.mark.parametrize("weights", [[], [np.linspace(0.1, 2, 50)]])
def test_each_flavour_sums_to_one_before_and_after_weights(weights):
    axes = dataset_plots.balance([part()], weights).axes
    assert len(axes) == (6 if weights else 3)
    assert [text.get_text() for text in axes[2].get_legend().get_texts()] == ["electrons", "photons"]
    for each in axes:
        assert [round(patch.get_data().values.sum(), 6) for patch in each.patches] == [1, 1]


def test_where_nothing_was_kept_no_flavour_is_named():
    assert dataset_plots.balance([], []).axes[2].get_legend() is None


def test_features_are_named_with_mean_and_width():
    numbers = {"mean": {"en": 5.0}, "std": {"en": 2.0}, "min": {"en": 1.0}, "max": {"en": 9.0}}
    axes = dataset_plots.normalisation({"cluster": numbers, "window": numbers}).axes
    assert [text.get_text() for text in axes[0].get_yticklabels()] == ["en: 5 ± 2"]


def test_features_without_a_width_are_left_out():
    numbers = {key: {"en": None, "n": 1.0} for key in ("mean", "std", "min", "max")}
    assert len(dataset_plots.normalisation({"cluster": numbers, "window": numbers}).axes[0].get_yticks()) == 1


def test_every_part_and_flavour_has_a_bar():
    summary = {
        "windows_read": 9,
        "windows": 8,
        "windows_train": 5,
        "windows_test": 3,
        "matched": 6,
        "calo_seeds": 4,
    }
    axes = dataset_plots.sizes(summary | {"windows_by_flavour": {"11": 8}}).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()][:3] == [
        "part train",
        "part test",
        "flavour 11, electrons",
    ]
