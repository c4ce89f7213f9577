"""Layouts of datasets from YAML."""

import pytest
import yaml

from kit.ecal.features import SHIPPED, read_features
from kit.files import FormatError


def test_the_shipped_layout_is_the_public_one(ecal_data):
    assert yaml.safe_load(SHIPPED.read_text()) == yaml.safe_load((ecal_data / "features.yaml").read_text())


def test_other_labels_come_at_the_end_with_their_types():
    features = read_features().with_other_labels(["in_scluster"], ["nclusters_insc"], "deepsc")
    assert features.groups["extra_cl"][-1] == "in_scluster_deepsc"
    assert features.groups["extra_window"][-1] == "nclusters_insc_deepsc"
    assert features.type_of("in_scluster_deepsc") == "bool"
    assert features.type_of("nclusters_insc_deepsc") == "int64"
    assert features.type_of("en_cluster") == "float"


def changed(tmp_path, change):
    content = yaml.safe_load(SHIPPED.read_text())
    change(content)
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content))
    return tmp_path / "mine.yaml"


def test_a_user_may_drop_and_move_names(tmp_path):
    def change(content):
        content["parquet"]["cl_features"] = ["cluster_dphi", "en_cluster"]
        content["tfrecord"]["cl_f"].reverse()

    features = read_features(changed(tmp_path, change))
    assert features.groups["cl_features"] == ["cluster_dphi", "en_cluster"]
    assert features.vectors["cl_f"][-1] == "en_cluster"


STRANGE = "field of cl_features en_clusters is not known \\(did you mean en_cluster\\?\\)"
WRONG = {
    STRANGE: lambda c: c["parquet"]["cl_features"].append("en_clusters"),
    "field of window_features en_cluster": lambda c: c["parquet"]["window_features"].append("en_cluster"),
    "group cl_feature is not known .did you mean cl_features": lambda c: c["parquet"].update(cl_feature=[]),
    "field of w_f x is not known": lambda c: c["tfrecord"]["w_f"].append("x"),
    "en_cluster is float, not int64": lambda c: c["types"]["int64"].append("en_cluster"),
    "cl_h must stay as it is": lambda c: c["parquet"]["cl_h"].pop(),
    "cl_labels names a field twice": lambda c: c["parquet"]["cl_labels"].append("is_seed"),
    "parquett is not known": lambda c: c.update(parquett={}),
}


@pytest.mark.parametrize(("text", "change"), WRONG.items())
def test_what_is_not_known_is_refused(tmp_path, text, change):
    with pytest.raises(FormatError, match=rf"mine\.yaml: .*{text}"):
        read_features(changed(tmp_path, change))
