"""Lets `python -m envsnap.cli` be the command, for interpreters without our script on PATH."""

from envsnap.cli.main import main

if __name__ == "__main__":
    main()
