# Silent: columns of a text with a soft hyphen.
import sys

import wcwidth

sys.exit(wcwidth.wcswidth("co\u00adop") != 4)
