"""Recorded runs: what the layers of a model were given and gave, and where two runs part.

`inside/` and `site/` run in the recorded process, with whatever Python and torch it has; the
rest runs here and touches no framework.
"""
