"""Mock Mu2e data with the right number of everything.

`beam` (exposure), `spectra`, `captures` and `parametrisations` (fractions above a threshold), `efficiencies`
(stops per proton), `processes` (events per exposure) and `primaries` (what was simulated) meet in `calculation`,
which the stage `yields` and its panel use; `configs` reads and writes the older text form of the result.
"""
