"""The plugin's first name: `pytest_plugins = ["envsnap.hooks.pytest"]` is the one to use."""

from envsnap.hooks.pytest import golden, pytest_addoption, pytest_report_header, same_environment

__all__ = ["golden", "pytest_addoption", "pytest_report_header", "same_environment"]
