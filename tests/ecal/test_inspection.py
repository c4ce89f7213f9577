"""Looking into many windows: filters, names, another working point."""

import numpy as np
import pytest

from kit.ecal.building import Rules, build
from kit.ecal.engine import NUMPY
from kit.ecal.features import read_features
from kit.ecal.inspection import Inspection
from kit.ecal.tables import TableWriter, to_table
from kit.ecal.window_quantities import INSC

FEATURES = read_features().with_other_labels(["in_scluster"], INSC, "deepsc")


@pytest.fixture(scope="module")
def windows(demo_file, table, read):
    return build(read(demo_file("pairs")), Rules(table, unmatched=2, both_labels=True), NUMPY)


@pytest.fixture(scope="module")
def paths(windows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("windows")
    made = to_table(windows, FEATURES, "float64", flavour=11, nan_fill=-999.0)
    for number, (first, length) in enumerate(((0, 61), (61, len(made)))):
        with TableWriter(folder / f"{number}.parquet", made.schema, 40) as writer:
            writer.write(made.slice(first, length))
    return sorted(folder.iterdir())


@pytest.fixture
def inspection(paths):
    made = Inspection(paths)
    yield made
    made.close()


def test_conditions_choose_what_fulfils_all_of_them(inspection, windows):
    et, eta = windows.window["et_seed"].astype(np.float32), np.abs(windows.window["seed_eta"]).astype(np.float32)
    assert inspection.matching("").tolist() == list(range(len(windows)))
    assert inspection.matching("et>20 eta<=1.4").tolist() == np.flatnonzero((et > 20) & (eta <= 1.4)).tolist()
    matched = windows.window["is_seed_calo_matched"]
    assert inspection.matching("matched=no").tolist() == np.flatnonzero(~matched).tolist()
    counts = windows.window["ncls"]
    assert inspection.matching("ncls>=3 ncls<5").tolist() == np.flatnonzero((counts >= 3) & (counts < 5)).tolist()


def test_windows_whose_labels_differ_are_found(inspection, windows):
    owner = np.repeat(np.arange(len(windows)), np.diff(windows.offsets))
    differ = windows.cluster["in_scluster"] != windows.cluster["in_scluster_deepsc"]
    assert differ.any()
    assert inspection.matching("differ=yes").tolist() == np.unique(owner[differ]).tolist()
    assert set(inspection.matching("differ=yes")) <= set(inspection.matching("diffcalo=yes"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("et", "et is a number, should be a condition such as et > 0"),
        ("ett>2", r"ett is no column, should be one of et, .*\(did you mean et\?\)"),
        ("et>much", "much is no column"),
    ],
)
def test_what_is_no_condition_is_told(inspection, text, told):
    with pytest.raises(ValueError, match=told):
        inspection.matching(text)


def test_a_window_is_found_by_its_name(inspection, windows):
    names = windows.window["window_index"]
    for number in (0, 60, 61, len(windows) - 1):
        assert inspection.find(names[number]) == number
        assert inspection.one(number).window["window_index"][0] == names[number]
    with pytest.raises(ValueError, match="no window is called 1:2:3:4"):
        inspection.find("1:2:3:4")


def test_at_the_files_working_points_nothing_changes(inspection, windows):
    made = inspection.relabel(inspection.matching("matched=yes"), None)
    assert made.true_before == made.true_after
    good = windows.window["is_seed_calo_matched"]
    owner = np.repeat(np.arange(len(windows)), np.diff(windows.offsets))
    energy = np.bincount(owner, windows.cluster["en_cluster"] * windows.cluster["in_scluster"], len(windows))
    assert made.ratio == pytest.approx((energy / np.where(good, windows.window["en_true_sim"], 1))[good])


def test_a_higher_threshold_leaves_less(inspection):
    numbers = inspection.matching("et>5")
    made = [inspection.relabel(numbers, threshold) for threshold in (1e-4, 0.01, 0.5, 1.1)]
    assert sorted((each.true_after for each in made), reverse=True) == [each.true_after for each in made]
    assert made[-1].true_after == made[-1].windows
    assert (made[0].ratio >= made[-1].ratio - 1e-12).all()


def test_nothing_can_be_relabelled(inspection):
    made = inspection.relabel(np.zeros(0, np.int64), 0.1)
    assert (made.windows, len(made.ratio)) == (0, 0)


def test_columns_are_read_when_they_are_asked_for(inspection):
    assert not inspection.knows("et>20")
    inspection.matching("et>20")
    assert inspection.knows("et>20 or et<10")
    assert not inspection.knows("et>20 matched=yes")
    told = []
    inspection.matching("et>20 matched=yes", lambda *done: told.append(done))
    assert told[-1] == (len(inspection), len(inspection))


def test_of_many_some_are_relabelled(inspection, monkeypatch):
    monkeypatch.setattr("kit.ecal.inspection.MOST_GROUPS", 1)
    assert inspection.relabel(np.arange(len(inspection)), None).windows < 40
