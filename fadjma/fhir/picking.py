"""What stands in a resource at a path, whatever lists are on the way."""

from collections.abc import Iterator
from typing import Any

from fadjma.fhir.elements import Resource


def pick(found: Any, path: str) -> list[Any]:
    """« target.reference » of a Provenance: the references of all its targets."""
    name, _, rest = path.partition(".")
    if isinstance(found, list):
        return [value for one in found for value in pick(one, path)]
    if not isinstance(found, dict) or name not in found:
        return []
    value = found[name]
    if rest:
        return pick(value, rest)
    return list(value) if isinstance(value, list) else [value]


def references(resource: Resource) -> Iterator[str]:
    """Every reference to another resource, wherever it stands."""
    return _references(resource)


def _references(found: Any) -> Iterator[str]:
    if isinstance(found, list):
        for one in found:
            yield from _references(one)
    elif isinstance(found, dict):
        said = found.get("reference")
        if isinstance(said, str) and not said.startswith("#"):
            yield said
        for value in found.values():
            yield from _references(value)
