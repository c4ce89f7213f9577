"""Simulated clusters of the CMS electromagnetic calorimeter: truth study, training windows, datasets.

The map of rooms, from the files upwards: `branches` and `events` say what a dumper file holds, `dumper` reads it
and `scrutiny` refuses what cannot be used; `association`, `geometry`, `mustache`, `working_points`, `labels` and
`quantities` are the physics, `loops` and `twins` its innermost loops, which `kernels` compiles; `building` puts
them together; `layout`, `tables` and `ndjson` write. `windows` is the stage.
"""
