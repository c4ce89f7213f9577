"""One run in a panel: everything that a click does is a method, asks before it acts, and tells what came of it."""

import pytest

from kit import calling
from kit.batch.faults import SubmissionError
from kit.batch.run_panel import ACTIONS, RunPanel
from kit.batch.status import status_of

CLICK = {"event": "click"}  # what a front end sends


def click(button):
    button._handle_custom_msg(CLICK, [])


@pytest.fixture(autouse=True)
def _with_the_kit(python):
    """Let a process find the kit from any folder."""


@pytest.fixture
def panel_of():
    """Return a function that makes the panel of a run; none watches on after its test."""
    made = []

    def make(run="run", **options):
        made.append(RunPanel(run, **options))
        return made[-1]

    yield make
    for panel in made:
        panel.watcher.stop()
        assert panel.watcher.wait(60)


@pytest.fixture
def asked(monkeypatch):
    """Return what the command was asked, in the place of the command."""
    words = []

    def call(given, settled, left):
        words.append(given)
        return calling.Answer(0, "well")

    monkeypatch.setattr(calling, "call", call)
    return words


@pytest.fixture
def made(written):
    """Return a run of six points: three done, one failed, two at work."""
    made = written(6)
    made.send([0, 1, 2, 3], [4, 5])
    made.bring({0: "done", 1: "done", 2: "done", 3: "failed"})
    made.tell("end", 0)
    made.tell("start", 1)
    return made


def test_it_tells_how_the_run_stands_with_reasons_pictures_and_numbers_to_choose(made, panel_of):
    panel = panel_of("run")
    assert panel.heading.text == "run"
    assert panel.words.text == "3/6 done, 1 failed, 2 running"
    panel.use.flush()
    assert panel.use.caption.endswith("memory: 103 MB at most, 400 MB requested, 128 MB would do")
    assert panel.table.value.count("<tr>") == 3
    for picture in (panel.chunks, panel.use, panel.map):
        assert picture.png.startswith(b"\x89PNG")
    assert "1 failed: cell 3: ValueError: too big (first: point 3)" in panel.failures.value
    assert list(panel.choices.x.options) == ["x", "seconds", "rss_mb", "square"]
    assert (panel.choices.x.value, panel.choices.y.value, panel.choices.colour.value) == ("x", "seconds", "state")


def test_the_map_follows_its_choices_and_keeps_them_at_the_next_look(made, panel_of):
    panel = panel_of("run")
    before = panel.map.png
    panel.choices.y.value = "square"
    panel.choices.colour.value = "rss_mb"
    panel.map.flush()
    assert panel.map.png != before
    panel.refresh()
    assert (panel.choices.y.value, panel.choices.colour.value) == ("square", "rss_mb")


def test_watching_looks_until_the_jobs_have_ended_and_can_be_left(made, eventually, panel_of):
    panel = panel_of("run")
    click(panel.watcher.buttons.start)
    assert eventually(lambda: panel.watcher.message)
    assert panel.watcher.progress == pytest.approx(4 / 6)
    made.bring({4: "done", 5: "done"})
    made.tell("end", 1)
    assert panel.watcher.wait(60)
    assert "5/6 done, 1 failed" in panel.words.text
    assert panel.watcher.status == "done"


def test_every_action_says_what_it_will_do_and_does_nothing_before_it_is_confirmed(made, asked, panel_of):
    panel = panel_of("run")
    for action in ACTIONS:
        assert panel.confirming.layout.display == "none"
        click(getattr(panel.buttons, action))
        assert panel.pending == action
        assert panel.question.text.startswith(f"{action}: ")
        assert panel.question.text.endswith("?")
        assert "{" not in panel.question.text
        assert panel.confirming.layout.display == ""
        click(panel.buttons.dismiss)
        assert (panel.pending, panel.question.text) == ("", "")
        assert panel.confirming.layout.display == "none"
    assert asked == []


def test_questions_carry_the_numbers_of_the_moment(made, panel_of):
    panel = panel_of("run")
    panel.propose("resume")
    assert panel.question.text == "resume: send the 2 points that are not done once more, and only these?"
    panel.propose("retry")
    assert panel.question.text.startswith("retry: send the 2 points that are not done and the 1 that failed")
    panel.propose("stop")
    assert panel.question.text.startswith("stop: remove the 2 points that wait or run")
    panel.propose("collect")
    assert panel.question.text.startswith("collect: unpack the files of 4 points")


def test_what_is_confirmed_is_done_by_the_command(made, asked, panel_of):
    panel = panel_of("run")
    for action, words in (("retry", ["resume", "RUN", "--retry-failed"]), ("stop", ["stop", "RUN"]),
                          ("hold", ["hold", "RUN"])):  # fmt: skip
        panel.propose(action)
        click(panel.buttons.confirm)
        assert panel.worker.wait(60)
        assert asked.pop() == [panel.run if word == "RUN" else word for word in words]
        assert asked == []
        assert panel.pending == ""
        assert panel.worker.message == f"{action} is done"


def test_failed_points_are_mended_and_collected_for_real(failing, tmp_path, panel_of):
    panel = panel_of("run")
    assert "4/6 done, 2 failed" in panel.words.text
    (tmp_path / "mended").touch()
    panel.propose("retry")
    panel.confirm()
    assert panel.worker.wait(60)
    assert panel.watcher.wait(60)
    assert "6/6 done" in panel.words.text
    assert panel.failures.value == ""
    panel.propose("collect")
    panel.confirm()
    assert panel.worker.wait(60)
    assert len(list((tmp_path / "run" / "outputs").glob("*/x.txt"))) == 6
    assert status_of("run").good


def test_a_refusal_is_told_in_the_commands_words(made, panel_of):
    panel = panel_of("run")
    panel.propose("resume")
    panel.confirm()
    assert panel.worker.wait(60)
    assert "of cluster 17 1 jobs run and 0 wait" in panel.worker.error


def test_nothing_is_done_where_nothing_was_chosen(made, panel_of):
    panel = panel_of("run")
    panel.confirm()
    assert panel.worker.wait(60)
    assert panel.worker.error == "choose what shall be done first"


def test_links_lead_from_the_page_to_the_executed_notebook_and_the_log(failing, tmp_path, panel_of):
    panel = panel_of("run")
    place = panel.failures.value.partition('href="')[2].partition('"')[0]
    path, _, cell = place.partition("#")
    assert cell == "papermill-error-cell"
    page = tmp_path / "notebooks" / "batch"
    page.mkdir()
    assert (page / path).resolve().read_text().count("papermill-error-cell") >= 1
    assert "what it printed" in panel.failures.value


def test_words_of_an_error_are_no_html(written, panel_of):
    made = written(1)
    error = {"name": "ValueError", "value": "<b>&", "cell": 3, "traceback": []}
    made.bring({0: "failed"}, error=error)
    assert "ValueError: &lt;b&gt;&amp;" in panel_of("run").failures.value


def test_where_nobody_can_click_words_and_the_chunks_stand_in_its_place(made, panel_of):
    shown = panel_of("run", interactive=False).static()
    assert "3/6 done" in shown["text/plain"]
    assert shown["image/png"]


def test_what_is_no_run_is_refused(tmp_path, panel_of):
    with pytest.raises(SubmissionError, match="there is no directory nowhere"):
        panel_of("nowhere")
