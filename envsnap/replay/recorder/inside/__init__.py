"""Runs in the recorded process: standard library and the torch that is there, Python 3.8 and newer.

Nothing here imports a framework: the script does that, or there is nothing to record. Whatever
goes wrong becomes a note in the recording and never reaches the script.
"""
