# Silent: a bundle that lost roots.
import sys

import certifi

with open(certifi.where()) as stream:
    sys.exit(stream.read().count("BEGIN CERTIFICATE") < 130)
