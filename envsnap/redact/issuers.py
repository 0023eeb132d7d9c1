"""The shapes of tokens that issuers document, and of keys and hashes of passwords.

A line is a shape. Where an issuer's tokens begin with a mark of its own, the mark and the least
length are enough. Shapes are bounded and begin with letters of their own, so none is slow.
"""

import re

from . import kinds

_TABLE = r"""
(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}(?::[A-Za-z0-9/+]{40})?
ABSK[A-Za-z0-9+/=]{40,300}
amzn\.mws\.[0-9a-f-]{36}
LTAI[A-Za-z0-9]{12,30}
GOOG1E[A-Z0-9]{55}
AKID[A-Za-z0-9]{32}
gh[pousr]_[A-Za-z0-9_]{20,255}
github_pat_[A-Za-z0-9_]{22,255}
gl(?:pat|dt|ft|soat|rt|rtr|ptt|cbt|imt|agent|oas|ffct|wt)-[A-Za-z0-9_.-]{16,300}
GR1348941[A-Za-z0-9_-]{20}
(?:hf|api_org)_[A-Za-z0-9]{20,255}
sk-[A-Za-z0-9_-]{20,255}
sk-(?:lf|or|ant|proj|svcacct|admin|helicone)-[A-Za-z0-9_-]{12,255}
xox[abceoprs](?:\.xox[a-z])?-[A-Za-z0-9+/-]{10,255}
pat-(?:na|eu|ap)\d-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}
st\.[0-9a-f]{16,64}\.[0-9a-f]{16,64}\.[0-9a-f]{16,64}
cmVmdGtuOj[A-Za-z0-9+/=]{40,255}
[12]/\d{10,20}(?:/\d{10,20})?:[0-9a-f]{32}
xapp-[0-9]-[A-Za-z0-9-]{10,255}
https://hooks\.slack(?:-gov)?\.com/[A-Za-z0-9/_-]{8,255}
https://(?:\w{1,20}\.)?discord(?:app)?\.com/api/webhooks/[A-Za-z0-9/_-]{8,255}
https://[\w-]{1,60}\.webhook\.office\.com/[A-Za-z0-9/@_-]{8,255}
https://chat\.googleapis\.com/v1/spaces/[A-Za-z0-9/_-]{1,60}/messages\?[^\s"']{8,400}
https://(?:hooks\.zapier\.com|maker\.ifttt\.com)/[A-Za-z0-9/_-]{8,255}
[MNO][A-Za-z0-9_-]{22,26}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}
[rsp]k_(?:live|test|prod)_[0-9a-zA-Z]{10,255}
(?:live|test)_[sp]k_[0-9a-zA-Z_]{16,100}
whsec_[A-Za-z0-9+/=]{16,100}
(?:SK|AC)[0-9a-z]{32}
SG\.[a-zA-Z0-9_-]{16,64}\.[a-zA-Z0-9_-]{16,64}
(?:key|pubkey)-[0-9a-f]{32}
[0-9a-z]{32}-us[0-9]{1,2}
xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}
eyJ[A-Za-z0-9_=-]{8,4096}\.[A-Za-z0-9_=-]{8,4096}(?:\.[A-Za-z0-9_.+/=-]{0,4096})?
pypi-[A-Za-z0-9_-]{40,255}
npm_[A-Za-z0-9]{30,255}
NpmToken\.[0-9a-f-]{36}
rubygems_[a-f0-9]{40,64}
cio[A-Za-z0-9]{32}
oy2[a-z0-9]{43}
dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,255}
do[opr]_v1_[a-f0-9]{64}
AIza[0-9A-Za-z_-]{35}
ya29\.[0-9A-Za-z_-]{20,400}
GOCSPX-[A-Za-z0-9_-]{20,60}
1//0[A-Za-z0-9_-]{30,200}
[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}
AccountKey=[a-zA-Z0-9+/=]{20,100}
SharedAccess(?:Key|Signature)[= ][^\s"';]{8,300}
(?:dapi|dkea|dose)[0-9a-f]{32}(?:-[0-9])?
gl(?:c|sa)_[A-Za-z0-9+/=_]{20,400}
MII[A-Za-z0-9+/]{4}(?:IBA(?:DANBgkqhkiG9w0BAQ|AKC)|AgEAMBMGByqGSM49)[A-Za-z0-9+/=_-]{40,8192}
MIGHAgEAMBMGByqGSM49[A-Za-z0-9+/=_-]{60,400}
MC4CAQAwBQYDK2V[A-Za-z0-9+/=_-]{30,80}
eyJrIjoi[A-Za-z0-9+/=]{40,400}
HRKU-[A-Za-z0-9_-]{20,100}
[0-9]{6}(?:-[0-9]{6}){7}
NR(?:AK|JS|II|IQ|RA|AL)-[A-Za-z0-9_-]{16,64}
[a-f0-9]{36}NRAL
sntry[su]_[A-Za-z0-9+/=_-]{40,300}
shp(?:at|ca|pa|ss|ua|ka)_[a-fA-F0-9]{24,64}
sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,60}
EAAA[A-Za-z0-9_+=-]{56,100}
EAA[MC]?[A-Za-z0-9]{30,300}
(?:bot)?[0-9]{8,10}:(?:AA[0-9A-Za-z_-]{32,34}|[0-9A-Za-z_-]{35})
lin_(?:api|oauth)_[A-Za-z0-9]{32,100}
(?:ntn_|secret_)[A-Za-z0-9]{36,60}
(?:pat|key)[A-Za-z0-9]{14}(?:\.[a-f0-9]{64})?(?=[^A-Za-z0-9._-]|\Z)
AT(?:ATT3|CTT3|STT3|BB)[A-Za-z0-9_=+/-]{20,400}
sl\.[A-Za-z0-9_-]{60,200}
dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{20,80}
dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}
EZ[AT]K[a-zA-Z0-9]{54}
figd_[A-Za-z0-9_-]{30,80}
(?:FlyV1 )?f(?:m[12]_|o1_)[A-Za-z0-9+/=_,-]{30,600}
fio-u-[A-Za-z0-9_=-]{64}
gsk_[A-Za-z0-9]{20,100}
r8_[A-Za-z0-9]{30,60}
pplx-[A-Za-z0-9]{30,80}
xai-[A-Za-z0-9]{40,120}
tgp_v1_[A-Za-z0-9_-]{30,80}
f[wp]_[A-Za-z0-9]{22,60}
nvapi-[A-Za-z0-9_-]{20,255}
pcsk_[A-Za-z0-9_]{30,120}
wandb_v1_[A-Za-z0-9_]{30,120}
lsv2_(?:pt|sk)_[a-f0-9]{20,64}_[a-f0-9]{6,16}
ls__[a-f0-9]{32}
tvly-(?:dev-|prod-)?[A-Za-z0-9]{20,60}
jina_[A-Za-z0-9_-]{40,100}
pa-[A-Za-z0-9_-]{40,60}
rpa_[A-Z0-9]{30,60}[a-z0-9]{0,9}
a[ks]-[A-Za-z0-9]{22}(?=[^A-Za-z0-9-]|\Z)
csk-[A-Za-z0-9]{30,80}
fc-[a-f0-9]{32}
e2b_[a-f0-9]{40}
bb_(?:live|test)_[A-Za-z0-9_-]{20,60}
esecret_[A-Za-z0-9]{20,60}
KGAT_[a-f0-9]{32}
dtn_[a-f0-9]{40,80}
bce-v3/ALTAK-[A-Za-z0-9]{16,40}(?:/[a-f0-9]{40})?
[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}:(?:[0-9a-f]{32}|fx)
eyJ[A-Za-z0-9_=-]{8,4096}(?:\.[A-Za-z0-9_=-]{0,4096}){3,4}
dbt[cu]_[A-Za-z0-9_=-]{20,80}
CLOJARS_[a-z0-9]{60}
hc[a-z]{3}_[a-z0-9]{58}
AQ\.[A-Za-z0-9_-]{40,100}
[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk
sm_[a-z]{3}_[A-Za-z0-9]{16,60}
crsr_[A-Za-z0-9]{30,100}
sbp_[a-f0-9]{40}
sb_(?:secret|publishable)_[A-Za-z0-9_-]{20,80}
pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_=.-]{30,80}
napi_[a-z0-9]{40,80}
rnd_[A-Za-z0-9]{28,40}
v(?:ercel|c[pkiar])_[A-Za-z0-9]{20,80}
nf[pcoub]_[A-Za-z0-9]{36,60}
v1\.0-[a-f0-9]{24}-[a-f0-9]{146}
hv[sbr]\.[A-Za-z0-9_-]{20,300}
[sbr]\.[A-Za-z0-9]{24}(?=[^A-Za-z0-9.]|\Z)
[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}
pul-[a-f0-9]{40}
pn[ub]_[A-Za-z0-9]{36}
PMAK-[a-f0-9]{24}-[a-f0-9]{34}
rdme_[a-z0-9]{70}
tfp_[A-Za-z0-9._=-]{40,70}
AQVN[A-Za-z0-9_-]{35,38}
v[1-4]\.(?:public|local)\.[A-Za-z0-9_-]{40,400}
[0-9a-f]{32}\.[A-Za-z0-9]{16}(?=[^A-Za-z0-9]|\Z)
tk-[0-9a-f-]{32,60}
t1\.[A-Za-z0-9_-]{10,200}\.[A-Za-z0-9_-]{86}
y[0-3]_[A-Za-z0-9_-]{50,70}
aio_[A-Za-z0-9]{28}
p8e-[a-z0-9]{32}
AGE-SECRET-KEY-1[A-Z0-9]{40,80}
ops_eyJ[A-Za-z0-9+/=_-]{40,2000}
A3-[A-Z0-9]{6}-[A-Z0-9-]{20,40}
AKC[a-z0-9][A-Za-z0-9]{10,80}
cmVmdGtu[A-Za-z0-9]{50,80}
b_[a-z0-9]{44}
CCIP(?:AT|RJ)_[A-Za-z0-9]{20,40}_[a-f0-9]{40}
CFPAT-[A-Za-z0-9_-]{40,60}
dnkey-[a-z0-9=_-]{26}-[a-z0-9=_-]{52}
FLWSECK(?:_TEST)?-[A-Za-z0-9-]{12,60}
[ps]at\.[A-Za-z0-9_-]{22}\.[a-f0-9]{24}\.[A-Za-z0-9]{20}
ico-[A-Za-z0-9]{32}
s-s4t2(?:ud|af)-[a-f0-9]{64}
[sp]k\.eyJ[A-Za-z0-9_-]{20,200}\.[A-Za-z0-9_-]{16,40}
API-[A-Z0-9]{25,27}
sha256~[A-Za-z0-9_-]{43}
access-(?:sandbox|production|development)-[0-9a-f-]{36}
shippo_(?:live|test)_[a-f0-9]{40}
sq[upa]_[a-f0-9]{40}
sg[pd]_[A-Za-z0-9_]{36,90}
tskey-[a-z]{2,12}-[A-Za-z0-9-]{10,80}
ph[cxs]_[A-Za-z0-9]{32,60}
re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,30}
bk(?:ua|ct)_[a-f0-9]{40}
(?:sdk|mob|api)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
[a-z0-9]{6}\.[a-z0-9]{16}(?=[^A-Za-z0-9.]|\Z)
SWM(?:TKN|KEY)-1-[A-Za-z0-9-]{20,120}
token-[a-z0-9]{5}:[a-z0-9]{40,64}
ztk_[A-Za-z0-9]{20,60}
zpka_[A-Za-z0-9_]{30,60}
sk_[a-f0-9]{40,64}
(?:prj|dop|oat|tkn|key|tok|pat|pk|sk|st|ak|uat|sat)_[A-Za-z0-9]{24,255}
duffel_(?:test|live)_[A-Za-z0-9_=-]{43}
\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|argon2(?:id?|d)|pbkdf2-sha[0-9]{1,3}|scrypt)\$[A-Za-z0-9./$=,+-]{8,255}
SCRAM-SHA-(?:1|256|512)\$[0-9]{3,8}:[A-Za-z0-9+/=]{8,100}\$[A-Za-z0-9+/=]{16,120}:[A-Za-z0-9+/=]{16,120}
npg_[A-Za-z0-9]{10,40}
pbkdf2_sha256\$[0-9]{4,8}\$[A-Za-z0-9]{6,40}\$[A-Za-z0-9+/=]{20,90}
\{(?:SSHA|SHA|MD5|SMD5)\}[A-Za-z0-9+/=]{16,100}
sig=[A-Za-z0-9%+/=_-]{8,512}
[a-z][a-z0-9]{1,14}[_-](?:live|test|prod|sandbox|secret|token|key|pat|api|sk)[_-][A-Za-z0-9]{20,255}
"""
# What a text without a long piece needs, so that a shape can match it.
_MARKS = ("hooks", "webhook", "googleapis", "maker.", "sig=", "Key", "Signature", "{S", "{M")
_LINES = _TABLE.split("\n")[1:-1]
# What a shape begins with, where that is two letters at least and no sign makes the last one optional.
_MARK = r"(?:[A-Za-z0-9_~:/-]|\\\.){2,40}(?![?*+{|])"
# A letter before is no part of a token where it is the end of an escape: \\nghp_...
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
_BEGINNING = _START + r"(?=(\S\S))"
SHAPE = _START + "(?:" + "|".join(_LINES) + ")"
_PARTED = []  # marks by their first two letters, and the shapes without; once they are asked for
# Whatever begins a key but a certificate or something public.
PRIVATE_KEY = (
    r"-{4,5} ?BEGIN (?!(?:TRUSTED |X509 |NEW )?CERTIFICATE|(?:RSA |EC |SSH2 |PGP |DSA )?PUBLIC|X509 CRL"
    r"|PGP (?:MESSAGE|SIGNATURE|SIGNED)|DH PARAM|EC PARAM|PKCS7|CMS)[A-Z0-9 ]{1,60}"
    r"(?:(?!-{4,5} ?END)[\s\S]){0,20000}(?:-{4,5} ?END [A-Z0-9 ]{1,60}-{4,5})?"
    r"|PuTTY-User-Key-File[\s\S]{0,20000}"
)


def spans(text: str) -> list:
    """Return (start, end) of every token of a known shape."""
    found = []
    if "BEGIN" in text or "PuTTY" in text:
        found.extend(match.span() for match in re.finditer(PRIVATE_KEY, text))
    if _may_hold_one(text):
        for shapes in _possible(text):
            matches = re.finditer(shapes, text)
            found.extend(match.span() for match in matches if _is_token(match.group()))
    return found


def _possible(text: str) -> list:
    """The shapes that a text can hold: compiling all of them costs more than to look for marks."""
    if not _PARTED:
        told, others = {}, []
        for line in _LINES:
            mark = re.match(_MARK, line)
            if mark:
                spelled = mark.group().replace("\\.", ".")
                told.setdefault(spelled[:2], []).append((spelled, line))
            else:
                others.append(line)
        _PARTED[:] = [told, _any(others)]  # at once: for other threads
    told, others = _PARTED
    begun = sorted(told.keys() & re.findall(_BEGINNING, text))
    marked = [line for two in begun for mark, line in told[two] if mark in text]
    return [others, _any(marked)] if marked else [others]


def _any(lines: list) -> str:
    return _START + "(?:" + "|".join(lines) + ")"


def _may_hold_one(text: str) -> bool:
    """Look for what is cheap to find: the shapes are many, and few texts hold a token."""
    if text.count("$") > 1 or any(mark in text for mark in _MARKS):
        return True
    pieces = re.finditer(r"[A-Za-z0-9_+/-]{16,}", text)
    return any(
        len(piece.group()) >= 20 or any(letter.isdigit() for letter in piece.group())
        for piece in pieces
    )


def _is_token(text: str) -> bool:
    """Tokens hold digits, or capitals between small letters; patternProperties does not."""
    return (
        text.startswith(("http", "Shared", "AccountKey", "sig=", "AKIA", "ASIA", "ABIA", "ACCA"))
        or any(letter.isdigit() for letter in text)
        or kinds.is_random(text)
        or (kinds.oddness(text) > 0.5 and text.lower() != text)
    )
