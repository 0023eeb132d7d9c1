"""Which files of an application may hold a secret: by their names, and by what they hold.

Code is looked through for private keys and for tokens of a shape that their issuers give them.
Configurations are read as everywhere else: what stands under a password's name is a secret.
"""

from __future__ import annotations

import os
import re

from envsnap.errors import InputError
from envsnap.intake import config_trees
from envsnap.redact import issuers, kinds, texts

# Files that hold secrets by their very nature, wherever they lie.
SECRET = re.compile(
    r"\.env(\..*)?|.*\.env|\.envrc(\..*)?|\.mylogin\.cnf|userlist\.txt|\.flaskenv|\.netrc|_netrc|\.pypirc|\.npmrc|\.yarnrc(\.yml)?|\.pgpass"
    r"|\.my\.cnf|\.htpasswd|\.git-credentials|\.dockercfg|\.vault-token|\.boto|\.s3cfg|\.condarc"
    r"|pip\.(conf|ini)|kaggle\.json|kubeconfig.*|.*\.tfstate(\..*)?|.*\.tfvars|\.?passwd|\.?shadow"
    r"|\.[a-z]+_history|id_(rsa|dsa|ecdsa|ed25519)(_sk)?(\..*)?"
    r"|.*\.(pem|key|p12|pfx|jks|jceks|bks|bcfks|keystore|kdbx?|ppk|secrets?)(\.(bak|old|orig|txt))?"
    r"|client_secrets?.*\.json|service[-_]account.*\.json|.*[-_]key\.json|auth\.json"
    r"|(.*[-_])?(credentials?|secrets?|passwords?)(\.(enc|json|ya?ml|toml|ini|env|txt|py|csv|tsv))?(\.(bak|old|orig))?"
    r"|((hf|api|auth|access|gh|github|gitlab)[-_])?token(\.(json|ya?ml|toml|txt))?"
    r"|\.(secrets?|credentials?|token)|\.?(.*[-_])?vault[-_](token|pass(word)?)(\..*)?|wallet\.(json|dat)|rclone\.conf"
    r"|\.renviron|(settings_local|local_settings)\.py|.*\.keytab|krb5cc_\w+|env|.*\.env\.txt",
    re.IGNORECASE | re.DOTALL,
)
# What people share on purpose, under names of those.
EXAMPLE = re.compile(
    r"\.env(\.\w{1,20})?\.(example|sample|template|dist)|id_\w+\.pub", re.IGNORECASE
)
CERTIFIED = re.compile(
    r"\s*(?:#[^\n]*\n\s*)*-----BEGIN (?:(?:TRUSTED |X509 )?CERTIFICATE|(?:RSA |EC )?PUBLIC KEY)-----"
)
SECRET_FOLDERS = frozenset((
    ".ssh", ".aws", ".azure", ".gnupg", ".kube", ".docker", ".gcloud", ".huggingface", ".kaggle",
    ".config", ".cache", ".pip", ".terraform", ".secrets", ".credentials",
))  # fmt: skip
# Code, and what may be a list of switches: these are judged by what they hold.
BY_CONTENT = re.compile(r".*\.py|auth\.json", re.IGNORECASE | re.DOTALL)
TREES = {
    ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml", ".ini": "ini", ".cfg": "ini",
    ".env": "env", ".properties": "env", ".tfvars": "toml", ".ipynb": "json", ".har": "json",
}  # fmt: skip
# Programs: their names and words tell of secrets that they do not hold.
CODE = frozenset((
    ".py", ".pyi", ".pyx", ".pxd", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue", ".svelte", ".go", ".rs", ".java", ".kt",
    ".scala", ".swift", ".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".cu", ".cuh", ".cs", ".fs", ".rb", ".php", ".pl", ".lua", ".r",
    ".jl", ".m", ".mm", ".ex", ".exs", ".erl", ".hs", ".ml", ".dart", ".proto", ".css", ".scss", ".map", ".ipynb",
))  # fmt: skip
# What stands behind the ending of a file that was put aside, or that is filled in later.
ASIDE = re.compile(
    r"(?:\.(?:bak|old|orig|save|tmp|swp|tmpl|tpl|template|j2|jinja2?|gotmpl|dist|in))+\Z|~\Z",
    re.IGNORECASE,
)
LARGEST_TREE = 256 << 10  # letters of a configuration that is read as one
# Reasons that tell a secret by its name or its place. How a text looks is no reason here: a program
# needs its files, and digests, names and data look random, too.
OF_CODE = re.compile(
    r"value of a name|private key|password of an? (?:command|address)|user information|header"
)
TELLS = re.compile(
    r"under a name|value of a name|user and password|password|private key|option|address|header|cookie|sentence"
    r"|token or key|secret in settings|named block|column|secret in base64|wallet"
)


def is_named_so(name: str) -> bool:
    """Whether a file is called, or lies, as those with secrets do."""
    parts = name.split(os.sep)
    return not SECRET_FOLDERS.isdisjoint(parts[:-1]) or SECRET.fullmatch(parts[-1]) is not None


def is_shared(name: str, text: str) -> bool:
    """Whether a file is only called as one with a secret: an example, a certificate, code without one."""
    if not SECRET_FOLDERS.isdisjoint(name.split(os.sep)[:-1]):
        return False
    base = os.path.basename(name)
    if EXAMPLE.fullmatch(base):
        return True
    if BY_CONTENT.fullmatch(base):
        return not (holds_secret(name, text) or _tells(text))
    return CERTIFIED.match(text) is not None and not issuers.spans(text)


def holds_secret(name: str, text: str) -> bool:
    """Whether a text has a private key, a token, or, in a configuration, what its name tells a secret."""
    if issuers.spans(text):
        return True
    base = ASIDE.sub("", os.path.basename(name))
    end = os.path.splitext(base)[1].lower()
    if end in CODE and end not in TREES:
        return _is_in_code(text)
    tree = _tree(text, end) if len(text) <= LARGEST_TREE else None
    if tree is None:
        return _tells(text[:LARGEST_TREE])
    gaps: dict[str, str] = {}
    config_trees.redact(tree, (), gaps)
    return any(map(_is_told, gaps.values()))


def _tree(text: str, end: str) -> object:
    """A configuration as a tree; None: it is none."""
    if end not in TREES:
        return None
    try:
        tree = config_trees.parse(text, TREES[end], quotes=True)
    except (config_trees.UnparsedError, InputError):
        return None
    return tree if isinstance(tree, dict | list) else None


def _is_in_code(text: str) -> bool:
    """Whether a program has a value that somebody made in the place of a secret, and no word."""
    return any(
        OF_CODE.search(why) is not None and kinds.is_made(text[start:end].strip("\"'`"))
        for start, end, why in texts.find(text[: texts.LONGEST])
    )


def _tells(text: str) -> bool:
    return any(TELLS.search(why) is not None for _, _, why in texts.find(text[: texts.LONGEST]))


def _is_told(why: str) -> bool:
    reason = why.removeprefix("redacted: ")
    return TELLS.search(reason) is not None and not reason.startswith(
        ("random letters", "letters, digits")
    )
