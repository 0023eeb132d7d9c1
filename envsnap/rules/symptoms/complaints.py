"""Exceptions by which a library, as it should, complains of what it was given.

Their class tells: a service that refuses, a key that is not there, data that do not fit. Another
release of the library raises them, too, so they say little of the environment.
"""

from __future__ import annotations

import re

from envsnap.rules.symptoms import owners
from envsnap.rules.symptoms.tracebacks import Traceback

# What a service, or the way to it, answers. Proxies and certificates are the environment's.
OF_A_SERVICE = re.compile(
    r"(?!(?:File|Path|Executable|Symbol|Module|Package|Library|Distribution|Device|Backend|Proxy|SSL)\w*)"
    r"\w{0,40}?(?:HTTP|Http|Connect|Connection|NewConnection|Read|Write|Pool|MaxRetry|RateLimit|BadRequest"
    r"|Unauthorized|Authentication|Authorization|PermissionDenied|Forbidden|NotFound|Conflict|Unprocessable(?:Entity)?"
    r"|InternalServer|ServiceUnavailable|ServerSelection|APIStatus|APIConnection|API|Api|Client|Server|Rest|Comm"
    r"|Operational|Interface|Quota\w{0,20}|Throttl\w{0,10}|NoSuch[A-Z]\w{0,20}|GatedRepo|Refused|Unreachable)"
    r"(?:Error|Exception|Timeout|TimeoutError)?|\w{0,40}Timeout(?:Error)?|gaierror"
    r"|_?(?:Inactive|Aio)?RpcError|_MultiThreadedRendezvous|OutOfDiskError"
)
# What the world outside answers, whatever the exception is called.
OF_THE_WORLD = re.compile(
    r"\b(?:timed? ?out|deadline exceeded|connection (?:was )?(?:refused|reset|aborted|closed)|NETWORK_CONNECTION|no space left"
    r"|disk quota exceeded|name or service not known|temporary failure in name resolution|network is unreachable|no route to host"
    r"|service unavailable|too many requests|access ?denied)\b",
    re.IGNORECASE,
)
REACH = re.compile(
    r"connect|refused|time[d]? ?out|resol|unreachable|not reach|route|\b40[1347]\b|\b50[0234]\b|unauthori|forbidden|denied"
    r"|not found|no such|does not exist|certificate|proxy|credential|login|expired|unavailable|DNS",
    re.IGNORECASE,
)
ACCESS = re.compile(
    r"api[ _-]?key|token|credential|password|login|expired|unauthori|forbidden|authenticat|\b40[13]\b",
    re.IGNORECASE,
)
OF_WHAT_IS_GIVEN = re.compile(
    r"(?:Key|Index|Value|ZeroDivision|Overflow|FileNotFound|FileExists|IsADirectory|NotADirectory|EOF"
    r"|JSONDecode|Parser|Scanner|Validation|Schema|NotFitted|LinAlg|Undefined|TemplateSyntax|EmptyData|Data"
    r"|ColumnNotFound|ConfigKey|ConfigAttribute|Interpolation\w{0,20}|Argument|InvalidParameter|Cast|Programming|Integrity"
    r"|OutOfBounds\w{0,20}|UnidentifiedImage|Dimension|Shape|Domain)(?:Error|Exception)"
    r"|Arrow(?:Invalid|KeyError|IndexError)|MisconfigurationException|MissingMandatoryValue|NoSuchOption"
    r"|KeyboardInterrupt|StopIteration|SystemExit"
)


# What a library says of the machine, of its own parts or of other releases.
OF_SURROUNDINGS = re.compile(
    r"Import|ModuleNotFound|Attribute|NotImplemented|Symbol|Backend|Device|Driver|(?<![a-z_])(?:CUDA|GPU|NCCL)|version|install|upgrade"
    r"|support|compatib|deprecat|removed|compil|build|built|kernel|librar|plugin|environment|architecture|memory"
    r"|unexpected keyword|recogni[sz]e|expected to be|not available|unavailable|initiali[sz]",
    re.IGNORECASE,
)


# A new exception, or an assertion; `raise error` hands on what another one found.
RAISES = re.compile(r"raise\s*\(?(?:\w{1,60}\.){0,6}[A-Z]\w{1,80}|assert\b")
LONGEST = 600  # letters of a message that are read
OF_A_FILE = ("FileNotFoundError", "IsADirectoryError", "NotADirectoryError", "FileExistsError")
PLAIN = ("KeyError", "IndexError", "ValueError")
# A file of a distribution, or a setting that its own classes do not know: what it has itself.
OWN_PART = re.compile(r"/(?:site|dist)-packages/|extra_forbidden")


def is_of_a_service(raised: Traceback | None) -> bool:
    """Whether another program refused, or could not be reached."""
    if raised is None:
        return False
    is_one = OF_A_SERVICE.fullmatch(_kind(raised)) is not None
    return is_one or OF_THE_WORLD.search(raised.message[:LONGEST]) is not None


def is_of_reach(raised: Traceback | None) -> bool:
    """Whether something was not found or not reached: which one was asked for may be elsewhere."""
    if raised is None:
        return False
    return is_of_a_file(raised) or REACH.search(_said(raised)) is not None


def is_of_access(raised: Traceback | None) -> bool:
    """Whether somebody is not let in: a key, a token or a password decides that."""
    return raised is not None and ACCESS.search(_said(raised)) is not None


def is_of_a_file(raised: Traceback | None) -> bool:
    """Whether a file of the program's is not there: every release says so."""
    return raised is not None and _kind(raised) in OF_A_FILE and not OWN_PART.search(raised.message)


def is_of_what_is_given(raised: Traceback | None) -> bool:
    """Whether it complains of values, data or files that it was given."""
    if raised is None:
        return False
    if OF_WHAT_IS_GIVEN.fullmatch(_kind(raised)) is None and not _is_on_purpose(raised):
        return False
    return not (
        OWN_PART.search(raised.message.partition("\n")[0])
        or _is_while_importing(raised)
        or _is_plain(raised)
    )


def _is_on_purpose(raised: Traceback) -> bool:
    """Whether a library's own line raises or asserts, or its own class of exception is raised.

    What Python raises of itself, and what a library says of its surroundings, is no such complaint.
    """
    last = raised.frames[-1] if raised.frames else None
    if last is None or not owners.is_installed(last.file) or OF_SURROUNDINGS.search(_said(raised)):
        return False
    root = raised.exception.partition(".")[0]
    if _kind(raised) == "AssertionError" and not last.source and raised.message:
        return True  # only an assertion raises it, and somebody wrote what it says
    own = "." in raised.exception and f"/{root}/" in last.file.replace("\\", "/")
    return own or RAISES.match(last.source) is not None


def _said(raised: Traceback) -> str:
    return f"{_kind(raised)} {raised.message[:LONGEST]}"


def _is_while_importing(raised: Traceback) -> bool:
    """Whether a library's module was being run: nothing was given to it yet."""
    return any(
        frame.name == "<module>" and owners.is_installed(frame.file) for frame in raised.frames
    )


def _is_plain(raised: Traceback) -> bool:
    """Whether Python itself raised, of something that a library did with it."""
    last = raised.frames[-1].file if raised.frames else ""
    return owners.is_of_python(last) and _kind(raised) in PLAIN


def _kind(raised: Traceback) -> str:
    return raised.exception.rpartition(".")[2]
