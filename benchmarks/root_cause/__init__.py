"""How well `diff` and `check` name the culprit of real cases, as a number."""
