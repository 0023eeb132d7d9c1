"""The part of envsnap that runs inside the environment being described.

Standard library only, Python 3.6 and newer, ASCII source without triple single quotes: the
files of this folder are packed into one script (`packing`) that a target runs from stdin.
Inside that script this package is called `envsnap_probe` and lives in memory.
"""
