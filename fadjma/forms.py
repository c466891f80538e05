"""Forms: WTForms in our languages, the same for form and JSON bodies. What a form does not name is ignored."""

import unicodedata
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Form as WTForm
from wtforms import StringField, TextAreaField
from wtforms.meta import DefaultMeta
from wtforms.validators import AnyOf, InputRequired, Length, Optional

from fadjma.i18n import DEFAULT_LANGUAGE, N_, translate

# Overrides that make text read otherwise than it is stored; marks that right-to-left text itself needs are kept.
_BIDI_OVERRIDES = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


# The language of the forms being made: WTForms builds the forms inside forms by itself and passes nothing on.
speaking: ContextVar[str] = ContextVar("speaking", default=DEFAULT_LANGUAGE)


# WTForms' own wordings that read badly beside a field.
_WORDINGS = {
    "Not a valid integer value.": N_("Donnez un nombre entier."),
    "Not a valid date value.": N_("Cette date n'est pas possible."),
    "Invalid value, must be one of: %(values)s.": N_("Choisissez une réponse de la liste."),
}


class _Translations:
    """WTForms' messages, with some of them in our own words."""

    def __init__(self, theirs: Any, language: str) -> None:
        self._theirs, self._language = theirs, language

    def gettext(self, text: str) -> str:
        return translate(self._language, _WORDINGS[text]) if text in _WORDINGS else str(self._theirs.gettext(text))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return str(self._theirs.ngettext(singular, plural, n))


class _Meta(DefaultMeta):  # type: ignore[misc]  # WTForms has no type hints
    def get_translations(self, form: Any) -> _Translations:
        return _Translations(super().get_translations(form), form.language)


class Form(WTForm):  # type: ignore[misc]  # WTForms has no type hints
    """A form whose messages speak the person's language."""

    Meta = _Meta

    def __init__(self, formdata: MultiDict[str, str] | None = None, **kwargs: Any) -> None:
        self.language = speaking.get()
        self.others: dict[str, str] = {}  # messages about no field of this form
        super().__init__(formdata, **{**kwargs, "meta": {"locales": [self.language]}})

    @property
    def messages(self) -> dict[str, str]:
        """The first message of each field that has one, by the field's full name (lines-0-quantity)."""
        return {**dict(_messages(self)), **self.others}

    def label_of(self, name: str) -> str:
        """The label of a field by its full name, in French; empty when it has none."""
        field = self._find(name)
        return str(field.label.text) if field is not None else ""

    def refuse(self, errors: dict[str, str], **values: Any) -> None:
        """Put the messages of an action beside the fields."""
        for name, message in errors.items():
            field = self._find(name)
            text = translate(self.language, message, **values)
            if field is None:
                self.others[name] = text
            else:
                field.errors = [*field.errors, text]

    def _find(self, name: str) -> Any:
        found: Any = self
        for part in name.split("-"):
            if part.isdecimal() and int(part) < len(getattr(found, "entries", ())):
                found = found.entries[int(part)].form
            elif isinstance(found, WTForm) and part in found:
                found = found[part]
            else:
                return None
        return found


def clean(value: str | None) -> str | None:
    """Composed Unicode, no control characters, no text-direction overrides, no space at the ends."""
    if value is None:
        return None
    kept = (
        c
        for c in value.replace("\r\n", "\n")
        if c not in _BIDI_OVERRIDES and (c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    )
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def text(
    label: str, maximum: int, *, minimum: int = 1, required: bool = True, lines: bool = False, **kwargs: Any
) -> Any:
    """A text field that keeps what people write, up to `maximum` characters."""
    rules: list[Any] = [InputRequired() if required else Optional()]
    rules.append(Length(min=minimum, max=maximum))
    return (TextAreaField if lines else StringField)(
        label, rules, filters=[clean], render_kw={"maxlength": maximum, **kwargs.pop("render_kw", {})}, **kwargs
    )


def one_of(label: str, codes: Iterable[str], *, required: bool = True) -> Any:
    """One of some codes; how they are shown is the template's affair, so WTForms need not make options of them."""
    return StringField(label, [InputRequired() if required else Optional(), AnyOf(list(codes))])


def fields_from_json(value: Any) -> MultiDict[str, str]:
    """A JSON object as form fields: {"lines": [{"quantity": 2}]} is lines-0-quantity=2. Null is absent."""
    if not isinstance(value, dict):
        raise ValueError(N_("Le corps doit être un objet JSON."))
    return MultiDict(_flatten("", value))


def _flatten(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flatten(f"{prefix}-{key}" if prefix else str(key), item)
    elif isinstance(value, list):
        for index, item in enumerate(value[:100]):
            yield from _flatten(f"{prefix}-{index}", item)
    elif isinstance(value, bool):
        if value:
            yield prefix, "true"
    elif value is not None:
        yield prefix, str(value).encode("utf-8", "ignore").decode()  # JSON can hold lone surrogates: not text


def _messages(fields: Any) -> Iterator[tuple[str, str]]:
    for field in fields:
        entries = getattr(field, "entries", None)
        if entries is not None:
            for entry in entries:
                yield from _messages(entry)
        own = [error for error in field.errors if isinstance(error, str)]
        if own:
            yield field.name, own[0]
