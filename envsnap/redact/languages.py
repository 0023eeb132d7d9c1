"""Sentences of other languages that tell a password: das Passwort ist ..., le mot de passe est ..."""

import re

from . import kinds

NAMES = (
    *("passwort", "kennwort", "mot de passe", "contrase\u00f1a", "senha", "heslo", "has\u0142o"),
    *("salasana", "\u015fifre", "m\u1eadt kh\u1ea9u", "jelsz\u00f3", "adgangskode", "passord", "lozinka"),
    *("\u03ba\u03c9\u03b4\u03b9\u03ba\u03cc\u03c2", "\u05e1\u05d9\u05e1\u05de\u05d4", "\u0643\u0644\u0645\u0629 \u0627\u0644\u0645\u0631\u0648\u0631", "\u0643\u0644\u0645\u0629 \u0627\u0644\u0633\u0631", "\u092a\u093e\u0938\u0935\u0930\u094d\u0921"),
    *("wachtwoord", "l\u00f6senord", "parola", "la password", "\u043f\u0430\u0440\u043e\u043b\u044c"),
    *("\u5bc6\u7801", "\u5bc6\u78bc", "\u30d1\u30b9\u30ef\u30fc\u30c9", "\ube44\ubc00\ubc88\ud638", "\uc554\ud638"),
)  # fmt: skip
_TOLD = (
    r"(?i)(?<!\w)(?:"
    + "|".join(NAMES)
    + r")\w{0,3}(?! chiave)(?: [^\s:,\uff1a=]{1,24}){0,4}?\s{0,2}"
    r"(?:(?:ist|lautet|war|auf|est|\u00e9tait|es|era|\u00e8|\u00e9|je|jest|is|\u00e4r|er|on|to|l\u00e0|\u0939\u0948|\u2014|\u2013|-)\s{1,2}|[:\uff1a=\u306f\u662f\uc740\ub294]\s{0,2}){1,2}"
    r"[\"'`\u201e\u00ab\u300c\u201c]{0,2}([^\s\"'`\u201e\u00ab\u201c\u201d\u00bb\u300d()<>,;\u3002\u3001]{4,100})"
)
# What is said of a password, and does not tell it.
_TELLS = frozenset(
    "abgelaufen erforderlich falsch ge\u00e4ndert gesetzt korrekt leer nicht notwendig richtig"
    " ung\u00fcltig vergessen correct faux incorrect incorrecte invalide obligatoire requis vide"
    " incorrecta inv\u00e1lida necesaria obligatoria vac\u00eda errata obbligatoria richiesta"
    " sbagliata wymagane povinn\u00e9 verplicht \u043d\u0435\u0432\u0435\u0440\u043d\u044b\u0439"
    " \u043f\u0443\u0441\u0442\u043e\u0439"
    " \u0442\u0440\u0435\u0431\u0443\u0435\u0442\u0441\u044f \u9519\u8bef \u4e0d\u6b63\u786e"
    " \u5fc5\u586b".split()
)


def spans(text: str) -> list:
    """Return (start, end, why) of the passwords that such sentences tell."""
    low = text.lower()
    if not any(name in low for name in NAMES):
        return []
    found = []
    for match in re.finditer(_TOLD, text):
        value = match.group(1).rstrip(".:!?")
        if len(value) < 4 or value.lower() in _TELLS or kinds.is_setting(value):
            continue
        if not (kinds.is_reference(value) or kinds.is_path(value)):
            found.append((match.start(1), match.start(1) + len(value), "secret in a sentence"))
    return found
