"""What a key says of its value: nothing, that it is a digest, or how surely a secret.

A name is read as English reads a compound: the last word is the thing, the ones before it say
which. `password_file` is a file, `token_type` a type, `max_tokens` a number of tokens, and
`file_password` a password.
"""

import re

from .words import split

NOTHING = 0
DIGEST = 1  # random letters are what it is made of
PERHAPS = 2  # a secret if the value looks like one
SECRET = 3  # a secret, unless the value is a setting
PASSWORD = 4  # a secret, short words too
CERTAIN = 5  # inside of what is a secret as a whole, whatever the keys there say

PASSWORDS = frozenset(
    "password passwords passwd passphrase passcode pwd pw passwort pswd psw pass requirepass masterauth"
    " sshpass htpasswd chpasswd rocommunity rwcommunity mnemonic seedphrase contrasena senha kennwort wachtwoord parola haslo heslo losenord mima"
    " passwrd psswd pssword passw pword sekret losungswort adgangskode salasana salasona jelszo sifre clave motdepasse matkhau zugangscode toegangscode geslo slaptazodis lozinka passord kodeord wachtzin puk losen mdp contrasenya pasahitza contrasinal palavrapasse"
    " passkey passw0rd".split()
)
# ... and stems that may be joined to others, also without the marks that `words` takes off.
STEMS = (
    "geheim|\u5bc6\u7801|\u5bc6\u78bc|\u53e3\u4ee4|\u30cf\u30b9\u30ef|\ube44\ubc00\ubc88\ud638|\uc554\ud638"
    "|\u6697\u8a3c\u756a\u53f7|\u5408\u8a00\u8449|\ube44\ubc88|\u092a\u093e\u0938\u0935\u0930\u094d\u0921|\u043b\u043e\u0437\u0438\u043d\u043a|\u0433\u0430\u0441\u043b\u043e"
    "|\u043f\u0430\u0440\u043e\u043b|\u05e1\u05d9\u05e1\u05de|\u0627\u0644\u0645\u0631\u0648\u0631|\u0e2a\u0e1c\u0e32\u0e19|\u03ba\u03c9\u03b4\u03b9\u03ba"
)
_SECRETS = frozenset(
    "secret secrets credential credentials cred creds"
    " jwt otp totp basicauth httpauth proxyauth bearer cookie cookies"
    " sessionid csrftoken csrf xsrf pat sas webhook webhooks authorization"
    " dockerconfigjson dockercfg netrc htaccess kubeconfig"
    " connectionkey token tokens psk hec zugangsdaten".split()
)
# Words that end in one of these, and begin with something, are two words written as one.
_GLUED_SECRET = (
    r"(?:access|auth|api|app|bot|bearer|refresh|user|session|deploy|client|service|oauth|github"
    r"|gitlab|admin|private|security|shared|jwt|my|id|push|bind|consumer|hf|gh|npm|slack|identity|registry|hub|runner)"
    r"(?:tokens?|secrets?|creds?|credentials?|keys?)"
    r"|(?!\w{0,20}(?:pull|tls|exist))[a-z]{2,12}secrets?"
)
# What a key is for, where it is no name of a column, a map's key, or a key of attention.
_KEYS_OF = frozenset(
    "enc api access secret secrets private encryption encrypt decryption signing signature sign ssh"
    " master account auth authentication authorization license licence subscription storage"
    " deploy deployment admin shared sas webhook salt hmac aes rsa dsa ed ec ecdsa jwt cookie session"
    " consumer oauth security service client app application server user write read ingest"
    " ingestion integration instrumentation genie project publishable restricted transport wg psk"
    " preshared fernet django flask rails vault kms host bot instance functions".split()
)
# ... or a column as well: only what looks made is hidden.
_OFTEN_NAMES = frozenset(
    "session storage service user write read project instance functions host transport cookie".split()
)
# ... or hardly anything else: also of what follows such a key nothing takes the secret back.
_SURELY = frozenset("api access secret private encryption signing subscription".split())
# What is found under a key of its own, which is made of what it holds.
_OF_CONTENTS = frozenset(
    "hash cache content dedup shard sharding compile artifact fx partition".split()
)
# Whose keys are keys to a service. (What is missing here is found where the value looks made.)
_ISSUERS = frozenset(
    "openai anthropic claude cohere mistral groq gemini google gcp azure aws amazon bedrock"
    " wandb neptune comet clearml langfuse langsmith langchain helicone pinecone weaviate qdrant"
    " chroma milvus zilliz stripe paypal twilio sendgrid mailgun mailchimp postmark datadog dd"
    " sentry newrelic grafana honeycomb rollbar bugsnag github gitlab bitbucket hf huggingface"
    " replicate together fireworks perplexity deepseek xai dashscope zhipu moonshot minimax"
    " nvidia ngc nim runpod lambda vast modal anyscale databricks snowflake kaggle roboflow"
    " elevenlabs deepgram assemblyai voyage jina tavily serper serpapi serpapikey brave exa"
    " firecrawl browserbase e2b cloudflare fastly netlify vercel heroku digitalocean linode"
    " hetzner ovh scaleway supabase firebase algolia elastic elasticsearch opensearch kibana"
    " redis mongo mongodb mysql postgres postgresql pg kafka rabbitmq amqp celery minio s3 r2 b2"
    " wasabi swift slack discord telegram teams zoom jira atlassian confluence notion linear"
    " asana trello shopify square plaid segment mixpanel amplitude posthog mapbox here"
    " tomtom openweather weather youtube twitter facebook linkedin reddit spotify dropbox box"
    " docker dockerhub quay harbor npm pypi rubygems nuget maven artifactory nexus sonar codecov"
    " snyk circleci travis jenkins buildkite drone argocd terraform pulumi vault consul nomad"
    " okta auth0 keycloak ldap smtp imap ftp sftp vpn wifi tailscale ngrok pagerduty opsgenie"
    " openrouter cerebras sambanova litellm portkey vllm".split()
)
# The value is a property of the secret, not the secret.
_PROPERTIES = frozenset(
    "file files filename path paths dir directory folder name names type types kind class mode"
    " method scheme format algorithm alg provider backend engine driver plugin handler mechanism"
    " policy strategy validator validators hasher hashers rules rule pattern regex template"
    " count counts limit limits length len size sizes max min minimum maximum number num total"
    " budget budgets ratio rate weight weights scale dim dims dimension dropout prob probability"
    " loss embedding embeddings embed index indices idx pos position positions mask masks bias"
    " level levels pooling pruning merging shift mixing mixer per second seconds sec ms minutes"
    " hours days ttl lifetime age expiry expires expiration expire timeout interval period delay"
    " retries retry attempts enabled enable disabled disable required require optional allowed"
    " allow use verify check checks validation reset change update updated rotation rotate created"
    " at date time timestamp version versions revision url uri urls uris endpoint endpoints"
    " address host hosts hostname port server domain domains realm region zone issuer audience"
    " scope scopes callback redirect header headers param parameter field fields column columns"
    " prefix suffix separator delimiter env var variable variables environ ref refs reference"
    " from source sources store stores manager vault location key0 group groups role roles user"
    " users username owner email account accounts arn namespace selector label labels title"
    " description help prompt placeholder message hint comment note doc docs usage example"
    " status state error errors support supported available present exists hidden visible"
    " samesite secure httponly jar flow grant grants page view router route module package"
    " library encoding charset language lang id ids ordinal map mapping list set dict cache"
    " caching parallelism efficiency throughput tokenizer model reader writer parser filter"
    " layer layers head heads stage steps step batch batches chunk window padding bucket"
    " function func command helper helpers classifier encoder cmd script tool hook hooks encryption hashing complexity history"
    " generator strength primaria foranea stdin".split()
)
_DIGESTS = frozenset(
    "sha blake xxh xxhash xet sha1 sha224 sha256 sha384 sha512 md5 md crc hash hashes hexdigest digest digests"
    " checksum checksums etag etags uuid uuids guid gid uid oid cid id ids commit commits"
    " revision revisions rev ref refs version versions fingerprint fingerprints thumbprint blob"
    " tree tag tags snapshot snapshots build builds image images integrity sum nonce"
    " certificate cert certs crt ca pem public pub pubkey gpg pgp modulus fsid wwn serial machine boot"
    " device devices gpu gpus trace span run runs session cuda visible authority sri src lock"
    " resolved content contents resolution signature0 hostkey known xcrun arn container containers"
    " layer layers parent recipient recipients".split()
)
# Tokens of language and vision models, and passes of training: never secrets by their name.
_MODEL_TOKENS = frozenset(
    "pad padding eos bos eot eom unk unknown sep cls class mask masked image img audio video"
    " vision visual stop start end boi eoi sos special new extra speech timestamp timestamps"
    " blank word words sub subword system user0 assistant prefix suffix middle patch first last"
    " next decoder encoder begin beginning forced bad suppress suppressed added additional fim"
    " think thinking tool0 role0 latent query memory register distill dist max min num n total"
    " input output prompt completion context vocab unused reserved batched prefill decode draft"
    " speculative cached generated reasoning chunk text answer question language lang task"
    " object point box separator newline ignore skip nospeech transcribe translate sot per train"
    " training seen trained tgt".split()
)
_PASSES = frozenset(
    "low high band all forward backward first second third single multi two one num render by"
    " com bi dual pre post notch stop net through warmup".split()
)
_GLUED_PASSWORD = (
    r"[a-z]{1,20}(?:password|passwd|passphrase|pwd)s?"
    r"|(?!(?:com|by|sur|tres|encom|over|under|sub|%s)pass)[a-z]{2,12}pass\Z"
    % "|".join(sorted(_PASSES))
    + r"|(?:root|admin|user|db|my|sql|pg|mail|smtp|ftp|bind|ldap|key|svc|master|test)pw"
)
_COMPOUNDS = frozenset(
    [
        ("community", "snmp"),
        ("phrase", "seed"),
        ("phrase", "recovery"),
        ("phrase", "pass"),
        ("word", "pass"),
        ("words", "pass"),
        ("code", "pass"),
        ("phrase", "backup"),
        ("passe", "de"),
        ("khau", "mat"),
        ("sandi", "kata"),
        ("passe", "palavra"),
        ("klucz", "tajny"),
        ("secrete", "cle"),
        ("answer", "security"),
        ("answer", "secret"),
        ("answers", "security"),
        ("answers", "secret"),
        ("code", "pin"),
    ]
)
# Codes that open something; those of languages, countries and errors do not.
_CODES_OF = frozenset(
    "recovery backup activation access verification verify security unlock otp mfa totp"
    " pairing pair scratch invite invitation login reset door alarm entry emergency device".split()
)
# Often something else: a method, the name of a license (whose keys are serial numbers), a hash's salt.
_ALSO = ("auth", "license", "licence", "salt", "pepper")
_AUTH_OF = ("redis", "rediscli", "basic", "smtp", "mqtt", "proxy", "http", "registry", "npm")
_POINTERS = frozenset("existing pull tls external sealed from image envfrom mount volume".split())


def weigh(key: str, variable: bool = False) -> int:
    """Tell what a key says; `variable` for names of the environment, where KEY is enough."""
    words = split(key)
    if not words:
        return NOTHING
    if _DIGESTS.intersection(split(key.rpartition("/")[0])[-1:]):
        return DIGEST  # checksum/secret
    found = NOTHING
    for place in range(len(words)):
        found = max(found, _at(words, place, variable))
    if found == SECRET and re.match(r"[\w-]{1,60}(?:\.[\w-]{1,60}){1,9}/", key):
        return PERHAPS  # an annotation, which mostly tells the name of an object
    if found == NOTHING:
        return DIGEST if words[-1] in _DIGESTS or _DIGESTS.intersection(words[-2:-1]) else NOTHING
    return found


def is_property(key: str) -> bool:
    """Tell whether a key names a property, such as a name, a type or a path."""
    words = split(key)
    return bool(words) and weigh(key) < SECRET and _tells_which(words)


def is_of_model(before: str, noun: str) -> bool:
    """Whether the word before `token` says that it is one of a model: next token."""
    last = split(before)[-1:]
    return noun.lower().startswith("token") and bool(_MODEL_TOKENS.intersection(last))


def is_code(key: str) -> bool:
    """Tell whether digits in quotes under this name open something."""
    return weigh(key) >= PASSWORD or split(key)[-1:] in (["pin"], ["pincode"])


def of_container(key: str, container: str) -> int:
    """What `key` says inside of something that has keys: `license: {key: ...}`."""
    words = split(container)
    inside = split(key)
    if words[-1:] in (["users"], ["logins"]) and "auth" in words:
        return PASSWORD  # basicAuthUsers: {joe: ...}
    if words[-1:] in (["headers"], ["header"]) and inside[-1:] in (["auth"], ["signature"]):
        return SECRET
    if len(inside) != 1 or not words:
        return NOTHING
    if inside[0] in ("code", "codes", "community", "phrase", "words"):
        return _of_parts(inside[0], words[-1])
    if inside[0] not in ("key", "keys"):
        return NOTHING
    if words[-1] in _SURELY:
        return SECRET
    return PERHAPS if words[-1] in _KEYS_OF or words[-1] in _ISSUERS else NOTHING


def _tells_which(words: list) -> bool:
    if "public" in words or "pub" in words:
        return True
    if words[-1] in ("key", "keys"):
        return len(words) == 1 or _alone(words, len(words) - 2, False) == PASSWORD
    if words[-1] == "data":
        return words[-2:-1] in (["certificate"], ["authority"], ["ca"], ["cert"])
    return words[-1] in _PROPERTIES or words[-1] in _DIGESTS


def _at(words: list, place: int, variable: bool) -> int:
    """What one word of a key says, with the words before and behind it."""
    word = words[place]
    rest = words[place + 1 :]
    level = _alone(words, place, variable)
    if level < PERHAPS or not rest:
        return level
    if rest[0] in ("key", "keys") and len(rest) == 1:
        # The key of a password is mostly the name under which it is stored.
        return PERHAPS if level == PASSWORD else max(level, SECRET)
    if level == PERHAPS and rest[-1] in _DIGESTS:
        return NOTHING
    if rest[-1] in _PROPERTIES:
        return _of_property(word, words[:place], rest)
    if rest[-1] in ("hash", "hashes", "salt", "digest"):
        return SECRET if level == PASSWORD else PERHAPS
    if any(_alone(words, place + 1 + at, variable) >= PERHAPS for at in range(len(rest))):
        return NOTHING  # the later word decides: token in token_secret
    return SECRET if level == PASSWORD or _is_key_itself(words, place) else PERHAPS


def _is_key_itself(words: list, place: int) -> bool:
    """Whether a word is the key of `api_key`, also written as one: what follows says which."""
    if words[place] in ("key", "keys"):
        return place > 0 and words[place - 1] in _SURELY
    glued = re.match(r"([a-z]{2,20})keys?\Z", words[place])
    return glued is not None and glued.group(1) in _SURELY


def _of_property(word: str, before: list, rest: list) -> int:
    """Properties that can be the secret all the same: a session's ID, a webhook's URL."""
    if word in ("secret", "session", "cookie") and rest in (["id"], ["ids"]):
        return SECRET
    if word in ("webhook", "webhooks") and rest[-1] in ("url", "urls", "uri"):
        return SECRET
    if word == "token" and rest == ["id"]:
        return SECRET if before[-1:] in (["root"], ["access"], ["api"], ["auth"]) else PERHAPS
    if word == "key" and before[-1:] == ["access"] and rest == ["id"]:
        return PERHAPS  # half of a pair, and mostly beside the other half
    return NOTHING


def _alone(words: list, place: int, variable: bool) -> int:
    """What a word says with the words before it."""
    word = words[place]
    before = words[place - 1] if place else ""
    if word in PASSWORDS:
        return _password(word, before, last=place == len(words) - 1)
    if word in ("token", "tokens"):
        return _token(word, words[:place])
    if word in ("key", "keys"):
        return _key(words, place, variable)
    if word in _SECRETS:
        return PERHAPS if word in ("sas", "pat") or before in _POINTERS else SECRET
    if word in _ALSO:
        return SECRET if before in _AUTH_OF or (variable and word == "salt") else PERHAPS
    if word == "session" and words[place + 1 : place + 2] == ["id"]:
        return SECRET
    return _of_parts(word, before)


def _of_parts(word: str, before: str) -> int:
    """What a word says that is glued of several, or is one of two that belong together."""
    if re.match(_GLUED_PASSWORD + r"\Z", word) or re.search(STEMS, word):
        return PASSWORD
    if word == "private":
        return PERHAPS
    if (word, before) in _COMPOUNDS or (word in ("code", "codes") and before in _CODES_OF):
        return PASSWORD
    return SECRET if re.match(_GLUED_SECRET + r"\Z", word) or _is_glued(word) else NOTHING


def _is_glued(word: str) -> bool:
    """instrumentationkey: what has keys, and its key, written as one word."""
    match = re.match(r"([a-z]{2,20}?)(?:keys?|secrets?|tokens?)\Z", word)
    return match is not None and (match.group(1) in _KEYS_OF or match.group(1) in _ISSUERS)


def _password(word: str, before: str, last: bool) -> int:
    if word in ("pass", "pw", "psw") and (before in _PASSES or not last):
        return NOTHING
    if word == "password" and before == "one" and last:
        return NOTHING  # a product
    return PASSWORD


def _token(word: str, before: list) -> int:
    """A token of a service, unless it is one of a model."""
    if any(item in _MODEL_TOKENS for item in before):
        return NOTHING
    listed = before[-1:] in (["valid"], ["allowed"], ["accepted"], ["trusted"])
    if (
        word == "tokens"
        and before
        and not (listed or before[-1] in _KEYS_OF or before[-1] in _ISSUERS)
    ):
        return PERHAPS
    return SECRET


def _key(words: list, place: int, variable: bool) -> int:
    """A key to a service, unless it is one of a map, of a table or of attention."""
    if not place:
        return PERHAPS if variable and len(words) == 1 else NOTHING
    before = words[place - 1]
    if before in _OF_CONTENTS:
        return NOTHING
    if before in ("public", "pub", "gpg", "pgp", "host") or place != len(words) - 1:
        return NOTHING if before not in ("api", "secret", "private", "access") else SECRET
    known = before not in _OFTEN_NAMES and (before in _KEYS_OF or before in _ISSUERS)
    is_more = any(_is_key_itself(words, at) for at in range(place))  # APIKEY_ALLOWED_KEYS
    return SECRET if known or is_more else PERHAPS
