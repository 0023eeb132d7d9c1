"""Runs in the processes of an observed command: standard library only, Python 3.8 and newer.

The script comes first: whatever goes wrong here becomes a note on standard error, and what is
imported here costs every process of the command its time.
"""
