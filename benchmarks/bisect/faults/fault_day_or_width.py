# Two causes, each enough.
import datetime
import sys

import pytz
import wcwidth

day = pytz.timezone("America/Vancouver").localize(datetime.datetime(2026, 12, 1))  # noqa: DTZ001 (localize asks for it)
sys.exit(day.utcoffset() != datetime.timedelta(hours=-8) or wcwidth.wcswidth("co\u00adop") != 4)
