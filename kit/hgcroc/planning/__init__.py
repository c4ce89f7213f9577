"""From the users' YAML to points, states and writes; nothing here knows a socket.

files of the users
    `documents` (YAML with file, line and key path), `expansion` (keys, deep update, diff), `procedures` (main
    files and libraries), `dialects` and `entries` (one procedure, of either dialect)
plan
    `from_parameters` (from the stage's parameters to a plan; where overlays come in), `axes` (registers and values
    of an axis), `scan` with `plan_parts` (points and absolute states), `states`, `orders`, `dryrun`, `preview`;
    `limits`: the plan against one very board; `originals` and `patch_texts`: what the originals would send
"""
