"""``kit list``, ``diff``, ``clean`` and ``report`` say what there is, and remove only what was shown."""

import json

import pytest


@pytest.fixture
def runs(make_run):
    make_run("outputs/beam/scan/a", {"muons": 4}, started="2026-05-03T10:00:00+00:00")
    make_run("outputs/beam/scan/b", {"muons": 30}, energy=7.0, started="2026-05-02T10:00:00+00:00")
    make_run("outputs/beam/dump/c", stage="beam/dump", state="failed", started="2026-05-01T10:00:00+00:00")


@pytest.mark.usefixtures("runs")
class TestList:
    def test_one_line_a_run_the_latest_last(self, kit):
        lines = kit("list").out.splitlines()
        assert lines[0].split() == ["begun", "(UTC)", "state", "time", "stage", "run"]
        assert [line.split()[-1] for line in lines[1:]] == [
            "outputs/beam/dump/c",
            "outputs/beam/scan/b",
            "outputs/beam/scan/a",
        ]
        assert lines[1].startswith("2026-05-01 10:00  failed")

    def test_columns_filters_and_order_as_asked(self, kit):
        words = ["--stage", "beam/scan", "--show", "muons", "--show", "energy", "--sort", "muons", "--reverse"]
        first, second = kit("list", *words).out.splitlines()[1:]
        assert first.split()[-3:] == ["30", "7", "outputs/beam/scan/b"]
        assert second.split()[-3:] == ["4", "8", "outputs/beam/scan/a"]
        assert "scan/b" in kit("list", "-p", "energy=7").out
        assert "scan/a" not in kit("list", "-p", "energy=7").out
        assert kit("list", "--since", "1h").out == "no such run in outputs\n"

    def test_an_answer_in_json(self, kit):
        found = json.loads(kit("list", "--state", "failed", "--json").out)
        assert [one["stage"] for one in found] == ["beam/dump"]

    def test_a_damaged_run_is_told_apart(self, kit, tmp_path):
        (tmp_path / "outputs/beam/scan/a/manifest.json").write_text("[]")
        answer = kit("list")
        assert "scan/a" not in answer.out
        assert "left out: outputs/beam/scan/a/manifest.json: should name stage" in answer.err

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("--since", "soon"), "soon is no time; should be a date such as 2026-05-31, or an age such as"),
            (("-p", "energy"), "-p energy: should be NAME=VALUE"),
            (("--state", "lost"), "'lost' is not one of 'complete'"),
        ],
    )
    def test_what_cannot_be_asked_is_told(self, kit, words, told):
        answer = kit("list", *words)
        assert answer.status == 2
        assert told in answer.err


@pytest.mark.usefixtures("runs")
class TestDiff:
    def test_differences_stand_part_by_part(self, kit):
        answer = kit("diff", "outputs/beam/scan/a", "outputs/beam/scan/b")
        assert answer.status == 0
        assert [line.split() for line in answer.out.splitlines()] == [
            ["parameters"],
            ["energy", "8", "→", "7", "-12.5", "%"],
            ["summary"],
            ["muons", "4", "→", "30", "+650", "%"],
        ]

    def test_runs_are_found_from_the_root_wherever_one_stands(self, kit, tmp_path, monkeypatch):
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert "energy" in kit("diff", "outputs/beam/scan/a", "outputs/beam/scan/b").out

    def test_scripts_get_a_status_and_json(self, kit):
        words = ("diff", "outputs/beam/scan/a", "outputs/beam/scan/b", "--json", "--exit-code")
        answer = kit(*words)
        assert answer.status == 1
        assert [one["name"] for one in json.loads(answer.out)] == ["energy", "muons"]
        same = kit("diff", "outputs/beam/scan/a", "outputs/beam/scan/a", "--exit-code")
        assert (same.status, same.out) == (0, "no difference that counts\n")


@pytest.mark.usefixtures("runs")
class TestClean:
    def test_without_words_what_failed_goes_after_it_was_shown(self, kit, tmp_path):
        answer = kit("clean", "--yes")
        shown, removed = answer.out.splitlines()
        assert shown.split()[-2:] == ["failed", "outputs/beam/dump/c"]
        assert removed.startswith("removed 1 runs")
        assert not (tmp_path / "outputs/beam/dump/c").exists()
        assert (tmp_path / "outputs/beam/scan/a").exists()
        assert kit("clean", "--yes").out == "nothing to remove\n"

    def test_a_dry_run_and_no_answer_remove_nothing(self, kit, tmp_path):
        assert "nothing was removed" in kit("clean", "outputs/beam/scan/a", "--dry-run").out
        answer = kit("clean", "outputs/beam/scan/a")  # nobody is there to be asked
        assert answer.status != 0
        assert (tmp_path / "outputs/beam/scan/a").exists()

    def test_a_run_that_another_reads_stays_and_who_reads_it_is_told(self, kit, make_run, tmp_path):
        make_run("outputs/beam/scan/d", inputs=["outputs/beam/scan/a/points.txt"])
        out = kit("clean", "outputs/beam/scan/a", "--yes").out
        assert out == "stays: outputs/beam/scan/a: outputs/beam/scan/d refers to it\nnothing to remove\n"
        assert (tmp_path / "outputs/beam/scan/a").exists()

    def test_named_runs_are_narrowed_by_the_filters(self, kit, tmp_path):
        kit("clean", "outputs", "--before", "2026-05-02T11:00+00:00", "--yes")
        assert [path.name for path in sorted((tmp_path / "outputs").glob("*/*/*"))] == ["a"]


def test_a_report_is_written_for_each_run_and_named(kit, make_run):
    make_run("outputs/beam/scan/a")
    assert kit("report", "outputs/beam/scan/a").out == "outputs/beam/scan/a/report.html\n"
    assert kit("report", "outputs").err == "kit: outputs has no manifest.json; should be the directory of a run\n"
