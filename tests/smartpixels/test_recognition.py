"""What a cluster file is, before its clusters are read."""

import pytest

from kit.files import FormatError
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.pixelav import Geometry, Layout
from kit.smartpixels.reader import ClusterFile
from tests.smartpixels import samples

SMALL = samples.sensor(slices=40, step=100.0)
TEXT = samples.text_of(samples.clusters(3, SMALL), SMALL)
FINE = samples.text_of(samples.clusters(2), samples.SMALL)


def opened(folder, content, **values):
    path = samples.write(folder, content)
    with ClusterFile(path, ClusterParameters(clusters=[path], **values)) as source:
        return source


def test_header_layout_and_geometry_are_found(tmp_path):
    source = opened(tmp_path, FINE)
    assert source.layout == Layout(rows=5, columns=7, slices=400, step=10.0, fields=9)
    assert source.geometry == Geometry(50.0, 12.5, 100.0, 10.0)
    assert [line[:4] for line in source.header] == [b"demo", b"50.0"]


def test_a_later_file_of_a_production_has_no_header(tmp_path):
    source = opened(tmp_path, samples.text_of(samples.clusters(1), None))
    assert source.header == []
    assert source.geometry == Geometry(50.0, 12.5, 100.0, 10.0)
    assert any("has no geometry line; pitch_x 50 um, pitch_y 12.5 um, thickness 100 um" in n for n in source.notes)


def test_parameters_stand_in_for_a_missing_header(tmp_path):
    source = opened(
        tmp_path, samples.text_of(samples.clusters(1), None), pitch_x=25.0, pitch_y=25.0, thickness=50.0
    )
    assert source.geometry == Geometry(25.0, 25.0, 50.0, 10.0)


def test_an_unknown_array_and_a_short_time_are_noted(tmp_path):
    short = samples.sensor(slices=100)
    notes = opened(tmp_path, samples.text_of(samples.clusters(1, short), short)).notes
    assert notes[0].endswith("an array of 5 rows and 7 columns is not known")
    assert notes[1].endswith("clusters span 1000 ps, 4000 ps are usual")


def test_a_known_array_is_not_noted(tmp_path):
    known = samples.sensor(13, 21)
    assert opened(tmp_path, samples.text_of(samples.clusters(1, known), known)).notes == []


@pytest.mark.parametrize(
    ("content", "values", "message"),
    [
        (b"no clusters here\n", {}, r"d00001.out:1: holds no line <cluster>"),
        (b"\n", {}, r"d00001.out:1: holds no line <cluster>"),
        (b"<time slice 10.000000 ps>\n" + FINE, {}, r":1: '<time slice 10.000000 ps>' before the first <cluster>"),
        (FINE, {"rows": 6}, r":3: the clusters have 5 rows, the parameter says 6"),
        (FINE, {"columns": 8, "slices": 9}, r"have 7 columns, .* says 8; the clusters have 400 slices, .* says 9"),
        (FINE, {"input_step": 20.0}, r"the slices are 10 ps apart, input_step says 20 ps"),
        (FINE, {"pitch_x": 25.0}, r"pitch_x is 50 um in the geometry line, the parameter says 25 um"),
        (FINE, {"thickness": 50.0}, r"thickness is 100 um in the geometry line, the parameter says 50 um"),
        (TEXT, {}, r"the slices are 100 ps apart, the kernel is in steps of 10 ps \(resample: linear draws lines"),
        (
            FINE.replace(b"  10.000000\n", b"  50.000000\n", 1), {},
            r"the slices are 10 ps apart, the geometry line says 50 ps",
        ),
    ],
)  # fmt: skip
def test_what_disagrees_is_refused_with_both_values(tmp_path, content, values, message):
    with pytest.raises(FormatError, match=message):
        opened(tmp_path, content, **values)


def test_compat_takes_what_disagrees_and_says_so(tmp_path):
    source = opened(tmp_path, TEXT, compat=True)
    assert source.layout.step == 100.0
    assert any("taken although the slices are 100 ps apart" in note for note in source.notes)


def test_coarse_slices_can_be_resampled(tmp_path):
    assert opened(tmp_path, TEXT, resample="linear").layout.slices == 40


def test_where_good_clusters_are_kept_a_half_first_one_does_not_decide(tmp_path):
    one, *rest = samples.clusters(3)
    half = samples.text_of([one])[: -len(samples.text_of([one])) // 2]
    half = half[: half.rindex(b"<time slice")]
    content = half + samples.text_of(rest, None)
    assert opened(tmp_path, content, keep_good=True).layout.slices == 400
    assert opened(tmp_path, content).layout.slices < 400
