"""Programs that run beside or in a trial: standard library only, Python 3.8 and newer."""
