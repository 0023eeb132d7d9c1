"""Lets `python -m envsnap` be the command."""

from envsnap.cli.main import main

if __name__ == "__main__":
    main()
