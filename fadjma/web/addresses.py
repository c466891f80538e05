"""The table of addresses, as it is read."""

from collections.abc import Callable
from functools import cache, partial

from quart.routing import QuartRule


class Address(QuartRule):
    """A rule whose functions that put its address together are only compiled when they are called.

    Our pages say addresses (docs/http.md) and ask no rule for one, and writing these functions was nine tenths of what
    making an app took. `_compile_builder` is Werkzeug's own; where it is called otherwise, all are compiled again.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(partial(super()._compile_builder, append_unknown))

        def build(rule: QuartRule, **values: object) -> tuple[str, str]:
            return compiled()(rule, **values)

        return build
