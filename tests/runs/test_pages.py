"""The page of a run says what its manifest and notebook say; links between pages hold where the folder goes."""

import csv
import json
import re
import shutil
import urllib.parse

import nbformat
import pytest

from kit import manifest
from kit.runs import pages
from kit.runs.pages import report


@pytest.fixture
def run(make_run, tmp_path):
    made = make_run("outputs/beam/scan/a", {"four_muons": 12345}, energy=6.5)
    cells = [nbformat.v4.new_markdown_cell("# Scan <of> today")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), made.directory / "scan.ipynb")
    return made


def links(page):
    return [urllib.parse.unquote(link) for link in re.findall(r'href="([^"#]+)"', page.read_text())]


def test_the_page_of_a_run_shows_numbers_values_files_and_notebook(run):
    page = report(run.directory).read_text()
    for text in ("beam/scan", "complete", "four muons", "12 345", "energy", "6.5", "points.txt", ">Scan"):
        assert text in page
    assert run.manifest["outputs"][0]["sha256"] in page


def test_a_page_fetches_nothing(run):
    assert not re.search(r'src="(?!data:)|<script|<link', report(run.directory).read_text())


def test_a_failed_run_tells_its_fault_and_what_was_not_kept(make_run):
    made = make_run("b", state="failed")
    record = made.directory / manifest.MANIFEST
    fault = {"kind": "ValueError", "message": "energy is <0"}
    record.write_text(json.dumps(json.loads(record.read_text()) | {"fault": fault}))
    page = report(made.directory).read_text()
    assert "energy is &lt;0" in page
    assert "no executed notebook was kept" in page


def test_pictures_stand_in_where_the_notebook_cannot_be_shown(run, monkeypatch):
    def absent(_path):
        message = "the notebook is shown where nbconvert is installed"
        raise ModuleNotFoundError(message)

    monkeypatch.setattr(pages, "notebook_html", absent)
    (run.directory / "plots").mkdir()
    (run.directory / "plots" / "muon_mass.png").write_bytes(b"png")
    page = report(run.directory).read_text()
    assert "where nbconvert is installed" in page
    assert 'alt="muon mass"' in page


@pytest.fixture
def batch(run, make_run, tmp_path):
    """Return a batch run of three points, one failed, one collected."""
    folder = tmp_path / "outputs" / "sweep"
    shutil.copytree(run.directory, folder / "outputs" / "00aa")
    content = {"stage": "beam/scan", "state": "failed", "parameters": {"energy": 6.5}, "summary": {"points": 3}}
    (folder / "manifest.json").write_text(json.dumps(content))
    (folder / "points.jsonl").touch()
    (folder / "merged").mkdir()
    with (folder / "merged" / "points.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["id", "index", "x", "site", "state"])
        table.writerows([["00aa", 0, 1, "CERN", "done"], ["00bb", 1, 2, "CERN", "done"]])
        table.writerow(["00cc", 2, 3, "CERN", "failed"])
    return folder


def test_the_page_of_a_batch_run_lists_points_those_not_done_first_and_links_to_theirs(batch):
    page = report(batch)
    text = page.read_text()
    assert text.index("00cc") < text.index("00aa") < text.index("00bb")
    assert "CERN" not in text  # the same for all
    assert links(page) == ["outputs/00aa/report.html"]
    assert "12 345" in (batch / "outputs/00aa/report.html").read_text()


def test_only_so_many_points_are_listed_and_that_is_said(batch, monkeypatch):
    monkeypatch.setattr(pages, "ROWS", 2)
    text = report(batch).read_text()
    assert "3 points" in text
    assert "The first 2 are shown" in text
    assert "00bb" not in text


def test_a_batch_run_that_is_not_merged_says_so(batch):
    (batch / "merged" / "points.csv").unlink()
    assert "not merged yet" in report(batch).read_text()


def test_the_page_of_a_campaign_is_an_index_of_its_stages_wherever_it_goes(run, batch, tmp_path):
    folder = tmp_path / "outputs" / "campaigns" / "spring"
    folder.mkdir(parents=True)
    stages = {
        "first": {"run": "outputs/beam/scan/a"},
        "all": {"run": "outputs/sweep"},
        "lost": {"run": "outputs/no"},
    }
    (folder / "campaign.json").write_text(json.dumps({"campaign": "spring", "stages": stages}))
    page = report(folder)
    text = page.read_text()
    assert text.index(">first<") < text.index(">all<") < text.index(">lost<")
    assert ">gone<" in text
    moved = shutil.move(tmp_path / "outputs", tmp_path / "elsewhere")
    page = moved / "campaigns" / "spring" / "report.html"
    assert len(links(page)) == 2
    for link in links(page):
        assert (page.parent / link).is_file()


def test_what_is_no_run_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"empty has no manifest\.json; should be the directory of a run"):
        report(tmp_path / "empty")
