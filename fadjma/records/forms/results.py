"""Results of tests, row by row."""

import re
from collections.abc import Iterator
from typing import Any

from wtforms import FieldList, FormField
from wtforms.validators import InputRequired, NumberRange

from fadjma import writing
from fadjma.i18n import N_, translate
from fadjma.records import results, units
from fadjma.records.forms.fields import validate_past
from fadjma.records.results import Result, Value
from fadjma.web.forms import Date, Form, Optional, WholeNumber, one_of, text

_NO_ANALYSIS = N_("Dites de quelle analyse.")
_NO_VALUE = N_("Donnez un nombre, comme 5,4 ou <0,01, ou un résultat en mots, comme positif, ++ ou 1/160.")
_ONLY_WORDS = N_("Un résultat en mots n'a ni unité ni norme.")
_TWO_WAYS = N_("Avec un point, on peut lire 7500 ou 7,5 : écrivez l'un ou l'autre.")
_NO_BOUND = N_("Donnez un nombre, comme 4,5, ou rien.")
_REVERSED = N_("Le bas de la norme est au-dessus du haut.")
_NO_UNIT = N_("Cette unité n'est pas connue. Écrivez-la comme g/dL, mmol/L, UI/L ou 10*9/L.")
_COMPARED_TWICE = N_("Dites « plus petit » ou « plus grand » une seule fois.")
_LONGEST_NAME = 150  # characters
# Positif, A Rh+ · ++, ±, - · 2+, 3 croix · 1/160.
_WORDS = re.compile(r"[^0-9<>=]*[^\W0-9_][^0-9<>=]*|[+±-]{1,4}|[1-4] ?(?:\+|croix)|1 ?/ ?[0-9]{1,5}")
_POINT = re.compile(r"(?:<=|>=|≤|≥|<|>)? ?[1-9][0-9]{0,2}\.[0-9]{3}")
_FROM_ONE = N_("Donnez d'une à vingt analyses, chacune avec son nom et sa valeur.")


class ValueForm(Form):
    """One value of a result. A row of which nothing is said is none."""

    analysis = text(N_("Analyse"), 80, required=False)
    value = text(N_("Valeur"), 24, required=False)
    comparator = one_of("", [one for one in results.COMPARATORS if one], required=False)  # of programs
    unit = text(N_("Unité"), 30, required=False)
    low = text(N_("Norme, de"), 20, required=False)
    high = text(N_("Norme, à"), 20, required=False)

    @property
    def said(self) -> bool:
        return any(field.data for field in self)

    @property
    def in_words(self) -> str:
        """What it says where it is no number, as of a test strip; empty where it is one, or has to be."""
        typed = self["value"].data or ""
        return typed if _WORDS.fullmatch(writing.plain_digits(typed)) else ""

    def read_two_ways(self) -> Iterator[str]:
        """The full names of those fields whose point may part thousands as well as decimals."""
        for name in ("value", "low", "high"):
            if _POINT.fullmatch(writing.plain_digits(self[name].data or "")):
                yield self[name].name

    def faults(self) -> Iterator[tuple[str, str]]:
        """What cannot be taken, by the full name of the field."""
        if self.in_words:
            yield from self._faults_of_words()
            return
        typed = results.compared(self["value"].data or "")
        low, high = (results.number(self[name].data or "") for name in ("low", "high"))
        if not self["analysis"].data:
            yield self["analysis"].name, _NO_ANALYSIS
        if typed is None:
            yield self["value"].name, _NO_VALUE
        elif typed[0] and self["comparator"].data:
            yield self["value"].name, _COMPARED_TWICE
        if self["unit"].data and units.read(self["unit"].data) is None:
            yield self["unit"].name, _NO_UNIT
        for name, bound in (("low", low), ("high", high)):
            if self[name].data and bound is None:
                yield self[name].name, _NO_BOUND
        if low is not None and high is not None and low > high:
            yield self["low"].name, _REVERSED

    def _faults_of_words(self) -> Iterator[tuple[str, str]]:
        if not self["analysis"].data:
            yield self["analysis"].name, _NO_ANALYSIS
        if any(self[name].data for name in ("comparator", "unit", "low", "high")):
            yield self["value"].name, _ONLY_WORDS

    @property
    def facts(self) -> Value:
        """Of a row that is valid, and a number."""
        typed = results.compared(self["value"].data or "")
        assert typed
        low, high = (results.number(self[name].data or "") for name in ("low", "high"))
        unit = units.read(self["unit"].data or "") or ""
        return Value(self["analysis"].data, typed[1], self["comparator"].data or typed[0], unit, low, high)


class _ResultFields(Form):
    exam = text(N_("Examen"), _LONGEST_NAME, required=False)
    values = FieldList(FormField(ValueForm), min_entries=results.MOST)
    note = text(N_("Précisions"), 5_000, required=False, lines=True)

    @property
    def rows(self) -> list[ValueForm]:
        return [entry.form for entry in self["values"]]

    def validate(self, extra_validators: Any = None) -> bool:
        valid = bool(super().validate(extra_validators))
        rows = [row for row in self.rows if row.said]
        if "values" in self.others or not rows:  # more than twenty, or none
            self.others["values"] = translate(self.language, _FROM_ONE)
            return False
        known = self.messages
        faults = {name: said for row in rows for name, said in row.faults() if name not in known}
        self.refuse(faults)
        return valid and not faults

    @property
    def facts(self) -> Result:
        """Of a form that is valid. What is said in words is the beginning of the note, line by line, and what it is
        about is in the name.
        """
        said = [row for row in self.rows if row.said]
        values = tuple(row.facts for row in said if not row.in_words)
        lines = [f"{row['analysis'].data} : {row.in_words}" for row in said if row.in_words]
        named = ", ".join(row["analysis"].data for row in said[:3])[:_LONGEST_NAME] if lines else ""
        note = "\n".join(filter(None, (*lines, self["note"].data)))
        return Result(values, self["exam"].data or named, note)

    def read_two_ways(self) -> dict[str, str]:
        """What is to be written so that it is one number: by the full names of the fields."""
        return {name: _TWO_WAYS for row in self.rows for name in row.read_two_ways()}


class ResultForm(_ResultFields):
    """What a laboratory has found, row by row."""

    occurred_on = Date(N_("Date"), [Optional()])

    validate_occurred_on = validate_past


class AmendResultForm(_ResultFields):
    version = WholeNumber("", [InputRequired(), NumberRange(min=1, max=2**31)])
    reason = text(N_("Raison de la correction"), 500, minimum=3)
