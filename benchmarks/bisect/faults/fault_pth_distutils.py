# A start file of the new release replaces a module of the standard library.
import sys
import warnings

warnings.simplefilter("ignore")
import distutils  # noqa: E402

sys.exit("setuptools" in distutils.__file__)
