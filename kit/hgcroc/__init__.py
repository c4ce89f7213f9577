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
files of the users
    `documents` (YAML with file, line and key path), `expansion` (keys, deep update, diff), `procedures` (main
    files and libraries), `dialects` and `entries` (one procedure, of either dialect)
plan
    `planning` (from parameters to a plan; where overlays come in), `axes` (registers and values of an axis),
    `scan` with `plan_parts` (points and absolute states), `states`, `orders`, `dryrun`, `preview`; `limits`: the
    plan against one very board; `originals` and `patch_texts`: what the originals would send
data
    `archive`: ``read_archive(bytes) -> Frames``, ``write_archive(event, chip, words, flat=False) -> bytes`` (each
    message of the data socket is one archive), ``join_messages``; `rawdata`: ``decode(bytes) -> RawData`` with one
    array for each column of the wire, and ``pack(adc, toa, tot, flags, cm, ...) -> words``, the inverse;
    `summaries` and `events`: the columns; `scanfile` and `recording`: the HDF5 file of a scan while it is written,
    `measurements`: ``Scan.open(path)``, to look at it; `comparison`; `legacy`, `compound_table`, `flat`: exports
stage
    `acquisition`, with its parameters in `options`; `session` with `pausing`, `measuring` (one point), `reception`
    (what came of it), `marks`, `validation` (labels that data contradict), `resuming`, `logbook`
calibrations
    `tabulation`: ``tabulate(scan) -> Table``, arrays of all points with the registers of the chips; `labelled`
    makes one of raw files of others; `distilleries`: the analyses by name, each a function of a table and of
    `wishes` that returns a `distillates.Distillate`: `pedestals`, `alignment`, `sampling`, `linearity`,
    `discrimination`, `walking`, `over_threshold`, over `fitting`, `curve_fits`, `power_fits` and `averages`;
    `reasons` against channels, `grading`; `overlays`, calibrations as files; `analyses`, entries of procedures;
    `distilling`, one entry from scans to a folder; `user_distilleries`; `chains`, scans with what they need
stage
    `distillation`, over `scan_sources` and `reporting`
pictures and panel
    `plots`, from `scan_plots` (along an axis), `board_plots` with `geometry` (on the board), `event_plots` (single
    events); `channels`: what rows are called; `panel`: its parts are `stand_panel` with `stand` (the connected
    test system), `axis_panel` with `building` and `drafts` (axes and procedures that are being written),
    `plan_panel`, `run_panel`, `view_panel`, `history_panel`; `axis_controls`, `stand_controls`, `view_controls`;
    `distillate_plots`, `bundle_plots`; `grade_panel`, with `channel_view`; `demo` and `demo_board`
board
    `connection`: ``connect(network, dialect)`` returns a `board.Board`: ``base_state()``, ``become(state)``,
    ``initialise(settings)``, ``configure(settings)``, ``take(limit)``, ``differences(index, state)``,
    ``restore(state)``, ``recover(settings)``. Behind it `line`, `current_line` and `legacy_line` (the dialects,
    asking side), `exchange`, `data_paths`, `ownership`, `ports`, `self_description`, `tdc_start`, `board_errors`,
    and `wire`, the one door to ZeroMQ
the emulated board
    `emulator` (and `emulator_command`: ``python -m kit.hgcroc.emulator``; `emulator_process` starts it and knows
    only its sockets), its roles `legacy_roles`, `current_roles`, `control_role`, `slow_control`, `readout`,
    `data_client`, `run_plans`; the device itself: `hexaboard`, `injected`, `chip`, `chip_settings`, `pulse`,
    `triggering`, `truth`, `packing`; `messages` is the YAML between all of them. `standins` for the programs that
    the originals call: `standin_client`, `standin_unpack`, `standin_fracker` (whose table is `compound_table`)
"""
