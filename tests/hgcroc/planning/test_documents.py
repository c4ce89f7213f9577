"""Files of users: where a fault is told to stand."""

from pathlib import Path

import pytest

from kit.hgcroc.planning.documents import Document, Findings, Mapped, ProcedureError, load, parse

TEXT = """# a comment
name: scan
axes:
- key: [roc_s0, Top]
  range: {start: 0,
          stop: 4}
- key: 7
"""


@pytest.fixture
def document():
    return Document(Path("scans.yaml"), TEXT, parse(TEXT))


@pytest.mark.parametrize(
    ("keys", "spot"),
    [
        ((), "scans.yaml:1"),
        (("name",), "scans.yaml:2: name"),
        (("axes", 1, "key"), "scans.yaml:7: axes.1.key"),
        (("axes", 0, "range", "stop"), "scans.yaml:6: axes.0.range.stop"),
        (("axes", 0, "range", "step"), "scans.yaml:5: axes.0.range.step"),
    ],
)
def test_a_place_is_told_with_file_line_and_keys(document, keys, spot, monkeypatch):
    monkeypatch.setenv("KIT_HOME", str(Path.cwd()))
    assert document.spot(keys) == spot


def test_a_file_that_is_not_there_is_told_with_the_place_that_names_it(tmp_path):
    findings = Findings()
    assert load(tmp_path / "gone.yaml", findings, "main.yaml:3") is None
    with pytest.raises(
        ProcedureError, match=r"main\.yaml:3: gone\.yaml: No such file or directory; should be a YAML"
    ):
        findings.refuse()


@pytest.mark.parametrize(("text", "line"), [("a: [1\nb: 2\n", 2), ("a: 1\n b: 2\n", 2), ("\n\n@\n", 3)])
def test_a_syntax_fault_is_told_with_its_line(tmp_path, text, line):
    (tmp_path / "bad.yaml").write_text(text)
    findings = Findings()
    assert load(tmp_path / "bad.yaml", findings) is None
    with pytest.raises(ProcedureError, match=rf"bad\.yaml:{line}: .*; should be YAML"):
        findings.refuse()


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe\xfa")
    findings = Findings()
    assert load(tmp_path / "bad.yaml", findings) is None
    assert findings.faults == ["bad.yaml: is not UTF-8; should be a YAML file"]


def test_what_a_long_file_holds_may_be_changed(tmp_path):
    text = "".join(f"n{k}: {{v: [{k}]}}\n" for k in range(1000))
    first = parse(text)
    first["n1"]["v"].append(7)
    assert parse(text)["n1"] == {"v": [1]}


def test_values_of_a_map_are_taken_by_kind(document):
    findings = Findings()
    top = Mapped(document, (), findings)
    assert top.take("name", str, "text") == "scan"
    assert top.take("repeat", int, "a whole number", 3) == 3
    assert Mapped(document, ("axes", 1), findings).take("key", list, "a list") is None
    assert top.take("mode", str, "text") is None
    top.refuse_others()
    assert findings.faults == [
        "scans.yaml:7: axes.1.key: is 7, should be a list",
        "scans.yaml:1: has no mode, should have one: text",
        "scans.yaml:3: axes: is not known, should be one of name, repeat, mode",
    ]


def test_true_is_no_whole_number():
    findings = Findings()
    document = Document(Path("x.yaml"), "repeat: true", {"repeat": True})
    Mapped(document, (), findings).take("repeat", int, "a whole number")
    assert findings.faults == ["x.yaml:1: repeat: is True, should be a whole number"]


def test_a_misspelt_name_has_a_suggestion():
    findings = Findings()
    top = Mapped(Document(Path("x.yaml"), "repat: 1", {"repat": 1}), (), findings)
    top.take("repeat", int, "a whole number", 1)
    top.refuse_others()
    assert findings.faults == ["x.yaml:1: repat: is not known (did you mean repeat?)"]


def test_all_faults_are_told_at_once():
    findings = Findings()
    findings.fault("a.yaml:1", "is wrong")
    findings.fault("b.yaml:2", "is wrong, too")
    with pytest.raises(ProcedureError, match=r"2 faults before anything was sent:\n  a.*\n  b") as refused:
        findings.refuse()
    assert len(refused.value.faults) == 2
