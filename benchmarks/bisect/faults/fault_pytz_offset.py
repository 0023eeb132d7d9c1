# Silent: which offset a winter day has.
import datetime
import sys

import pytz

day = pytz.timezone("America/Vancouver").localize(datetime.datetime(2026, 12, 1))  # noqa: DTZ001 (localize asks for it)
sys.exit(day.utcoffset() != datetime.timedelta(hours=-8))
