"""The table of contents of the command line; nothing is imported for it."""

# Command -> what `envsnap --help` says of it.
COMMANDS = {
    "capture": "Describe an environment in a manifest.",
    "diff": "Say what differs between environments, and which difference matters.",
    "check": "Say what is wrong with one environment by itself.",
    "bisect": "Prove by experiment which difference makes a command fail.",
    "run": "Run a command and describe it: its files, its seeds, its environment.",
    "record": "Run a command and record the inputs and results of its model's layers.",
    "compare": "Say whether two runs of a model are the same, and where they first differ.",
    "fleet": "Capture and compare many hosts: which one is the odd one, and why.",
    "dockerfile": "Write a build context that reproduces an environment.",
    "lock": "Name the one file, by hash, that each distribution was installed from.",
    "build": "Build the image of an environment and prove it: capture inside, and compare.",
    "verify": "Say whether a target reproduces every portable fact of a manifest.",
    "export": "Write a manifest, or its differences, as a file of another tool.",
    "sign": "Sign a manifest, a proof or a plan with an SSH key.",
    "probe": "Write the probe as one script, for hosts that nothing can reach.",
    "explain": "Show what a rule looks at, why it matters, and what to do.",
    "schema": "Print the JSON Schema of what envsnap writes.",
}
