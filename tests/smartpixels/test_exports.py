"""What the panel writes can be read again."""

import csv
import itertools
import json

import numpy as np
import pytest
from PIL import Image

from kit.smartpixels.exports import write_animation, write_arrays, write_waveforms
from kit.smartpixels.scene import Scene


@pytest.fixture
def scene(view):
    return Scene(view(1, noise=True), pixels=((2, 3), (1, 3)))


def test_waveforms_are_a_table_with_names_and_units(scene, tmp_path):
    write_waveforms(scene, tmp_path / "one.csv")
    names, *rows = csv.reader((tmp_path / "one.csv").read_text().splitlines())
    assert names[:3] == ["time (ns)", "row 2 column 3 (e-)", "row 2 column 3 (mV)"]
    numbers = np.array(rows, float)
    assert numbers[:, 0] == pytest.approx(scene.view.output_times)
    assert numbers[:, 4] == pytest.approx(scene.view.noisy[1, 3], rel=1e-5)


def test_arrays_come_whole_with_what_made_them(scene, tmp_path):
    write_arrays(scene, tmp_path / "one.npz")
    view = scene.view
    with np.load(tmp_path / "one.npz") as stored:
        assert int(stored["cluster"]) == 1
        for name in ("charge", "voltage", "noisy", "metadata", "other_start", "other_template", "at_once"):
            assert np.array_equal(stored[name], getattr(view, name))
        assert np.array_equal(stored["charge_times"], view.input_times)
        assert np.array_equal(stored["times"], view.output_times)
        assert np.array_equal(stored["codes"][1], view.codes_at(1))
        made = json.loads(str(stored["parameters"]))
    assert made == view.p.model_dump()


def test_an_animation_goes_from_the_beginning_to_the_end_on_one_scale(scene, tmp_path):
    path = tmp_path / "one.gif"
    write_animation(scene, path, frames=4, duration=50)
    with Image.open(path) as animation:
        assert animation.n_frames == 4
        assert animation.info["duration"] == 50
        assert animation.size[0] > 900
        pictures = []
        for frame in range(4):
            animation.seek(frame)
            pictures.append(np.asarray(animation.convert("RGB"), int))
    assert all((one != other).any() for one, other in itertools.pairwise(pictures))


def test_nothing_half_written_is_left(scene, tmp_path, monkeypatch):
    monkeypatch.setattr(np, "savez_compressed", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_arrays(scene, tmp_path / "one.npz")
    assert list(tmp_path.glob("one*")) == []
