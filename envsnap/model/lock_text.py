"""What a lock file of PEP 751 spells in one way, whoever writes it."""


def text(value: str) -> str:
    """Spell a basic string of TOML in ASCII."""
    return '"' + "".join(map(_letter, value)) + '"'


def _letter(letter: str) -> str:
    code = ord(letter)
    if " " <= letter <= "~":
        return f"\\{letter}" if letter in '"\\' else letter
    return f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"


def artifact(file: str, sha256: str, *, url: str | None, size: int | None, is_wheel: bool) -> str:
    """The file of a distribution: at an address, or (None) beside the lock; `size` in bytes."""
    where = f"url = {text(url)}" if url else f"path = {text(file)}"
    stated = f", size = {size:d}" if size is not None else ""
    row = f"name = {text(file)}, {where}{stated}, {hashes(sha256)}"
    return f"wheels = [{{ {row} }}]" if is_wheel else f"sdist = {{ {row} }}"


def hashes(sha256: str) -> str:
    """The table of hashes of a file."""
    return f"hashes = {{ sha256 = {text(sha256)} }}"


def repository(vcs: str, url: str, commit: str, folder: str | None) -> str:
    """The repository of a distribution, at a commit; `folder` is that of the project below it."""
    stated = f"type = {text(vcs)}, url = {text(url)}, commit-id = {text(commit)}"
    return f"vcs = {{ {stated}{subdirectory(folder)} }}"


def subdirectory(folder: str | None) -> str:
    """The folder of a project, behind what else a table says; empty for none."""
    return f", subdirectory = {text(folder)}" if folder else ""
