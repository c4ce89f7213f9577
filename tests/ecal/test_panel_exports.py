"""What the panel of windows writes."""

import csv
import json

import pytest

from kit import figures
from kit.ecal import display
from kit.ecal.cluster_table import rows_of
from kit.ecal.panel_exports import export_window
from kit.ecal.window_files import WindowFiles
from tests.ecal.test_access import paths, windows  # noqa: F401 - fixtures


@pytest.mark.parametrize("again", [False, True])
def test_picture_table_and_window_are_written(paths, tmp_path, again):  # noqa: F811
    with WindowFiles(paths) as files:
        part = files.one(5)
    rows = rows_of(display.shown(part), "et")
    drawing, _ = figures.figure(size=(2, 2))
    for _ in range(1 + again):
        written = export_window(str(tmp_path / "new"), drawing, rows, part, {"filter": "et>3", "selected": None})
    assert [path.suffix for path in written] == [".png", ".pdf", ".csv", ".json"]
    assert written[0].read_bytes().startswith(b"\x89PNG")
    assert written[1].read_bytes().startswith(b"%PDF")
    with written[2].open() as stream:
        table = list(csv.DictReader(stream))
    assert [row["why"] for row in table] == [row["why"] for row in rows]
    for row in table:
        for name in ("cl_index", "calo_score", "et_cluster", "cluster_deta", "cluster_dphi"):
            assert float(row[name]) == part.cluster[name][int(row["cluster"])], name
    told = json.loads(written[3].read_text())
    assert told["view"] == {"filter": "et>3", "selected": None}
    assert told["window"]["et_seed"] == part.window["et_seed"][0]
    assert told["clusters"]["in_scluster"] == part.cluster["in_scluster"].tolist()
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(path.name for path in written)
