"""What tools and libraries take as a password, in a place or under an option that does not say so."""

import re

from . import kinds

_NAME = r"[A-Za-z_][\w.-]{0,80}"
# What a line with a tool of these has.
_MARKS = (
    "-",
    "<<<",
    "alias",
    "(",
    "|",
    "BY",
    "by ",
    "ogin",
    "assword",
    "ASSWORD",
    "auth",
    "Auth",
    "config",
    "ctl",
    "PSK",
    "EAP",
)
# Options by which tools take passwords; group 1 is the secret.
_TOOLS = (
    r"\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)\b[^\n|;]{0,200}?\s-p[\"']?([^\s\"']{2,200})",
    # -p before the user, and what is handed to a command that asks for a password.
    r"(?:\A|\s)-p[ =]{1,4}[\"']?([^\s\"':/-][^\s\"':/]{0,60}[0-9!#$%^&][^\s\"':/]{0,60})[\"']?\s(?:[^\n|;]{0,100}?\s)?(?:-u|--user(?:name)?)[ =]{1,4}[A-Za-z]",
    r"\b(?:sudo|su|passwd|vncpasswd|cryptsetup|kinit|gpg2?|openssl|smbpasswd|keytool|login|ssh-add|gocryptfs|veracrypt)\b[^\n|;]{0,200}?<<<\s{0,2}[\"']?([^\s\"'$][^\s\"']{1,200})",
    r"\bhttp-basic\.\S{1,60} \S{1,60} [\"']?([^\s\"']{2,200})",
    r"\b\w{0,30}(?:Credentials?|UserPass|AuthProvider)\w{0,20}\((?:\s{0,4}[\"'][^\"'\n]{0,100}[\"']\s{0,4},){1,4}\s{0,4}[\"']([^\"'\n]{1,200})[\"']",
    r"(?:\A|\s)-u ?[A-Za-z][\w.-]{0,60}\s{1,4}-p([^\s\"':/=-][^\s\"':/]{2,200})(?=[\s\"']|\Z)",
    r"\bcurl\b[^\n|;]{0,300}?\s(?:-[A-Za-z]{0,8}[uU]|--user|--proxy-user)[ =]{0,4}[\"']?[^\s:\"']{1,100}:[\"']?([^\s\"']{1,200})",
    r"\bnpm config set \S{0,200}?_(?:authToken|password|auth)[ =]{1,4}[\"']?([^\s\"']{2,400})",
    r"\bansible-vault encrypt_string [\"']?([^\s\"'-][^\s\"']{1,400})",
    r"\bllm keys set \S{1,60} (?:--value )?[\"']?([^\s\"'-][^\s\"']{3,400})",
    r"\b(?:wget|http|https|xhs?|ab|hey|siege)\b[^\n|;]{0,200}?\s(?:-a|-A|--auth)[ =]{1,4}[\"']?[^\s:\"']{1,100}:([^\s\"']{1,200})",
    r"\bmc (?:alias set|config host add) \S{1,100} \S{1,300} \S{1,100} [\"']?([^\s\"']{2,200})",
    r"\b(?:7z[ar]?|7zz|rar|unrar)\b[^\n|;]{0,200}?\s-p[\"']?([^\s\"']{2,200})",
    # Whoever the tool is: a user, and -p; or a user with a password, where no container takes them.
    r"(?:\A|\s)(?:-[uU]|--user(?:name)?)[ =]{1,4}[^\s:\"'-][^\s:\"']{0,100}\s(?:[^\n|;]{0,100}?\s)?-[pP] [\"']?([^\s\"':/-][^\s\"':/]{2,200})(?=[\s\"']|\Z)",
    r"\A(?:(?!docker|podman|nerdctl|chown|install)[^\n|;]){0,300}?(?<!\S)(?:-u|--user|--basic-auth|--proxy-user)[ =]{1,4}[\"']?[A-Za-z][^\s:\"']{0,100}:([^\s\"']{3,200})",
    r"(?:\bauth\s{0,2}=\s{0,2}[(\[]|\b(?:HTTP(?:Basic|Digest)Auth|BasicAuth|basic_auth|PlainAuth|login)\()\\?[\"'][^\"'\n\\]{1,100}\\?[\"'],\s{0,4}\\?[\"']([^\"'\n\\]{1,200})",
    r"\bredis-cli\b[^\n|;]{0,200}?\s(?:-a|--pass)[ =]{1,4}[\"']?([^\s\"']{1,200})",
    r"\bsshpass\b[^\n|;]{0,40}?\s-p[ =]{0,4}[\"']?([^\s\"']{1,200})",
    r"\b(?:docker|podman|helm|az|oc|skopeo|buildah|nerdctl|crane|oras|mongo|mongosh|mongodump|mongorestore|psql|cqlsh|isql|sqlplus|vncviewer|xfreerdp|rabbitmqadmin|kinit|ansible|htpasswd)\b[^\n|;]{0,200}?\s-p(?!asswd|ort\b|ath\b|roject|rofile|latform|ublish|ull\b|roxy|retty)[ =]{0,4}[\"']?([^\s\"':]{3,200})(?=[\s\"']|$)",
    r"\b(?:sqlcmd|bcp|osql|tsql|zip|unzip|7z|rar|cqlsh|snowsql)\b[^\n|;]{0,200}?\s-P[ =]{0,4}[\"']?([^\s\"']{2,200})",
    r"\b(?:ldapsearch|ldapadd|ldapmodify|ldapwhoami|ldappasswd)\b[^\n|;]{0,200}?\s-w[ =]{0,4}[\"']?([^\s\"']{1,200})",
    r"\b(?:Fernet|AES\.new|DES3?\.new|ChaCha20\.new|Blowfish\.new|hmac\.new|SecretBox|\w{0,20}Signer|URLSafe\w{0,16}Serializer)\(\s{0,4}[bru]{0,2}[\"']([^\"'\n]{4,400})[\"']",
    r"\bjwt\.(?:en|de)code\([^\"'\n(),]{1,60},\s{0,4}(?:key\s{0,2}=\s{0,2})?[bru]{0,2}[\"']([^\"'\n]{4,400})[\"']",
    r"\blogin\([^()\n]{0,100}?\bkey\s{0,2}=\s{0,2}[\"']([^\"'\n]{8,400})[\"']",
    r"\bauth-pass \S{1,100} ([^\s\"']{3,200})",
    r"\bstats auth [\w.@-]{1,64}:([^\s\"']{2,200})",
    r"(?:\A|\s|\n):\s{1,4}(?:PSK|EAP|XAUTH|PIN|NTLM) [\"']([^\"'\n]{2,200})[\"']",
    r"\bsmbclient\b[^\n|;]{0,200}?\s-U[ =]{0,4}[\"']?[^\s%\"']{1,100}%([^\s\"']{1,200})",
    r"\blftp\b[^\n|;]{0,200}?\s-u[ =]{0,4}[\"']?[^\s,\"']{1,100},([^\s\"']{1,200})",
    r"\bopenssl\b[^\n|;]{0,300}?\s-(?:passin|passout|pass|k)[ =]{1,4}[\"']?(?:pass:)?[\"']?([^\s\"':]{3,200})(?=[\s\"']|$)",
    r"\b(?:wandb|vault|netlify|doppler|railway|snyk|hf|huggingface-cli|gh|glab) (?:auth )?login (?:--relogin )?([^\s\"'-][^\s\"']{7,200})",
    r"\bhtpasswd\b[^\n|;]{0,20}?\s-[A-Za-z]{0,4}b[A-Za-z]{0,4}\s\S{1,100}\s\S{1,100}\s([^\s\"']{2,200})",
    r"\bmosquitto_passwd\b[^\n|;]{0,20}?\s-[A-Za-z]{0,4}b[A-Za-z]{0,4}\s\S{1,100}\s\S{1,100}\s([^\s\"']{2,200})",
    r"(?i)\b\w{0,20}(?:basic_?auth|authenticate|set_?credentials|get_?connection|ftp(?:_tls)?|usernamepassword\w{0,20})\((?:\s{0,4}[\"'][^\"'\n]{0,200}[\"']\s{0,4},){1,2}\s{0,4}[\"']([^\"'\n]{1,200})[\"']\s{0,4}[,)]",
    r"\bkey[\"']?\s?[=:]\s?[\"']([^\"'\n]{4,200})[\"'],\s{1,3}[\"']?secret[\"']?\s?[=:]",
    r"\bcreateUser \S{1,60} (?:MD5|SHA\S{0,8}) [\"']?([^\s\"']{3,200})",
    r"\bcreateUser \S{1,60} (?:MD5|SHA\S{0,8}) \S{1,200} (?:DES|AES)\S{0,8} [\"']?([^\s\"']{3,200})",
    r"\b(?:radius|tacacs)-server host \S{1,100} (?:[\w-]{1,20} \S{1,60} ){0,4}?key (?:[0-9] )?([^\s\"']{3,200})",
    r"(?:\A|\s)--key[ =]([0-9a-f]{32,128})(?=\s|\Z)",
    r"\bmc admin user add \S{1,100} \S{1,100} [\"']?([^\s\"']{3,200})",
    r"\binsecure-password ([^\s\"']{3,200})",
    r"\bWIFI:[^\n]{0,200}?\bP:([^;\n]{3,200});",
    r"(?:\A|\n)[ \t]{0,8}(?:https?|davs?)://\S{1,200}[ \t]{1,8}[\w.@-]{1,60}[ \t]{1,8}\"([^\"\n]{3,200})\"[ \t]{0,8}(?=\n|\Z)",
    r"\baws configure set \w{0,60}(?:secret|token)\w{0,60} ([^\s\"']{2,200})",
    r"\brabbitmqctl (?:add_user|change_password) \S{1,100} ([^\s\"']{2,200})",
    r"\becho [\"']?([^\s\"'|]{4,200})[\"']? ?\| ?(?:sudo -S|docker login|chpasswd|passwd|helm registry)",
    r"\bchpasswd\b[^\n]{0,10}<<<[ ]?[\"']?\w{1,64}:([^\s\"']{2,200})",
    r"(?i)\bSET PASSWORD (?:FOR \S{1,120} )?= ?(?:PASSWORD\()?[\"']([^\n\"']{1,200})[\"']",
    r"\bcurl\b[^\n|;]{0,300}?\s(?:-b|--cookie)[ =]{1,4}[\"']?[\w.-]{1,60}=([^\s\"';]{4,4096})",
    r"\bpgp_sym_(?:en|de)crypt\w{0,6}\([^()\n]{1,200}, ?'([^'\n]{1,200})'",
    r"(?<![\w/])-{0,2}(?:[a-z]{1,20}[_-])?(?:auth|login|userpwd)[\"']?[ \t]{0,2}[:=, ][ \t]{0,2}[\"']?[A-Za-z][\w.@+-]{1,63}:(?!//)([^\s/:\"',;)}]{4,200})(?=[\s\"',)}]|\Z)",
    r"(?i)\bIDENTIFIED (?:WITH \w{1,60} )?BY [\"']([^\n\"']{1,200})[\"']",
    r"(?i)\b(?:login|machine [\w.-]{1,100}) [^\n]{0,120}?\bpassword ([^\s\"']{1,200})",
    r"(?i)\b(?:create|alter) (?:user|role|login)\b[^\n;]{0,120}?\bpassword\s{1,4}=?\s{0,4}N?[\"']([^\n\"']{1,200})",
)
_OF_SLURM = r"\b(?:srun|sbatch|salloc|squeue|sinfo)\b"
_NAMED = []  # those shapes, each with the names of its tools; once they are asked for


def spans(text: str) -> list:
    """Return (start, end, why) of what tools take; a shape that begins with their names is asked where one stands."""
    found = []
    if not (any(sign in text for sign in " (") and any(mark in text for mark in _MARKS)):
        return found
    if not _NAMED:
        _NAMED[:] = [(shape, _names_in(shape)) for shape in _TOOLS]  # at once: for other threads
    for shape, names in _NAMED:
        if names and not any(name in text for name in names):
            continue
        for match in re.finditer(shape, text):
            if (names or not _is_of_slurm(text, match)) and _is_taken(match.group(1)):
                found.append((match.start(1), _end(text, match), "password of a command"))
    return found


def _is_of_slurm(text: str, match) -> bool:
    """Whether -p is a partition."""
    return re.search(_OF_SLURM, text[max(0, match.start() - 200) : match.end()]) is not None


def _is_taken(word: str) -> bool:
    """Whether a word may be a password; of `-p name=value` the name decides elsewhere."""
    if re.match(_NAME + "=[^=]", word) and "://" not in word:
        return False
    return not (kinds.is_reference(word) or kinds.is_plain(word))


def _end(text: str, match) -> int:
    """Where the value ends: at the quote that its word began with, over blanks."""
    end = match.end(1)
    word = text[match.start() : match.start(1)].rpartition(" ")[2]
    before = text[match.start(1) - 1 : match.start(1)]
    sign = before if before in ("'", '"') else word.lstrip("-=pPwU")[:1]
    close = text.find(sign, end, end + 200) if sign and sign in "\"'" else -1
    return close if close >= 0 and "\n" not in text[end:close] else end


def _names_in(shape: str) -> list:
    """The words of which one stands in whatever a shape matches; none where that is not plain."""
    match = re.match(r"\\b(?:\(\?:([\w|-]+)\)|([\w-]+))(?:\\b| )", shape)
    return (match.group(1) or match.group(2)).split("|") if match else []
