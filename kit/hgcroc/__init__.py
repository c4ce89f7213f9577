"""HGCROC: register scans over a hexaboard's sockets, and the calibrations that are made of them.

The rooms, along the way of a scan. Trees are nested dicts `{roc: {block: {number: {name: value}}}}`; states are
flat arrays, one whole number for each register of the board (7875 for an LD board).

names and numbers (`layout` has boards, blocks and the facts of each register)
    `registers`: ``register_table("ld" | "hd" | "char")`` returns a `RegisterTable`, whose names and places are in
    `register_names`: ``rocs``, ``size``, and arrays over all registers: ``maximum``, ``reset``, ``read_only``,
    ``half`` (-1 for Top).
    ``table.leaves(tree) -> (index, value)`` takes plain and hexactrl spelling (`sc`, `all`, the beginning of ROC
    names) and refuses unknown names and values out of range (`RegisterError.faults`, a list of (path, text));
    ``table.tree(index, value) -> dict``; ``table.index_of(path)``, ``table.path_of(index)``, ``table.text_of``;
    ``table.write(state, index, value)`` is the effect of one message on a state, in place: HalfWise first, spread
    over the half, then the others; read-only registers stay; ``table.writes(now, wanted)`` is the smallest message
    that leads from one state to another; ``table.describe()`` the tree of ranges.
`planning/`
    procedures of both dialects, expanded, checked and made a plan
`board/`
    the asking side of the sockets; below it `wire`, the one door to ZeroMQ, `messages`, the YAML between all of
    them, with `register_texts`, and `ports`
data
    `archive`: ``read_archive(bytes) -> Frames``, ``write_archive(event, chip, words, flat=False) -> bytes`` (each
    message of the data socket is one archive), ``join_messages``; `rawdata`: ``decode(bytes) -> RawData`` with one
    array for each column of the wire, and ``pack(adc, toa, tot, flags, cm, ...) -> words``, the inverse;
    `summaries` and `events`: the columns; `scanfile` and `recording`: the HDF5 file of a scan while it is written,
    `measurements`: ``Scan.open(path)``, to look at it; `comparison`; `legacy`, `compound_table`, `flat`: exports
the stage `acquisition`
    with its parameters in `options`; `session` with `pausing`, `measuring` (one point), `reception` (what came of
    it), `marks`, `validation` (labels that data contradict), `resuming`, `logbook`
`calibration/` and the stage `distillation`
    scans made calibrations, which the next scan finds by name
pictures and panels
    `plots` over `pictures/`; `panel` (`ScanPanel`) over `panels/`, where `grade_panel` is, too; `demo` and
    `demo_board`
`emulator/` and `standins/`
    the emulated board, reached over its sockets only (`emulator_process` starts it), and stand-ins for programs
    that the originals call
"""
