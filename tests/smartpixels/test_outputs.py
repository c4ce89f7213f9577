"""Names and rows of what is written for one file."""

import pytest

from kit.smartpixels.options import TableParameters
from kit.smartpixels.outputs import output_names, tag_of


def test_tags_are_the_communitys():
    assert tag_of("pixel_clusters_d16401") == "d16401"
    assert tag_of("signal_pixelav_0") == "signal_pixelav_0"
    assert tag_of("d12_late") == "d12_late"


def test_each_format_has_its_names():
    p = TableParameters(formats=["text", "parquet", "part", "adc"])
    assert output_names("pixel_clusters_d16401", p) == {
        "text": "convolved_output_pixel_clusters_d16401.out.gz",
        "labels": "unflipped/labels_d16401.parquet",
        "recon2D": "unflipped/recon2D_d16401.parquet",
        "recon3D": "unflipped/recon3D_d16401.parquet",
        "part": "unflipped/part.16401.parquet",
        "adc": "unflipped/adc_d16401.parquet",
    }


@pytest.mark.parametrize(
    ("stem", "name"), [("signal_pixelav_7", "part.7.parquet"), ("clusters", "part.clusters.parquet")]
)
def test_a_part_has_the_number_of_its_file_or_its_name(stem, name):
    assert output_names(stem, TableParameters(formats=["part"], select="all")) == {"part": f"all/{name}"}


def test_plain_text_has_no_ending_of_gzip():
    names = output_names("a", TableParameters(compression=0))
    assert names == {"text": "convolved_output_a.out"}
