"""Command lines in a text: what a program is handed that opens something.

A line is split as a shell splits it. A word is a secret where a program asks for a password and is
handed the word by a here-string or a pipe, where the program takes passwords under an option that
does not say so, and where a program that logs in has random letters as its last word. Options whose
names tell a secret are read elsewhere (`texts`): they need no program.
"""

import re

from . import keys, kinds, sentences

_TOKEN = (
    r"<<<|<\(|\$\(|&&|\|\||[|;&()<>]"
    r"|(?:[^\s\"'|;&()<>]|\"(?:[^\"\\\n]|\\[^\n]){0,4096}\"|'[^'\n]{0,4096}'){1,2048}"
)
# Programs that read a password from their input.
_READERS = frozenset(
    "sudo su passwd chpasswd vncpasswd cryptsetup kinit gpg gpg2 openssl smbpasswd keytool ssh-add"
    " ssh-keygen gocryptfs veracrypt encfs login registry secrets secret htpasswd ldappasswd pdbedit"
    " security wpa_passphrase set-password ykman".split()
)
# What a program takes as a password under an option that does not tell: options, by programs.
_SHORT = {
    "snmpwalk snmpget snmpset snmpgetnext snmpbulkwalk snmpbulkget snmptable snmpdf snmptrap snmptest": "-c -A -X",
    "ipmitool ipmi-sensors ipmipower bmc-info": "-P",
    "mosquitto_pub mosquitto_sub mosquitto_rr mqttx": "-P",
    "schtasks sc.exe": "/rp /p password=",
    "plink pscp psftp putty winscp": "-pw",
    "psexec winexe evil-winrm nxc crackmapexec impacket-psexec": "-p",
    "curlftpfs ncftpget ncftpput ncftp": "-p",
    "ike-scan strongswan": "--psk",
    "iwconfig": "key",
    "anaconda": "-t",
    "airflow superset flask grafana-cli useradd usermod adduser beeline ykman": "-p",
    "hdbsql vertica vsql nzsql bteq": "-p -w -pw",
    "ssh-keygen": "-N -P",
    "jarsigner keytool apksigner": "-storepass -keypass -srcstorepass -deststorepass -srckeypass -destkeypass -new",
    "aria2c": "--ftp-passwd --http-passwd",
    "nfdump couchbase-cli cbq cbbackupmgr": "-p",
}  # fmt: skip
_OF_PROGRAMS = {
    program: taken.split() for programs, taken in _SHORT.items() for program in programs.split()
}
PROGRAMS = frozenset((*_READERS, *_OF_PROGRAMS))
# What stands behind these words, and nothing else: (words before it in a line, which one it is).
_PLACED = {"wpa_passphrase": 2, "obscure": 1, "add-authtoken": 1, "authtoken": 1}
_LOGINS = ("login", "signin", "logon", "authenticate", "auth", "activate", "relogin")
# What a line needs, so that something can be found in it.
MARKS = ("<<<", "<(", "echo", "printf", *_PLACED, *_LOGINS, *_OF_PROGRAMS)
# Redis's own command, behind its prompt; what `expect` sends where it was asked for a password.
_AUTH = r"(?m)(?:^|>[ ])(?:AUTH|auth) (?:[\w.@-]{1,60} )?([^\s\"']{3,400})[ \t]{0,4}$"
_SENT = r"\bsend(?:line|ln)?\b[ (]{1,3}(?:-- )?\\?[\"']([^\"'\n\\ ]{3,200})(?:\\{1,2}[rn])?\\?[\"']"
_COMMAND_OF = r"--?[\w-]{0,40}(?:pass|pw|secret|token)[\w-]{0,20}-?(?:command|cmd|program|exec)[ =]{1,3}[\"']?(?:/bin/)?(?:echo|printf)(?: -\w| ['\"]?%s['\"]?)?\s{1,3}[\"']?([^\s\"'|;]{3,400})"  # fmt: skip
# echo x > ~/.pgpass
_KEPT = r"\b(?:echo|printf)(?: -\w{1,2}| ['\"]?%s(?:\\n)?['\"]?)?\s{1,3}[\"']?(?!ssh-)([^\s\"'|;$]{3,400})[\"']?\s{0,3}>{1,2}\s{0,3}[\"']?[^\s\"'|;]{0,200}(?:pass|secret|token|cred|api[_-]?key|netrc)[\w.-]{0,40}(?=[\"'\s;]|\Z)"
_WRITTEN = ((("assword",), _SENT), (("ommand", "cmd", "program"), _COMMAND_OF), ((">",), _KEPT))
_ANNOUNCED = r"(?i)(?:pass|pw|secret|token|auth|cred)"
_PROMPT = r"(?:[$#>%+] |PS [^>\n]{0,80}> ?|[A-Za-z]:\\[^>\n]{0,80}> ?|[\w.-]{1,40}@[\w.-]{1,40}[:~ ][^$#\n]{0,60}[$#] )"


class _Word:
    """One word of a line: its text without quotes, and where that is."""

    __slots__ = ("end", "start", "text")

    def __init__(self, match, at: int) -> None:
        text, self.start, self.end = match.group(), at + match.start(), at + match.end()
        if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
            text, self.start, self.end = text[1:-1], self.start + 1, self.end - 1
        self.text = text


class _Command:
    """The words of one command, what joined it to the one before, and that one."""

    __slots__ = ("before", "joint", "words")

    def __init__(self, joint: str, before) -> None:
        self.words, self.joint, self.before = [], joint, before

    def names(self) -> set:
        """What the command may be called by: its first words, without folders."""
        return {word.text.rpartition("/")[2] for word in self.words[:6]}


def spans(text: str) -> list:
    """Return (start, end, why) of the secrets that programs are handed in a text."""
    found = []
    if " " not in text:
        return found
    if any(mark in text for mark in MARKS):
        for line in re.finditer(r"[^\n]{8,20000}", text):
            if any(mark in line.group() for mark in MARKS):
                found.extend(_of_line(line.group(), line.start()))
    if "AUTH " in text or "auth " in text:
        found.extend(_authenticated(text))
    for marks, shape in _WRITTEN:
        if any(mark in text for mark in marks):
            found.extend(
                (*match.span(1), _WHY)
                for match in re.finditer(shape, text)
                if _opens(match.group(1))
            )
    return found


_WHY = "password of a command"


def _opens(value: str) -> bool:
    """A word that may be a password where one is expected."""
    return len(value) > 2 and not kinds.is_ordinary(value)


def _of_line(line: str, at: int) -> list:
    found = []
    is_typed = re.match(_PROMPT, line.lstrip()) is not None
    for command in _commands(line, at):
        found.extend(_handed(command))
        found.extend(_short(command))
        found.extend(_placed(command))
        found.extend(_logged_in(command, is_typed))
    return found


def _commands(line: str, at: int) -> list:
    """Split a line as a shell does."""
    found = [_Command("", None)]
    for match in re.finditer(_TOKEN, line):
        sign = match.group()
        if sign in ("|", ";", "&", "&&", "||", "<(", "$(", "<<<"):
            found.append(_Command(sign, found[-1]))
        elif sign == ")":
            outer = found[-1].before if found[-1].joint in ("<(", "$(") else None
            found.append(_Command(")", outer))
        elif sign not in ("(", "<", ">"):
            found[-1].words.append(_Word(match, at))
    return found


def _handed(command: _Command) -> list:
    """What is written into a program that asks for a password: <<< x, echo x |, <(echo x)."""
    before = command.before
    if command.joint == "<<<" and command.words:
        return _cut(command.words[0], before) if _asks(before) else []
    if command.joint == "|" and before is not None and before.words and _asks(command):
        return _cut(before.words[-1], command) if _says(before) else []
    if command.joint == "<(" and before is not None and before.words and command.words:
        announced = re.search(_ANNOUNCED, before.words[-1].text) or _asks(before)
        return _cut(command.words[-1], before) if announced and _says(command) else []
    return []


def _asks(command) -> bool:
    """Whether a command reads a password, or has a name that tells a secret."""
    if command is None or not command.words:
        return False
    texts = [word.text for word in command.words]
    if any("stdin" in text for text in texts) or _READERS & command.names():
        return True
    return any(keys.weigh(text, variable=text.isupper()) >= keys.SECRET for text in texts[1:8])


def _says(command: _Command) -> bool:
    """Whether a command prints its last word, and nothing but a format besides."""
    texts = [word.text for word in command.words]
    start = next((at for at, text in enumerate(texts) if text in ("echo", "printf")), None)
    if start is None:
        return False
    said = [text for text in texts[start + 1 :] if text[:1] not in ("-", "%")]
    return len(said) == 1


def _cut(word: _Word, reader) -> list:
    """The word; of user:password the password, where that is what the reader is for."""
    text, start = word.text, word.start
    if reader is not None and {"chpasswd", "newusers"} & reader.names() and ":" in text:
        start += text.index(":") + 1
        text = text.partition(":")[2]
    text = text[:-2] if text[-2:] in ("\\n", "\\r") else text
    return [(start, start + len(text), _WHY)] if _opens(text) else []


def _short(command: _Command) -> list:
    """Values of the options by which some programs take passwords."""
    options = [item for name in command.names() for item in _OF_PROGRAMS.get(name, ())]
    found = []
    for word, following in zip(command.words, command.words[1:]) if options else ():
        if word.text in options and following.text[:1] != "-" and _opens(following.text):
            found.append((following.start, following.end, _WHY))
    return found


def _placed(command: _Command) -> list:
    """What some programs take as their first or second word."""
    texts = [word.text for word in command.words]
    found = []
    for at, text in enumerate(texts[:8]):
        place = at + _PLACED.get(text.rpartition("/")[2], 0)
        if place > at and place == len(texts) - 1 and _opens(texts[place]):
            found.append((command.words[place].start, command.words[place].end, _WHY))
    return found


def _logged_in(command: _Command, is_typed: bool) -> list:
    """Random letters that are the last word of a command that logs in."""
    texts = [word.text for word in command.words]
    at = next((at for at, text in enumerate(texts[:6]) if text in _LOGINS), None)
    if at is None or len(texts) < at + 2 or not (is_typed or at == 1):
        return []
    rest, value = texts[at + 1 : -1], command.words[-1]
    alone = all(text[:1] == "-" or (place and rest[place - 1][:1] == "-") for place, text in enumerate(rest))  # fmt: skip
    is_key = re.match(r"[A-Za-z0-9_=+-]{12,400}\Z", value.text) and kinds.is_made(value.text)
    is_key = is_key and not kinds.is_uuid(value.text)  # a tenant, a subscription
    return [(value.start, value.end, _WHY)] if alone and is_key else []


def _authenticated(text: str) -> list:
    """AUTH user password, as it is typed into Redis; a sentence about AUTH has other words."""
    return [
        (*match.span(1), _WHY)
        for match in re.finditer(_AUTH, text)
        if _opens(match.group(1))
        and not sentences.is_telling(match.group(1))
        and (match.group()[:1] == ">" or sentences.is_told(match.group(1)))
    ]
