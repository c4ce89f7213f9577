"""Settings sorted into target, daq and client."""

from pathlib import Path

from kit.hgcroc.planning.dialects import sections
from kit.hgcroc.planning.documents import Document, Findings

TEXT = """roc_s0: {Top: {0: {RunL: 1}}}
hostname: here
daq: {active_menu: a}
target: {port: 5, roc_s1: {Top: {0: {RunL: 0}}}}
other: {x: 1}
client: 3
"""
TREE = {
    "roc_s0": {"Top": {0: {"RunL": 1}}},
    "hostname": "here",
    "daq": {"active_menu": "a"},
    "target": {"port": 5, "roc_s1": {"Top": {0: {"RunL": 0}}}},
    "other": {"x": 1},
    "client": 3,
}


def test_what_is_no_register_is_left_out_and_what_is_meant_is_told():
    findings = Findings()
    layer = sections("init", Document(Path("init.yaml"), TEXT, TREE), (), TREE, findings)
    assert layer.tree == {
        "target": {"roc_s0": {"Top": {0: {"RunL": 1}}}, "roc_s1": {"Top": {0: {"RunL": 0}}}},
        "daq": {"active_menu": "a"},
    }
    assert findings.warnings == [
        "init.yaml:1: roc_s0: stands without target above it, which is added",
        "init.yaml:5: other: is neither target nor daq nor client and is never sent",
    ]
    assert findings.faults == ["init.yaml:6: client: is 3, should be a map"]
    assert layer.spot("daq", ["active_menu"]) == "init.yaml:3: daq.active_menu"
