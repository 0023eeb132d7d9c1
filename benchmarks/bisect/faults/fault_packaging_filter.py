# Silent: which releases a range lets through.
import sys

from packaging.specifiers import SpecifierSet

sys.exit(list(SpecifierSet(">=1").filter(["2.0a1"])) != [])
