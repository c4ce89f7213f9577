"""The table of schemas: how each release names its branches.

A schema is an entry in `SCHEMAS`, never code: the name of the tree, the unit of momenta, and for each
type of object the branches that hold it. Types have one letter: e electron, m muon, j jet, g photon,
t hadronic tau, b b-tagged jet. Where a schema keeps both lepton flavours in one collection, they are
told apart by the absolute value of the branch of lepton types (11 electron, 13 muon; PDG numbering).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

LETTERS = ("e", "m", "j", "g", "t", "b")
OBJECT_NAMES = {"e": "electrons", "m": "muons", "j": "jets", "g": "photons", "t": "taus", "b": "b-jets"}

Storage = Literal["TTree", "RNTuple"]
STORAGES: Mapping[str, Storage] = {"TTree": "TTree", "ROOT::RNTuple": "RNTuple"}  # class name in the file


@dataclass(frozen=True)
class Branches:
    """Where one type of object is found in a tree.

    `energy` and `mass` name at most one usable branch each, tried in this order; without either, the mass
    comes from the table of particle masses. `counter` is compared with the lengths where the file has it.
    `isolation` is the sum of transverse momenta in a cone around the object, in the unit of pt.
    `kind` is the branch of lepton types, and `pdg` the absolute value that this type has there.
    """

    pt: str
    eta: str
    phi: str
    energy: str = ""
    mass: str = ""
    counter: str = ""
    isolation: str = ""
    kind: str = ""
    pdg: int = 0

    @property
    def lists(self) -> list[str]:
        """All branches that hold one value per object."""
        names = (self.pt, self.eta, self.phi, self.energy, self.mass, self.isolation, self.kind)
        return [name for name in names if name]

    @property
    def required(self) -> tuple[str, ...]:
        """Branches without which the type cannot be used."""
        return (self.pt, self.eta, self.phi, *([self.kind] if self.kind else []))

    def missing(self, names: Collection[str]) -> list[str]:
        """Return the required branches that `names` lacks."""
        return [name for name in self.required if name not in names]

    def present(self, names: Collection[str], isolation: bool = False) -> Branches:
        """Return the entry with only what `names` has and is wanted; a mass only where there is no energy."""
        energy = self.energy if self.energy in names else ""
        return replace(
            self,
            energy=energy,
            mass=self.mass if self.mass in names and not energy else "",
            counter=self.counter if self.counter in names else "",
            isolation=self.isolation if isolation else "",
        )


@dataclass(frozen=True)
class Schema:
    """One way to name the branches of a tree.

    `unit` is that of pt, energy and mass, empty where the file itself must say it. `energy` is that of
    the collisions in TeV, None where the schema does not fix it. A tree has this schema if it has any of
    the branches `any_of` (default: the pt of any object) and none of `none_of`. `release` is the
    schema of the files that a skim was made of. `ids` names the branches of run, lumi, event and channel.
    `generated` says that the kit's own demo has made the events of the file, which no experiment has measured.
    `kind` and `weighted` are what a skim tells: data or simulation, and whether it holds weights.
    """

    name: str
    tree: str
    unit: str
    objects: Mapping[str, Branches]
    storages: tuple[Storage, ...] = ("TTree",)
    experiment: str = ""
    energy: float | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    release: str = ""
    generated: bool = False
    kind: Literal["data", "simulation", "unknown"] = "unknown"
    weighted: bool = False

    def fits(self, tree: str, storage: Storage, names: Collection[str]) -> bool:
        """Return whether a tree of this name, storage and branches has this schema."""
        marks = self.any_of or tuple(branches.pt for branches in self.objects.values())
        return (
            tree == self.tree
            and storage in self.storages
            and any(name in names for name in marks)
            and not any(name in names for name in self.none_of)
        )

    @property
    def marks(self) -> tuple[str, ...]:
        """Branches that tell of objects, for comparing a foreign tree with this schema."""
        return tuple(dict.fromkeys(name for b in self.objects.values() for name in (b.pt, b.eta, b.phi, b.energy)))


def _physlite(separator: str) -> dict[str, Branches]:
    # muons have no m; the m of photons is zero and says nothing
    def branches(collection: str, mass: bool, isolation: str = "") -> Branches:
        stem = f"Analysis{collection}AuxDyn{separator}"
        cone = stem + isolation if isolation else ""
        return Branches(stem + "pt", stem + "eta", stem + "phi", mass=stem + "m" if mass else "", isolation=cone)

    cone = "ptvarcone30_Nonprompt_All_MaxWeightTTVALooseCone_pt1000"
    return {
        "e": branches("Electrons", mass=True, isolation=cone),
        "m": branches("Muons", mass=False),
        "j": branches("Jets", mass=True),
        "g": branches("Photons", mass=False),
        "t": branches("TauJets", mass=True),
    }


def _event_info(separator: str) -> dict[str, str]:
    names = {"run": "runNumber", "lumi": "lumiBlock", "event": "eventNumber", "channel": "mcChannelNumber"}
    return {column: f"EventInfoAuxDyn{separator}{name}" for column, name in names.items()}


def _flat(
    stem: str, *, energy: str = "", mass: str = "", counter: str = "", isolation: str = "", pdg: int = 0
) -> Branches:
    return Branches(
        f"{stem}_pt",
        f"{stem}_eta",
        f"{stem}_phi",
        energy=f"{stem}_{energy}" if energy else "",
        mass=f"{stem}_{mass}" if mass else "",
        counter=counter,
        isolation=f"{stem}_{isolation}" if isolation else "",
        kind=f"{stem}_type" if pdg else "",
        pdg=pdg,
    )


def _leptons(energy: str, isolation: str = "ptcone30") -> dict[str, Branches]:
    return {
        "e": _flat("lep", energy=energy, counter="lep_n", isolation=isolation, pdg=11),
        "m": _flat("lep", energy=energy, counter="lep_n", pdg=13),
    }


def _education(energy: str, isolation: str) -> dict[str, Branches]:
    stems = {"j": "jet", "g": "photon", "t": "tau"}
    return _leptons(energy, isolation) | {
        letter: _flat(stem, energy=energy, counter=f"{stem}_n") for letter, stem in stems.items()
    }


_NANOAOD = {"e": "Electron", "m": "Muon", "j": "Jet", "g": "Photon", "t": "Tau"}
SKIM_TYPES = {"e": "Electrons", "m": "Muons", "j": "Jets", "g": "Photons", "t": "Taus", "b": "BJets"}
_SKIM_CONES = {"e": "isolation"}
_EDUCATION_IDS = {"run": "runNumber", "event": "eventNumber", "channel": "channelNumber"}

SCHEMAS: tuple[Schema, ...] = (
    Schema(
        "2024r-pp", "CollectionTree", "MeV", _physlite("."),
        experiment="ATLAS", energy=13.0, ids=_event_info("."),
    ),
    Schema(
        "2024r-pp", "EventData", "MeV", _physlite(":"), storages=("RNTuple",),
        experiment="ATLAS", energy=13.0, ids=_event_info(":"),
    ),
    Schema(
        "2020e-13tev", "mini", "MeV", _education("E", "ptcone30"),
        experiment="ATLAS", energy=13.0, ids=_EDUCATION_IDS, any_of=("photon_pt",),
    ),
    Schema(
        "2025e-13tev-beta", "analysis", "GeV", _education("e", "ptvarcone30"),
        experiment="ATLAS", energy=13.0, ids=_EDUCATION_IDS, any_of=("lep_e",),
    ),
    Schema(
        "2016e-8tev", "mini", "MeV", _leptons("E") | {"j": _flat("jet", energy="E", mass="m", counter="alljet_n")},
        experiment="ATLAS", energy=8.0, ids=_EDUCATION_IDS, any_of=("jet_m",), none_of=("photon_pt",),
    ),
    Schema(
        "nanoaod", "Events", "GeV",
        {letter: _flat(stem, mass="mass", counter=f"n{stem}") for letter, stem in _NANOAOD.items()},
        storages=("TTree", "RNTuple"), experiment="CMS",
        ids={"run": "run", "lumi": "luminosityBlock", "event": "event"},
        any_of=("Electron_pt", "Muon_pt", "Jet_pt"),
    ),
    Schema(
        "2024r-hi", "CollectionTree", "MeV",
        {"m": Branches("MuonsAuxDyn.pt", "MuonsAuxDyn.eta", "MuonsAuxDyn.phi")},
        experiment="ATLAS", energy=5.02, ids=_event_info("."),
        none_of=tuple(branches.pt for branches in _physlite(".").values()),
    ),
    Schema(
        "skim", "events", "",
        {
            letter: _flat(stem, energy="E", mass="m", counter=f"n{stem}", isolation=_SKIM_CONES.get(letter, ""))
            for letter, stem in SKIM_TYPES.items()
        },
        storages=("TTree", "RNTuple"), ids={name: name for name in ("run", "lumi", "event", "channel")},
    ),
)  # fmt: skip
SCHEMA_NAMES = tuple(dict.fromkeys(schema.name for schema in SCHEMAS))
GENERATED_TAG = "kit_demo"  # the string in a file that the demo has made
SKIM_TAG, SKIM_FORMAT = "skim", 1  # the string in a skim that tells what it is; the newest form of it
GENERATOR_RELEASES = ("2025r-evgen-13tev", "2025r-evgen-13p6tev")
