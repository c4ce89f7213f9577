"""How branches become flat arrays of objects."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.files import FormatError
from kit.opendata.chunks import Chunk, Objects, assemble, check_unit, nothing
from kit.opendata.schemas import Branches
from kit.opendata.trees import Column

JETS = Branches("jet_pt", "jet_eta", "jet_phi", energy="jet_E", counter="jet_n")
ELECTRONS = Branches("lep_pt", "lep_eta", "lep_phi", kind="lep_type", pdg=11)
MUONS = Branches("lep_pt", "lep_eta", "lep_phi", kind="lep_type", pdg=13)


def _column(lists: list[list[float]], dtype: str = "f4") -> Column:
    offsets = np.cumsum([0, *map(len, lists)])
    return Column(offsets, np.array([value for values in lists for value in values], dtype=dtype))


def _jets(**changed: Column) -> dict[str, Column]:
    lists = [[50.0, 40.0], [], [30.0]]
    columns = {name: _column(lists) for name in ("jet_pt", "jet_eta", "jet_phi", "jet_E")}
    return columns | {"jet_n": Column(None, np.array([2, 0, 1], dtype=np.uint32))} | changed


def test_buffers_are_handed_on_without_a_copy():
    columns = _jets()
    jets = assemble(JETS, columns, 0, "file.root")
    assert jets.pt is columns["jet_pt"].content
    assert jets.energy is columns["jet_E"].content
    assert jets.mass is None
    assert jets.offsets.tolist() == [0, 2, 2, 3]


def test_a_length_that_differs_from_the_others_is_told_with_branch_and_entry():
    with pytest.raises(
        FormatError, match=r"file.root:jet_phi: entry 102 has 2 values, jet_pt has 1; must be the same"
    ):
        assemble(JETS, _jets(jet_phi=_column([[1.0, 1.0], [], [1.0, 1.0]])), 100, "file.root")


def test_a_length_that_differs_from_its_counter_is_told_with_branch_and_entry():
    counter = Column(None, np.array([2, 1, 1], dtype=np.int32))
    with pytest.raises(FormatError, match=r"file.root:jet_pt: entry 101 has 0 values, its counter jet_n says 1"):
        assemble(JETS, _jets(jet_n=counter), 100, "file.root")


def test_a_counter_must_be_a_whole_number():
    with pytest.raises(FormatError, match=r"file.root:jet_n: must be one whole number per entry"):
        assemble(JETS, _jets(jet_n=Column(None, np.array([2.0, 0.0, 1.0]))), 0, "file.root")


def test_one_number_per_entry_is_no_list():
    with pytest.raises(FormatError, match=r"file.root:jet_eta: holds one number per entry, must be a list"):
        assemble(JETS, _jets(jet_eta=Column(None, np.zeros(3))), 0, "file.root")


@settings(deadline=None)
@given(
    kinds=st.lists(st.lists(st.sampled_from([11, -11, 13, -13]), max_size=5), max_size=8),
    dtype=st.sampled_from(["i4", "u4", "i8"]),
)
def test_every_lepton_is_an_electron_or_a_muon_of_its_own_event(kinds: list[list[int]], dtype: str):
    places = iter(range(100))
    lists = [[float(next(places)) for _ in event] for event in kinds]
    columns = {name: _column(lists) for name in ("lep_pt", "lep_eta", "lep_phi")}
    flat = np.array([kind for event in kinds for kind in event], dtype=np.int64)
    columns["lep_type"] = Column(columns["lep_pt"].offsets, flat.astype(dtype))
    for branches, pdg in ((ELECTRONS, 11), (MUONS, 13)):
        leptons = assemble(branches, columns, 0, "file.root")
        for number, (event, values) in enumerate(zip(kinds, lists, strict=True)):
            found = leptons.pt[leptons.offsets[number] : leptons.offsets[number + 1]].tolist()
            assert found == [value for kind, value in zip(event, values, strict=True) if abs(kind) == pdg]


def test_a_lepton_of_another_type_is_told_with_its_entry():
    columns = {name: _column([[1.0], [], [2.0, 3.0]]) for name in ("lep_pt", "lep_eta", "lep_phi")}
    columns["lep_type"] = _column([[11], [], [13, 15]], "i4")
    with pytest.raises(
        FormatError, match=r"file.root:lep_type: entry 12 has a lepton of type 15, must be 11 or 13"
    ):
        assemble(ELECTRONS, columns, 10, "file.root")


def _chunk(unit: str, **pts: list[float]) -> Chunk:
    objects = {}
    for letter, values in pts.items():
        pt = np.array(values, dtype=np.float32)
        objects[letter] = Objects(np.array([0, len(pt)]), pt, pt, pt)
    return Chunk(0, 1, unit, objects)


@pytest.mark.parametrize(("unit", "pt", "median"), [("MeV", 42.0, "0.042 GeV"), ("GeV", 42000.0, "4.2e[+]04 GeV")])
def test_momenta_in_another_unit_are_told_with_median_and_unit(unit: str, pt: float, median: str):
    with pytest.raises(FormatError, match=f"entries 0 to 0: the median pT of jets is {median} .*taken as {unit}"):
        check_unit(_chunk(unit, e=[], j=[pt] * 20), "file.root")
    check_unit(_chunk({"MeV": "GeV", "GeV": "MeV"}[unit], e=[], j=[pt] * 20), "file.root")


def test_bad_values_and_few_objects_do_not_make_a_unit_implausible():
    check_unit(_chunk("GeV", j=[40.0] * 10 + [np.nan] * 50 + [-1.0] * 50, m=[0.5]), "file.root")
    with pytest.raises(FormatError, match=r"median pT of muons is 0.5 GeV"):
        check_unit(_chunk("GeV", j=[], m=[0.5]), "file.root")


@settings(deadline=None)
@given(low=st.floats(1.001, 4999), unit=st.sampled_from(["GeV", "MeV"]))
def test_every_median_from_1_to_5000_gev_is_plausible(low: float, unit: str):
    check_unit(_chunk(unit, j=[low * {"GeV": 1, "MeV": 1000}[unit]] * 12), "file.root")


def test_nothing_is_events_without_objects():
    assert nothing(3).offsets.tolist() == [0, 0, 0, 0]
    check_unit(Chunk(0, 3, "GeV", {"e": nothing(3)}), "file.root")
