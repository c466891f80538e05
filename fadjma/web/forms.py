"""Forms: WTForms in our languages, the same for form and JSON bodies. What a form does not name is refused."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from datetime import date
from functools import cache
from itertools import islice
from typing import Any, ClassVar, Protocol, TypeVar

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateField, FieldList, IntegerField, Label, StringField, TextAreaField
from wtforms import Form as WTForm
from wtforms.meta import DefaultMeta
from wtforms.validators import AnyOf, DataRequired, Length, NumberRange, StopValidation, ValidationError
from wtforms.validators import Optional as WTFormsOptional

from fadjma import days, writing
from fadjma.i18n import DEFAULT_LANGUAGE, N_, translate
from fadjma.refusals import TooLarge
from fadjma.store import milliseconds

_ASCII_CONTROLS = dict.fromkeys(code for code in (*range(32), 127) if chr(code) not in "\n\t")
# Of the accents that follow one letter, more are no writing (UAX #15, Stream-Safe Text), and sorting them, which
# composing does, takes quadratic time.
_MARKS = 30

_LONGEST_NAME = 40  # of a field
# A field's full name, of a form or of one of its first twenty lines; WTForms trips over stranger ones. Of fifteen
# medicines there may be thirty alerts to answer (fadjma/safety).
_NAME = re.compile(r"[a-z_]+(-1?[0-9]-[a-z_]+)?|overrides-2[0-9]-[a-z_]+")
_KNOWN_EVERYWHERE = {"key", "for"}  # of idempotency; and of whom the page is (asking.py)
_SAID_AT_MOST = 20  # fields that are not understood
_LONGEST_CODE = 40  # of an answer that is chosen
# An object of JSON whose parts are fields of a form, under the names that they have there.
_TOGETHER = {"identity": {"kind": "identity_kind", "number": "identity_document"}}
MOST_FIELDS = 1_000  # of a body, of which a prescription of fifteen lines has a hundred
_WHOLE_NUMBER = re.compile(r"-?(?:[0-9]{1,15}|[0-9]{1,3}(?: [0-9]{3}){1,4})")
_LONGEST_NUMBER = 60  # characters of a number or a date, with what comes along when it is copied

D_co = TypeVar("D_co", covariant=True)

LEGIBLE = N_("Un caractère s'est perdu en route (\ufffd) : tapez-le à nouveau.")
TOO_MANY = N_("L'envoi a plus de mille champs.")
TOO_FAR = N_("Cette date est trop lointaine : vérifiez l'année.")
UNKNOWN = N_("Le champ « %(name)s » n'est pas connu ici.")
_MISSHAPEN = N_("Le champ « %(name)s » n'a pas la forme attendue.")
REPEATED = N_("Le champ « %(name)s » est donné plusieurs fois.")

# The language of the forms being made, and the moment when they came (milliseconds UTC): WTForms builds the forms
# inside forms by itself and passes nothing on.
speaking: ContextVar[str] = ContextVar("speaking", default=DEFAULT_LANGUAGE)
coming: ContextVar[int | None] = ContextVar("coming", default=None)


# WTForms' own wordings that read badly beside a field.
_WORDINGS = {
    "Not a valid integer value.": N_("Donnez un nombre entier."),
    "Not a valid date value.": N_("Cette date n'est pas possible."),
    "Invalid value, must be one of: %(values)s.": N_("Choisissez une réponse de la liste."),
}


class Field(Protocol[D_co]):
    """What a route reads of a field that has been filled in; WTForms has no type hints."""

    @property
    def data(self) -> D_co: ...


class _Translations:
    """WTForms' messages, with some of them in our own words."""

    def __init__(self, theirs: Any, language: str) -> None:
        self._theirs, self._language = theirs, language

    def gettext(self, text: str) -> str:
        return translate(self._language, _WORDINGS[text]) if text in _WORDINGS else str(self._theirs.gettext(text))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return str(self._theirs.ngettext(singular, plural, n))


@cache
def _translations(theirs: Any, language: str) -> _Translations:
    return _Translations(theirs, language)


class _Meta(DefaultMeta):  # type: ignore[misc]  # WTForms has no type hints
    """How fields are made: a form of five takes a tenth of an act to make anew, and a third of that to copy."""

    _made: ClassVar[dict[tuple[Any, ...], Any]] = {}  # of the forms of the program, each with at most thirty lines

    def get_translations(self, form: Any) -> _Translations:
        return _translations(super().get_translations(form), form.language)

    def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
        key = (unbound_field, options["name"], options.get("prefix"), form.language)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = super().bind_field(form, unbound_field, options)
            made._form = None  # which knows what somebody has typed
        field = object.__new__(type(made))
        vars(field).update(vars(made), _form=form, meta=self, label=Label(made.id, made.label.text))
        return field


class Nested(str):
    """What was sent where a form has room for one text: an object, a list, a file."""

    __slots__ = ()


class Form(WTForm):  # type: ignore[misc]  # WTForms has no type hints
    """A form whose messages speak the person's language, and which knows what day it is when it comes.

    Everything that was sent is understood, or the form is not valid: what somebody has said and nobody reads may be
    what matters most (a note beside a medicine, a line that is to wait).
    """

    Meta = _Meta
    instead: ClassVar[Mapping[str, str]] = {}  # what to say of some fields that are not known, by their names
    # The fields that its page asks for first, where that is not the order in which they are declared; messages follow.
    order: ClassVar[tuple[str, ...]] = ()

    def __init__(self, formdata: MultiDict[str, str] | None = None, prefix: str = "", **kwargs: Any) -> None:
        self.language = speaking.get()
        self._came = coming.get() or milliseconds()
        self.others: dict[str, str] = {}  # messages about no field of this form
        self.doubts: dict[str, str] = {}  # questions about fields that can be taken and are hardly meant
        sent = formdata
        if formdata is not None and not prefix and not all(map(_NAME.fullmatch, formdata)):
            formdata = MultiDict(item for item in formdata.items(multi=True) if _NAME.fullmatch(item[0]))
        super().__init__(formdata, prefix=prefix, **{**kwargs, "meta": {"locales": [self.language]}})
        if sent is not None and not prefix:
            self.others.update(islice(self._not_understood(sent), _SAID_AT_MOST))

    @property
    def today(self) -> date:
        """At the clinic when the form came, whatever day its page was opened on."""
        return days.day(self._came)

    def _not_understood(self, sent: MultiDict[str, str]) -> Iterator[tuple[str, str]]:
        for name, values in sent.lists():
            if fault := self._fault(name, values):
                about = (
                    name if fault != _MISSHAPEN or _NAME.fullmatch(name) else name.partition("-")[0]
                )  # too many lines
                shown = clean(about[: 2 * _LONGEST_NAME]) or "?"
                yield shown, translate(self.language, fault, name=shown)

    def _fault(self, name: str, values: list[str]) -> str | None:
        """What is wrong with a field as it was sent, but for its value."""
        if name in self and len(values) == 1 and type(values[0]) is str and not isinstance(self[name], FieldList):
            return None  # nearly every one
        form, own = self._place(name)
        field = next((field for field in form if field.short_name == own), None)
        if field is None and name not in _KNOWN_EVERYWHERE:
            return form.instead.get(own, UNKNOWN)
        if not _NAME.fullmatch(name) or any(isinstance(value, Nested) for value in values):
            return _MISSHAPEN
        if isinstance(field, FieldList) and any(values):
            return _MISSHAPEN
        return REPEATED if len(values) > 1 else None

    def _place(self, name: str) -> tuple["Form", str]:
        """The form to which a field of this full name would belong, this one or that of a line, and its name there."""
        first, _, rest = name.partition("-")
        if rest and first in self and isinstance(self[first], FieldList) and self[first].entries:
            return self[first].entries[0].form, rest.partition("-")[2]
        return self, name

    def validate(self, extra_validators: Any = None) -> bool:
        return bool(super().validate(extra_validators)) and not self.others

    @property
    def messages(self) -> dict[str, str]:
        """The first message of each field that has one, by the field's full name (lines-0-quantity)."""
        found = {**self.doubts, **self.others, **dict(_messages(self))}
        first = [name for name in self.order if name in found]
        return {name: found[name] for name in dict.fromkeys((*first, *found))} if first else found

    @property
    def to_confirm(self) -> bool:
        """Whether only questions are left, which one box answers."""
        return bool(self.doubts) and self.messages == self.doubts

    def label_of(self, name: str) -> str:
        """The label of a field by its full name, in French; empty when it has none, as several lines together."""
        field = self._find(name)
        return "" if field is None or isinstance(field, FieldList) else str(field.label.text)

    def line_of(self, name: str) -> int:
        """Which of several lines a field is in, as its page counts them; 0: of none, or of the only one."""
        return 0

    def refuse(self, errors: dict[str, str], **values: Any) -> None:
        """Put the messages of an action beside the fields."""
        for name, message in errors.items():
            field = self._find(name)
            text = translate(self.language, message, **values)
            if field is None:
                self.others[name] = text
            else:
                field.errors = [*field.errors, text]

    def ask(self, questions: dict[str, str], **values: Any) -> None:
        """Put the questions of an action beside the fields."""
        asked = {name: translate(self.language, question, **values) for name, question in questions.items()}
        self.doubts.update(asked)

    def _find(self, name: str) -> Any:
        found: Any = self
        for part in name.split("-"):
            if part.isdecimal() and int(part) < len(getattr(found, "entries", ())):
                found = found.entries[int(part)].form
            elif isinstance(found, WTForm) and part in found:
                found = found[part]
            else:
                return None
        return None if isinstance(found, WTForm) else found


class Box(BooleanField):  # type: ignore[misc]  # WTForms has no type hints
    """A box that is ticked or not. WTForms takes whatever it does not know for yes, and so « no » and « False »."""

    _YES, _NO = ("1", "true", "on", "yes", "y"), ("", "0", "false", "off", "no", "n")

    def process_formdata(self, valuelist: list[str]) -> None:
        said = valuelist[0].strip().lower() if valuelist else ""
        if said not in (*self._YES, *self._NO):
            raise ValueError(translate(self._form.language, N_("Répondez par true ou false.")))
        self.data = said in self._YES


class NoFields(Form):
    """Of an act that is done or not, with nothing to say about it."""


class Questioned(Form):
    """A form that asks again about what is possible and hardly meant: a slip of the finger, a year for another.

    `confirm` takes it as it is; it answers every question of the form at once.
    """

    sure: ClassVar[str] = N_("C'est bien cela : enregistrer ainsi")  # what whoever ticks the box says
    confirm = Box("")

    def validate(self, extra_validators: Any = None) -> bool:
        return bool(super().validate(extra_validators)) and not self.doubts

    def doubt(self, name: str, question: str) -> None:
        """Ask about a field, by its full name, unless everything was confirmed."""
        if not self["confirm"].data:
            self.doubts[name] = translate(self.language, question)


def clean(value: str | None) -> str | None:
    """Composed Unicode, no control characters, nothing invisible, no space at the ends; empty when it shows nothing."""
    if value is None:
        return None
    value = value.replace("\r\n", "\n")
    if value.isascii():
        return value.translate(_ASCII_CONTROLS).strip()
    text = writing.trim(unicodedata.normalize("NFC", writing.without_invisible("".join(_kept(value)))))
    return text if writing.shows(text) else ""


def _kept(value: str) -> Iterator[str]:
    marks = 0  # that follow one letter, those that it brings with it too
    for c in value:
        if c.isascii():
            if ord(c) not in _ASCII_CONTROLS:
                marks = 0
                yield c
            continue
        if unicodedata.category(c) in ("Cc", "Cs"):
            continue
        parts = [unicodedata.category(part)[0] == "M" for part in unicodedata.normalize("NFD", c)]
        marks = marks + sum(parts) if parts[0] else sum(parts)
        if marks <= _MARKS:
            yield c


def cleaning(maximum: int) -> Callable[[str | None], str | None]:
    """`clean`, for a field of at most so many characters; text far over it is left alone, as it is refused anyway."""
    far = 4 * maximum + 1_000  # what cleaning may take away: accents, line ends, space
    return lambda value: value if value and len(value) > far else clean(value)


class AtMost(Length):  # type: ignore[misc]  # WTForms has no type hints
    """The length of a text; nothing more is asked about one of another length, which may be of any size."""

    def __init__(self, maximum: int, minimum: int = -1) -> None:
        super().__init__(min=minimum, max=maximum)

    def __call__(self, form: Any, field: Any) -> None:
        try:
            super().__call__(form, field)
        except ValidationError as error:
            raise StopValidation(*error.args) from error


class WholeNumber(IntegerField):  # type: ignore[misc]  # WTForms has no type hints
    """A whole number in the digits of any script, thousands apart or not; int() also takes 1_0 for ten."""

    def process_formdata(self, valuelist: list[str]) -> None:
        plain = [writing.plain_digits(text[:_LONGEST_NUMBER]).strip() for text in valuelist]
        super().process_formdata([re.sub(" ", "", t) if _WHOLE_NUMBER.fullmatch(t) else "no number" for t in plain])


class Date(DateField):  # type: ignore[misc]  # WTForms has no type hints
    """A day as browsers and programs send it (2026-03-02), in the digits of any script."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([writing.plain_digits(text[:_LONGEST_NUMBER]).strip() for text in valuelist])


class Needed(DataRequired):  # type: ignore[misc]  # WTForms has no type hints
    """Something that can be seen must be there; WTForms' InputRequired is content with what was sent."""


class Optional(WTFormsOptional):  # type: ignore[misc]  # WTForms has no type hints
    """Nothing need be there, and what shows nothing is nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.string_check = clean


class AsReadForm(Form):
    """Of an act that is done or not, on the version that was read."""

    version: Field[int | None] = WholeNumber("", [Optional(), NumberRange(min=1, max=2**31)])


class Legible:
    """A text in which no character was lost on the way here: U+FFFD is what programs write for one they cannot read."""

    def __call__(self, form: Any, field: Any) -> None:
        if writing.LOST in (field.data or ""):
            raise StopValidation(translate(form.language, LEGIBLE))


class LooksAsItIs:
    """A name or an address that no other one can look like: nothing invisible in it, letters of one script a word.

    The joiners and direction marks that Arabic needs are not invisible in this sense (writing.without_invisible).
    `whole`: all of it is one word, as an e-mail address.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self._whole = whole

    def __call__(self, form: Any, field: Any) -> None:
        typed = writing.trim_invisible(field.raw_data[0] if field.raw_data else "")
        if writing.without_invisible(typed) != typed:
            message = N_("Un caractère invisible s'est glissé ici : effacez tout et tapez-le à nouveau.")
        elif writing.mixes_scripts(field.data or "", whole=self._whole):
            message = N_("Écrivez chaque mot dans un seul alphabet : ici, deux sont mêlés.")
        else:
            return
        raise StopValidation(translate(form.language, message))


def text(
    label: str,
    maximum: int,
    *,
    minimum: int = 1,
    required: bool = True,
    lines: bool = False,
    rules: Iterable[Any] = (),
    **kwargs: Any,
) -> Any:
    """A text field that keeps what people write, up to `maximum` characters."""
    rules = [Needed() if required else Optional(), Legible(), AtMost(maximum, minimum), *rules]
    return (TextAreaField if lines else StringField)(
        label,
        rules,
        filters=[cleaning(maximum)],
        render_kw={"maxlength": maximum, **kwargs.pop("render_kw", {})},
        **kwargs,
    )


def one_of(label: str, codes: Iterable[str], *, required: bool = True) -> Any:
    """One of some codes; how they are shown is the template's affair, so WTForms need not make options of them."""
    rules = [Needed() if required else Optional(), AnyOf(list(codes))]
    return StringField(label, rules, filters=[cleaning(_LONGEST_CODE)])


def fields_from_json(value: Any) -> MultiDict[str, str]:
    """A JSON object as form fields: {"lines": [{"quantity": 2}]} is lines-0-quantity=2. Null is absent.

    Forms have no other shape (name, name-0, name-0-name): what has is `Nested`, which no form takes. Names are cut
    before anything is made of them: one long name around many values would be copied for each. Raises ValueError for
    what is no object, or no text, TooLarge for too many fields.
    """
    if not isinstance(value, dict):
        raise ValueError(N_("Le corps doit être un objet JSON."))
    leaves = list(islice(_leaves(value), MOST_FIELDS + 1))
    if len(leaves) > MOST_FIELDS:
        raise TooLarge(TOO_MANY)
    return MultiDict(leaves)


def _leaves(fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in _named(fields):
        if value == []:
            yield name, ""
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from _item(f"{name}-{index}", item)
        elif isinstance(value, dict) and value and name in _TOGETHER:
            for part, said in _named(value):
                yield from _leaf(_TOGETHER[name].get(part, f"{name}_{part}"), said)
        else:
            yield from _leaf(name, value)


def _item(name: str, item: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(item, dict):
        yield from _leaf(name, item)
        return
    empty = True
    for part, value in _named(item):
        for leaf in _leaf(f"{name}-{part}", value):
            empty = False
            yield leaf
    if empty:  # a line of which nothing is said is a line all the same
        yield name, Nested()


def _named(fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, item in fields.items():
        name.encode()
        yield name[: _LONGEST_NAME + 1], item


def _leaf(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool):
        yield name, "true" if value else ""  # as a box that is ticked or not
    elif isinstance(value, str | int):
        text = str(value)
        text.encode()  # raises for half a character, which JSON can hold ("\\ud800"), and no text has
        yield name, text
    elif value is not None:
        yield name, Nested()


def _messages(fields: Any) -> Iterator[tuple[str, str]]:
    for field in fields:
        entries = getattr(field, "entries", None)
        if entries is not None:
            for entry in entries:
                yield from _messages(entry)
        own = [error for error in field.errors if isinstance(error, str)]
        if own:
            yield field.name, own[0]
