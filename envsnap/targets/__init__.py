"""Where the probe runs: this interpreter, another one, a running process, this program."""
