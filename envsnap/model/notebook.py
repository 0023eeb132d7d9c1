"""How a notebook shows a record.

IPython asks a value for `_repr_html_`. What draws lies above the records, so it is looked up by
name when a notebook asks, and by nobody else.
"""

from importlib import import_module


class Shown:
    """A record that a notebook can show as HTML."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        html = import_module("envsnap.hooks.jupyter").html(self)
        assert isinstance(html, str)
        return html
