# Three of different kinds, each needed: a switch, an entry of a list in a config, a release.
import inspect
import os

import decorator
import yaml

with open(os.environ["STEPS"]) as stream:
    rate = yaml.safe_load(stream)["steps"][1]["rate"]
if os.environ["FEATURE_MODE"] == "on" and rate > 0.1 and "functools" in vars(decorator):
    raise RuntimeError(inspect.getmodule(decorator))
