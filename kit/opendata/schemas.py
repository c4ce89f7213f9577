"""The table of schemas: how each release names its branches, and how a file is recognised.

A schema is an entry in `SCHEMAS`, never code: the name of the tree, the unit of momenta, and for each
type of object the branches that hold it. Types have one letter: e electron, m muon, j jet, g photon,
t hadronic tau, b b-tagged jet. Files are recognised by what they contain; the name of the release only
confirms it. Where a schema keeps both lepton flavours in one collection, they are told apart by the
absolute value of the branch of lepton types (11 electron, 13 muon; PDG numbering).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Literal

from kit.files import FormatError

LETTERS = ("e", "m", "j", "g", "t", "b")
OBJECT_NAMES = {"e": "electrons", "m": "muons", "j": "jets", "g": "photons", "t": "taus", "b": "b-jets"}

Storage = Literal["TTree", "RNTuple"]
STORAGES: Mapping[str, Storage] = {"TTree": "TTree", "ROOT::RNTuple": "RNTuple"}  # class name in the file


@dataclass(frozen=True)
class Branches:
    """Where one type of object is found in a tree.

    `energy` and `mass` name at most one usable branch each, tried in this order; without either, the mass
    comes from the table of particle masses. `counter` is compared with the lengths where the file has it.
    `kind` is the branch of lepton types, and `pdg` the absolute value that this type has there.
    """

    pt: str
    eta: str
    phi: str
    energy: str = ""
    mass: str = ""
    counter: str = ""
    kind: str = ""
    pdg: int = 0

    @property
    def required(self) -> tuple[str, ...]:
        """Branches without which the type cannot be used."""
        return (self.pt, self.eta, self.phi, *([self.kind] if self.kind else []))

    def missing(self, names: Collection[str]) -> list[str]:
        """Return the required branches that `names` lacks."""
        return [name for name in self.required if name not in names]

    def present(self, names: Collection[str]) -> Branches:
        """Return the entry with only what `names` has, and a mass only where there is no energy."""
        energy = self.energy if self.energy in names else ""
        mass = self.mass if self.mass in names and not energy else ""
        return replace(self, energy=energy, mass=mass, counter=self.counter if self.counter in names else "")


@dataclass(frozen=True)
class Schema:
    """One way to name the branches of a tree.

    `unit` is that of pt, energy and mass, empty where the file itself must say it. `energy` is that of
    the collisions in TeV, None where the schema does not fix it. A tree has this schema if it has any of
    the branches `any_of` (default: the pt of any object) and none of `none_of`. `release` is the
    schema of the files that a skim was made of. `ids` names the branches of run, lumi, event and channel.
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
    def branches(collection: str, mass: bool) -> Branches:
        stem = f"Analysis{collection}AuxDyn{separator}"
        return Branches(stem + "pt", stem + "eta", stem + "phi", mass=stem + "m" if mass else "")

    return {
        "e": branches("Electrons", mass=True),
        "m": branches("Muons", mass=False),
        "j": branches("Jets", mass=True),
        "g": branches("Photons", mass=False),
        "t": branches("TauJets", mass=True),
    }


def _event_info(separator: str) -> dict[str, str]:
    names = {"run": "runNumber", "lumi": "lumiBlock", "event": "eventNumber", "channel": "mcChannelNumber"}
    return {column: f"EventInfoAuxDyn{separator}{name}" for column, name in names.items()}


def _flat(stem: str, *, energy: str = "", mass: str = "", counter: str = "", pdg: int = 0) -> Branches:
    return Branches(
        f"{stem}_pt",
        f"{stem}_eta",
        f"{stem}_phi",
        energy=f"{stem}_{energy}" if energy else "",
        mass=f"{stem}_{mass}" if mass else "",
        counter=counter,
        kind=f"{stem}_type" if pdg else "",
        pdg=pdg,
    )


def _leptons(energy: str) -> dict[str, Branches]:
    return {
        "e": _flat("lep", energy=energy, counter="lep_n", pdg=11),
        "m": _flat("lep", energy=energy, counter="lep_n", pdg=13),
    }


def _education(energy: str) -> dict[str, Branches]:
    stems = {"j": "jet", "g": "photon", "t": "tau"}
    return _leptons(energy) | {
        letter: _flat(stem, energy=energy, counter=f"{stem}_n") for letter, stem in stems.items()
    }


_NANOAOD = {"e": "Electron", "m": "Muon", "j": "Jet", "g": "Photon", "t": "Tau"}
SKIM_TYPES = {"e": "Electrons", "m": "Muons", "j": "Jets", "g": "Photons", "t": "Taus", "b": "BJets"}
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
        "2020e-13tev", "mini", "MeV", _education("E"),
        experiment="ATLAS", energy=13.0, ids=_EDUCATION_IDS, any_of=("photon_pt",),
    ),
    Schema(
        "2025e-13tev-beta", "analysis", "GeV", _education("e"),
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
        {letter: _flat(stem, energy="E", mass="m", counter=f"n{stem}") for letter, stem in SKIM_TYPES.items()},
        storages=("TTree", "RNTuple"), ids={name: name for name in ("run", "lumi", "event", "channel")},
    ),
)  # fmt: skip
SCHEMA_NAMES = tuple(dict.fromkeys(schema.name for schema in SCHEMAS))
GENERATOR_RELEASES = ("2025r-evgen-13tev", "2025r-evgen-13p6tev")


@dataclass(frozen=True)
class Tree:
    """What a file says of one of its trees: name, storage, and the names of its branches."""

    name: str
    storage: Storage
    branches: frozenset[str]


def recognise(trees: Collection[Tree], schema: str = "auto", *, where: str) -> tuple[Schema, Tree]:
    """Return the schema of a file, and the tree that has it.

    Parameters
    ----------
    trees : collection of Tree
        All trees of the file.
    schema : str
        What the file is said to be: a name of `SCHEMA_NAMES`, or `auto`.
    where : str
        Name of the file, for messages.

    Raises
    ------
    FormatError
        If no tree has a known schema, if several have, or if `schema` says something else than the content.
    """
    check_name(schema, where=where)
    found = [
        (entry, tree) for tree in trees for entry in SCHEMAS if entry.fits(tree.name, tree.storage, tree.branches)
    ]
    if schema == "auto":
        if len(found) == 1:
            return found[0]
        fault = "more than one schema fits: " + ", ".join(f"{e.name} (tree {t.name})" for e, t in found)
        raise FormatError(f"{where}: {fault}; set schema" if found else _unknown(trees, where))
    named = [(entry, tree) for entry, tree in found if entry.name == schema]
    if not named and not found:  # the content is unclear, so that the name decides, if the tree has its objects
        named = [(e, t) for t in trees for e in SCHEMAS if e.name == schema and e.tree == t.name and usable(e, t)]
    if not named and [entry.name for entry, _ in found] == ["skim"]:
        return found[0]  # the release of a skim is written in the file, and compared there
    if not named:
        content = ", ".join(f"{e.name} (tree {t.name})" for e, t in found)
        raise FormatError(
            f"{where}: said to be {schema}, its content is {content}; set schema to auto"
            if content
            else _unknown(trees, where, schema)
        )
    return named[0]


def check_name(schema: str, *, where: str) -> None:
    """Raise a FormatError if `schema` is neither `auto` nor a schema that can be read."""
    if schema in GENERATOR_RELEASES:
        raise FormatError(f"{where}: {schema} holds generator events, which have no reconstructed objects to read")
    if schema != "auto" and schema not in SCHEMA_NAMES:
        near = get_close_matches(schema, SCHEMA_NAMES, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise FormatError(f"{where}: schema {schema} is not known{hint}; known are {', '.join(SCHEMA_NAMES)}")


def usable(schema: Schema, tree: Tree) -> list[str]:
    """Return the letters of the objects of `schema` whose required branches are all in `tree`."""
    return [letter for letter, branches in schema.objects.items() if not branches.missing(tree.branches)]


def _unknown(trees: Collection[Tree], where: str, schema: str = "") -> str:
    if not trees:
        known = ", ".join(sorted({entry.tree for entry in SCHEMAS}))
        return f"{where}: no TTree and no RNTuple in it, must have one of {known}"
    lines = [f"{where}: " + (f"not {schema}: lacks its tree or objects" if schema else "no known schema")]
    likeness = {}
    for tree in trees:
        for entry in SCHEMAS:
            shared = sum(name in tree.branches for name in entry.marks)
            likeness[entry.name, tree.name] = (tree.name == entry.tree, shared / len(entry.marks))
        momenta = sorted(n for n in tree.branches if n.lower().endswith(("_pt", ".pt", ":pt")))
        shown = ", ".join(momenta[:8]) + (", …" if len(momenta) > 8 else "")
        lines.append(f"  {tree.storage} {tree.name}: {len(tree.branches)} branches, objects: {shown or 'none'}")
    nearest = max(likeness, key=lambda pair: likeness[pair])
    lines.append(f"  nearest schema: {nearest[0]}; if it is that, set schema to its name")
    return "\n".join(lines)
