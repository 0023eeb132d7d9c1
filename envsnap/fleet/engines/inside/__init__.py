"""Run by an interpreter that has the engine: standard library and the engine, Python 3.8 and newer.

Each file is a program. It reads one JSON object on standard input (the script of the probe, the
deadline, the engine's address) and writes JSON lines: `{"hosts": [...]}` once, then for each
`{"host": ..., "answer": ...}` or `{"host": ..., "failed": ...}`. Nothing of envsnap is imported
here, or in a worker.
"""
