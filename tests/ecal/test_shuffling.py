"""Windows in random order, by way of buckets."""

import numpy as np
import pytest

from kit.ecal import shuffling
from kit.ecal.shuffling import Shuffler
from kit.ecal.splitting import order_of
from tests.ecal.test_parts import form, part  # noqa: F401 - a fixture


class Receiver:
    def __init__(self):
        self.names, self.weights, self.energies = [], [], []

    def write(self, part, weight):  # noqa: F811
        self.names += part.window["window_index"].tolist()
        self.energies += [part.cluster["en_cluster"][a] for a in part.offsets[:-1]]
        self.weights += weight.tolist()


@pytest.mark.parametrize("bucket", [7, 1000])
def test_each_window_arrives_once_at_its_place_with_its_weight(part, tmp_path, monkeypatch, bucket):  # noqa: F811
    monkeypatch.setattr(shuffling, "BUCKET", bucket)
    receiver, weight = Receiver(), np.arange(float(len(part)))
    with Shuffler(tmp_path, receiver, form(), 0, len(part), 3) as shuffler:
        for first in range(0, len(part), 11):
            own = np.arange(first, min(first + 11, len(part)))
            shuffler.write(part.take(own), weight[own])
    order = order_of(len(part), 3, 0)
    back = np.argsort(order)
    assert receiver.names == part.window["window_index"][back].tolist()
    assert receiver.weights == weight[back].tolist()
    assert receiver.energies == part.cluster["en_cluster"][part.offsets[:-1]][back].tolist()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_nothing(tmp_path):
    with Shuffler(tmp_path, Receiver(), form(), 0, 0, 1) as shuffler:
        assert shuffler is not None
