"""Views as files."""

from pathlib import Path

import numpy as np
import pytest

from kit.files import read_json
from kit.opendata.bumpnet import read_histograms
from kit.opendata.captions import Caption
from kit.opendata.histograms import HistogramParameters
from kit.opendata.mass_view import view_of
from kit.opendata.view_exports import write_view
from kit.parameters import read_yaml

COUNTS = np.array([0, 3, 9, 40, *range(39, 9, -1), 0, 0, 4, 1])
VIEW = view_of(("2e_0m_0j_0g_0t_0b", "e0e1"), COUNTS, 10.0, 1, events=9, above=Caption("", ""), name="")


def drawn(stem: Path, kinds: tuple[str, ...]) -> list[Path]:
    return [stem.with_suffix(f".{kind}") for kind in kinds]


def test_each_kind_reads_back(tmp_path: Path):
    p = HistogramParameters(inputs=["masses"], bin_width=20.0)
    paths = write_view(tmp_path / "a" / "x", ["pdf", "root", "yaml"], VIEW, drawn, p, {"pair": ["2e", "e0e1"]})
    assert [path.suffix for path in paths] == [".pdf", ".root", ".yaml", ".json"]
    (histogram,) = read_histograms(tmp_path / "a" / "x.root")
    assert histogram.counts.tolist() == COUNTS[3:34].tolist()
    assert HistogramParameters.build(read_yaml(tmp_path / "a" / "x.yaml")) == p
    assert read_json(tmp_path / "a" / "x.json") == {"pair": ["2e", "e0e1"]}


def test_other_kinds_are_refused_before_anything_is_written(tmp_path: Path):
    with pytest.raises(ValueError, match="cannot export: gif; there are png, pdf, root, yaml"):
        write_view(tmp_path / "x", ["gif", "root"], VIEW, drawn, HistogramParameters(), {})
    assert list(tmp_path.iterdir()) == []
