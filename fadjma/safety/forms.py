"""Rows of the clinic's own tables, and signing them."""

from typing import Any, ClassVar

from wtforms import FieldList, FormField
from wtforms.validators import ValidationError

from fadjma.accounts.forms import OwnerForm
from fadjma.i18n import N_, translate
from fadjma.safety import sheet, signing, written
from fadjma.safety.tables import Facts, key
from fadjma.web.forms import Field, Form, Questioned, text

_READ = N_("Vingt lignes au plus à la fois.")


class _EntryForm(Questioned):
    sure = N_("Aucun médicament de la liste ne la contient, et c'est bien elle : enregistrer ainsi")
    dci: Field[str] = text(N_("Substance (DCI)"), written.LONGEST["dci"])
    source: Field[str] = text(N_("Source"), written.LONGEST["source"], minimum=3)
    source_on: Field[str] = text(N_("Date de la source"), 20)

    def validate_dci(self, field: Any) -> None:
        self._require(written.is_one_substance(field.data or ""), written.ONE_SUBSTANCE)

    def validate_source_on(self, field: Any) -> None:
        field.data = written.source_date(field.data or "", self.today.isoformat()) or field.data
        self._require(written.source_date(field.data or "", self.today.isoformat()) is not None, written.NO_DATE)

    def _require(self, is_right: bool, message: str) -> None:
        if not is_right:
            raise ValidationError(translate(self.language, message))

    def said(self, name: str) -> str:
        """What a field of a form that is valid says, on one line."""
        return " ".join(self[name].data.split())


class DoseForm(_EntryForm):
    order: ClassVar[tuple[str, ...]] = ("dci", "from_months", "to_months", "mg_per_kg_day")

    from_months: Field[str] = text(N_("À partir de l'âge de"), 20)
    to_months: Field[str] = text(N_("Jusqu'à l'âge de (non compris)"), 20)
    mg_per_kg_day: Field[str] = text(N_("Au plus, en mg par kg et par jour"), 20)

    def validate_from_months(self, field: Any) -> None:
        self._require(written.months(field.data or "") is not None, written.NO_AGE)

    def validate_to_months(self, field: Any) -> None:
        until = written.months(field.data or "")
        self._require(until is not None, written.NO_AGE)
        begins = written.months(self["from_months"].data or "")
        self._require(begins is None or until is None or begins < until, written.AGES)

    def validate_mg_per_kg_day(self, field: Any) -> None:
        self._require(written.hundredths(field.data or "") is not None, written.NO_DOSE)

    def facts(self) -> Facts:
        """What a form that is valid says."""
        return Facts(
            kind="dose",
            from_months=written.months(self.from_months.data) or 0,
            to_months=written.months(self.to_months.data) or 0,
            mg_per_kg_day=written.hundredths(self.mg_per_kg_day.data) or 0,
            dci=self.said("dci"),
            source=self.said("source"),
            source_on=self.said("source_on"),
        )


class InteractionForm(_EntryForm):
    order: ClassVar[tuple[str, ...]] = ("dci", "other", "effect")

    other: Field[str] = text(N_("Avec (DCI)"), written.LONGEST["other"])
    effect: Field[str] = text(N_("Ce qui peut arriver"), written.LONGEST["effect"], minimum=3)

    def validate_other(self, field: Any) -> None:
        self._require(written.is_one_substance(field.data or ""), written.ONE_SUBSTANCE)
        self._require(key(field.data or "") != key(self.dci.data or ""), written.SAME)

    def facts(self) -> Facts:
        """What a form that is valid says."""
        return Facts(
            kind="interaction",
            dci=self.said("dci"),
            other=self.said("other"),
            effect=self.said("effect"),
            source=self.said("source"),
            source_on=self.said("source_on"),
        )


class VaccineForm(_EntryForm):
    """A dose of the schedule of vaccinations."""

    order: ClassVar[tuple[str, ...]] = ("dci", "dose", "also", "from_age", "to_age", "apart", "sex")

    dci: Field[str] = text(N_("Vaccin"), written.LONGEST["dci"])
    also: Field[str | None] = text(N_("Autres noms"), written.LONGEST["also"], required=False)
    dose: Field[str] = text(N_("Dose n°"), 4)
    from_age: Field[str] = text(N_("À partir de l'âge de"), 20)
    to_age: Field[str] = text(N_("Jusqu'à l'âge de (non compris)"), 20)
    apart: Field[str | None] = text(N_("Après la dose précédente, au moins"), 20, required=False)
    sex: Field[str | None] = text(N_("Seulement pour"), 10, required=False)

    def validate_dci(self, field: Any) -> None:
        """A vaccine is no substance: what it is called is looked at with the rest."""

    def validate(self, extra_validators: Any = None) -> bool:
        valid: bool = super().validate(extra_validators)
        faults = {
            name: translate(self.language, message)
            for name, message in sheet.vaccine_faults(self._typed).items()
            if name not in self.messages
        }
        self.refuse(faults)
        return valid and not faults

    @property
    def _typed(self) -> dict[str, str]:
        names = ("dci", "also", "dose", "from_age", "to_age", "apart", "sex", "source")
        return {name: self[name].data or "" for name in names}

    def facts(self) -> Facts:
        """What a form that is valid says."""
        return sheet.vaccine(self._typed, self.said("source_on"))


class _ReadForm(Form):
    """A row that was read over; without an id, one that was not."""

    id: Field[str | None] = text("", 40, required=False)


class SignatureForm(OwnerForm):
    entries = FieldList(FormField(_ReadForm))

    @property
    def read(self) -> list[str]:
        """The ids of the rows that were read over."""
        return [entry.form.id.data for entry in self["entries"] if entry.form.id.data]

    def validate(self, extra_validators: Any = None) -> bool:
        valid: bool = super().validate(extra_validators)
        if len(self.read) > signing.SIGNED_AT_ONCE:
            self.refuse({"entries": _READ})
            return False
        return valid


class WithdrawalForm(Form):
    reason: Field[str] = text(N_("Pourquoi"), 300, minimum=3)
