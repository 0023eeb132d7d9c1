"""Secrets that a session prints: what a line asks for stands in the next one.

A shell that echoes a variable, a tool that fetches a secret, an expression in Python's prompt.
"""

import re

from . import keys
from .weighing import hides

_PROMPT = r"(?:[$#%>] |>>> |\(Pdb\) |ipdb> |In \[\d{1,4}\]: |[\w.-]{1,40}@[\w.-]{1,60}[^\n$#]{0,60}[$#] |PS [^\n>]{0,80}> )"
# Tools that print one secret, and files that hold one.
_FETCHES = (
    r"(?:vault (?:kv get|read)\b[^\n]{0,200}-field|pass (?:show )?[\w./-]{2,80}\s*$|op (?:read|item get)\b|bw get (?:password|totp)\b"
    r"|gcloud secrets versions access\b|aws secretsmanager get-secret-value\b|aws ssm get-parameter\b[^\n]{0,200}--with-decryption"
    r"|az keyvault secret show\b|terraform output (?:-raw )|kubectl get secrets?\b[^\n]{0,300}base64|base64 (?:-d|--decode|-D)\b"
    r"|gh auth token\b|gcloud auth print-(?:access|identity)-token|doppler secrets get\b|heroku config:get\b|secret-tool lookup\b"
    r"|security find-(?:generic|internet)-password\b|chamber read\b|sops (?:-d|--decrypt|exec)\b|pwgen\b|openssl rand\b"
    r"|cat [^\n|;]{0,120}(?:secret|(?<![a-z])token(?![a-z])|passw|credential|\.pgpass|api[_-]?key)[^\n]{0,80})"
)
# A variable that is shown, and an expression that names one.
_SHOWS = r"(?:(?:sudo|docker|podman|nerdctl|kubectl|oc|ssh) [^\n]{0,200}?)?(?<!\S)(?:echo|printf|printenv|Write-(?:Host|Output)|print|p|pp|echo -n|env \| grep)[ (]{1,3}[^\n]{0,60}?"
_NAMES = r"[A-Za-z_][A-Za-z0-9_]{2,60}"
_ASKED = (
    r"(?m)^[ \t]{0,8}" + _PROMPT + r"([^\n]{2,400})\n(?:Out\[\d{1,4}\]: )?[ \t]{0,8}([^\n]{3,400})$"
)
_ANSWER = r"(?:b?(['\"])(.{3,400})\1|(\S{3,400}))\s{0,3}\Z"
_MARKS = ("$ ", "# ", "% ", "> ", ">>> ", "db", "In [")


def asks(line: str) -> bool:
    """Whether a line of a session asks for a secret."""
    found = re.match(r"[ \t]{0,8}" + _PROMPT + r"(.{2,400})", line)
    return found is not None and _is_asked(found.group(1))


def spans(text: str) -> list:
    """Return (start, end, why) of the lines that answer."""
    if "\n" not in text or not any(mark in text for mark in _MARKS):
        return []
    found = []
    for match in re.finditer(_ASKED, text):
        answer = re.match(_ANSWER, match.group(2))
        if (
            answer is None
            or re.match(r"\s*" + _PROMPT, match.group(2))
            or not _is_asked(match.group(1))
        ):
            continue
        group = 2 if answer.group(2) is not None else 3
        if hides(answer.group(group), keys.PASSWORD):
            begin = match.start(2)
            found.append(
                (
                    begin + answer.start(group),
                    begin + answer.end(group),
                    "secret that a session shows",
                )
            )
    return found


def _is_asked(command: str) -> bool:
    if re.search(_FETCHES, command) is not None:
        return True
    if "=" in command.replace("==", ""):
        return False  # it is set, and printed by nothing
    is_shown = re.match(_SHOWS, command) is not None
    is_expression = re.match(r"[\w.\[\]\"'()]{3,120}\Z", command) is not None
    names = re.findall(_NAMES, command)
    return (is_shown or is_expression) and any(
        keys.weigh(name, variable=name.isupper()) >= keys.SECRET for name in names[-2:]
    )
