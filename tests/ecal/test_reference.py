"""The plain reference itself, against numbers that others have published."""

import json
import tarfile

import pytest

from tests.ecal import reference


@pytest.fixture(scope="module")
def correction(table_path):
    return json.loads(table_path.read_text())


def test_it_gives_the_public_originals_text_line_by_line(ecal_data, correction, numbers):
    with tarfile.open(ecal_data / "ele4_50_nonoverlapping.ndjson.tar.gz") as tar:
        lines = tar.extractfile("output.ndjson").read().decode().splitlines()
    made = [
        window
        for event in reference.events_in(ecal_data / "ele4_50.root")
        for window in reference.windows_of(event, correction, numbers, labels="deepsc")
    ]
    assert len(made) == len(lines) == 201
    for window, line in zip(made, lines, strict=True):
        public = json.loads(line)
        for key, value in public.items():
            if key not in ("clusters", "window_index"):
                assert window[key] == value, key
        for cluster, theirs in zip(window["clusters"], public["clusters"], strict=True):
            different = {
                k for k, v in theirs.items() if cluster[k] != v and not (v != v and cluster[k] != cluster[k])
            }
            assert different == set()


@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("labels", ["fixed", "deepsc"])
def test_it_gives_the_corner_events_of_the_original(ecal_data, correction, numbers, overlapping, labels):
    public = json.loads((ecal_data / "edge_reference.json").read_text())
    events = {event["eventId"]: event for event in reference.events_in(ecal_data / "edge.root")}
    columns = public["cluster_columns"]
    for name in ("phi_wrap", "et_ties", "score_edges", "two_calos"):
        theirs = public[name]["overlapping" if overlapping else "nonoverlapping"][labels]
        event = events[public[name]["event_id"]]
        mine = reference.windows_of(event, correction, numbers, labels, overlapping, keep="all")
        assert [w["seed_index"] for w in mine] == [w["seed"] for w in theirs]
        for window, wanted in zip(mine, theirs, strict=True):
            for key in set(wanted) - {"seed", "clusters"}:
                assert window[key] == wanted[key], (name, key)
            assert [[c[k] for k in columns] for c in window["clusters"]] == wanted["clusters"], name
