"""LHC open data: invariant masses of all final states, and the histograms that BumpNet reads."""
