"""Entries of both dialects: what they mean, and every fault with its place."""

from pathlib import Path

import pytest
import yaml

from kit.hgcroc.planning.documents import Document, Findings, Mapped
from kit.hgcroc.planning.entries import read_current, read_legacy

CURRENT = {"name": "scan", "type": "daq", "system_settings": {"default": ["reset.yaml"]}}
LEGACY = {
    "name": "scan", "type": "daq",
    "target_settings": {"power_on_default": "on.yaml", "initial_config": "init.yaml"},
    "daq_settings": {"default": "daq.yaml", "client_override": None},
    "parameters": [{"key": ["roc_s0", "Top", 0, "phase_strobe"], "range": {"start": 0, "stop": 3}}],
}  # fmt: skip


def read(content, reader, folder, **options):
    text = yaml.safe_dump([content], sort_keys=False)
    findings = Findings()
    entry = Mapped(Document(folder / "scans.yaml", text, yaml.safe_load(text)), (0,), findings)
    return reader(entry, **options), findings


@pytest.fixture
def current(tmp_path):
    (tmp_path / "reset.yaml").write_text("target: {roc_s0: {Top: {0: {RunL: 1}}}}")
    return lambda **changes: read(CURRENT | changes, read_current, tmp_path)


@pytest.fixture
def legacy(tmp_path):
    (tmp_path / "on.yaml").write_text("hostname: x\nroc_s0: {Top: {0: {RunL: 0}}}\nport: 5")
    (tmp_path / "init.yaml").write_text("target: {hostname: x, roc_s0: {Top: {0: {RunL: 1}}}}")
    (tmp_path / "daq.yaml").write_text("server: {NEvents: 5}\nclient: {hw_type: LD}")
    return lambda **changes: read(LEGACY | changes, read_legacy, tmp_path)


def test_defaults_of_1015(current):
    procedure, findings = current()
    assert (procedure.repeat, procedure.mode, procedure.data_format, procedure.merge) == (
        1,
        "summary",
        "raw",
        True,
    )
    assert (procedure.axes, procedure.start_tdc, findings.faults, findings.warnings) == ([], False, [], [])


def test_a_default_given_as_text_is_a_list_of_one(current):
    procedure, findings = current(system_settings={"default": "reset.yaml"})
    assert (len(procedure.layers), findings.faults) == (1, [])


def test_settings_of_012_are_sorted_into_sections(legacy):
    procedure, findings = legacy(daq_settings=LEGACY["daq_settings"] | {"server_override": {"NEvents": 9}})
    assert findings.faults == []
    assert [(layer.kind, layer.tree) for layer in procedure.layers] == [
        ("default", {"target": {"roc_s0": {"Top": {0: {"RunL": 0}}}}}),
        ("default", {"daq": {"NEvents": 5}, "client": {"hw_type": "LD"}}),
        ("init", {"target": {"roc_s0": {"Top": {0: {"RunL": 1}}}}}),
        ("override", {"daq": {"NEvents": 9}}),
    ]


def test_a_range_of_012_excludes_its_stop(legacy):
    procedure, _ = legacy(parameters=[{"key": ["roc_s0"], "range": {"start": 5, "stop": 0, "step": -2}}])
    assert procedure.axes[0].values == [5, 3, 1]
    assert procedure.axes[0].key == ["target", "roc_s0"]


def test_target_is_added_where_1015_forgets_it(current, tmp_path):
    (tmp_path / "init.yaml").write_text("roc_s0: {Top: {0: {RunR: 1}}}\nserver: {}")
    settings = CURRENT["system_settings"] | {
        "init": ["init.yaml"],
        "override": {"roc_s1": {"Top": {0: {"RunR": 1}}}},
    }
    axis = {"key": ["roc_s0", "Top", 0, "RunR"], "values": [0, 1]}
    procedure, findings = current(system_settings=settings, parameters=[axis])
    assert [layer.tree["target"] for layer in procedure.layers[1:]] == [
        {"roc_s0": {"Top": {0: {"RunR": 1}}}}, {"roc_s1": {"Top": {0: {"RunR": 1}}}}
    ]  # fmt: skip
    assert procedure.axes[0].key[0] == "target"
    told = "\n".join(findings.warnings)
    assert told.count("which is added") == 2
    assert "target is added" in told
    assert "server: is neither target nor daq nor client and is never sent" in told
    assert procedure.layers[1].spot("target", ["roc_s0", "Top"]).endswith("init.yaml:1: roc_s0.Top")


AXIS = {"key": ["target", "roc_s0", "Top", 0, "RunL"], "values": [0]}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"nane": 1}, r"0\.nane: is not known \(did you mean name\?\)"),
        ({"repeat": 0}, r"0\.repeat: is 0, should be at least 1"),
        ({"repeat": "two"}, "repeat: is 'two', should be a whole number from 1"),
        ({"mode": "event"}, "mode: is 'event', should be one of summary, full"),
        ({"data_format": 3}, "data_format: is 3, should be one of raw, characterisation"),
        ({"merge": 1}, "merge: is 1, should be true or false"),
        ({"system_settings": {}}, "has no default, should have one: a list of paths"),
        ({"system_settings": {"default": [3]}}, r"default\.0: is 3, should be the path"),
        ({"system_settings": {"default": ["gone.yaml"]}}, r"default\.0: .*gone\.yaml: No such file"),
        ({"system_settings": 7}, "system_settings: is 7, should be a map"),
        ({"parameters": {}}, "parameters: is {}, should be a list of axes"),
        ({"parameters": [AXIS | {"step": 1}]}, r"parameters\.0\.step: is not known"),
        ({"parameters": [AXIS | {"values": []}]}, "values: is empty: the scan would have no points"),
        ({"parameters": [AXIS | {"values": ["a"]}]}, r"values\.0: is 'a', should be a whole number or a map"),
        ({"parameters": [AXIS | {"values": {"stop": 0}}]}, "is an empty range: from 0 to 0, the stop excluded"),
        ({"parameters": [AXIS | {"values": {"stop": 4, "step": 0}}]}, "step: is 0, should be above or below"),
        ({"parameters": [AXIS | {"values": {"start": 4}}]}, "has no stop, should have one: a whole number"),
        ({"parameters": [{"values": [1]}]}, "has no key, should have one"),
        ({"parameters": [{"template": 3, "values": [1]}]}, "template: is 3, should be text"),
        ({"parameters": [AXIS | {"key": [["target"], "roc_s0"]}]}, r"key\.0: is \['target'\], should be"),
    ],
)  # fmt: skip
def test_faults_of_1015_are_told_with_their_place(current, changes, told):
    _, findings = current(**changes)
    with pytest.raises(ValueError, match=told):
        findings.refuse()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"target_settings": {"power_on_default": "on.yaml"}}, "has no initial_config"),
        ({"daq_settings": {}}, "has no default"),
        ({"daq_settings": {"default": "daq.yaml", "server_override": [1]}},
         r"override: is \[1\], should be a map or"),
        ({"parameters": None}, "has no parameters"),
        ({"parameters": [{"key": ["roc_s0"]}]}, "has no range, should have one"),
        ({"parameters": [{"key": ["roc_s0"], "range": {"start": 3, "stop": 3}}]}, "is an empty range"),
        ({"parameters": [{"key": ["roc_s0"], "range": 7}]}, "range: is 7, should be a map"),
        ({"calibration": 4}, "calibration: is 4, should be the name of an analysis"),
    ],
)  # fmt: skip
def test_faults_of_012_are_told_with_their_place(legacy, changes, told):
    _, findings = legacy(**changes)
    with pytest.raises(ValueError, match=told):
        findings.refuse()


def test_012_ignores_what_it_does_not_know(legacy):
    procedure, findings = legacy(event_mode=False, calibration="pedestal")
    assert (findings.faults, procedure.calibrations) == ([], ["pedestal"])


def test_without_looking_deep_no_file_is_opened(tmp_path):
    for content, reader in ((CURRENT, read_current), (LEGACY, read_legacy)):
        procedure, findings = read(content, reader, Path("/nowhere"), deep=False)
        assert (procedure.layers, findings.faults) == ([], [])


def test_a_section_that_is_missing_is_told_where_it_should_stand(current):
    _, findings = current(system_settings=None, sytem_settings={"default": ["reset.yaml"]})
    assert [text.partition("scans.yaml:")[2] for text in findings.faults] == [
        "1: 0: has no system_settings.default, should have one: a list of paths of YAML files",
        "4: 0.sytem_settings: is not known (did you mean system_settings?)",
    ]
