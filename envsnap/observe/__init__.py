"""Runs a command with code of ours in its Python processes, and describes what it did.

`launch` starts it, `site/` and `inside/` run in its processes: standard library only, Python 3.8
and newer. Other rooms may bring a part of their own along, as the recorder of models does.
"""
