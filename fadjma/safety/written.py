"""What a row of a table says, as people write it: an age, a dose, the date of a source."""

import re
from fractions import Fraction

from fadjma import writing
from fadjma.i18n import N_
from fadjma.identity import births
from fadjma.records import schedule

LONGEST = {"dci": 120, "other": 120, "effect": 300, "source": 200, "also": 200}
_DOSES = 20  # of one vaccine
OLDEST = 18 * 12  # months: nobody is a child then
NO_AGE = N_("Écrivez un âge en mois ou en ans, de 0 à 18 ans : « 3 mois », « 12 ans ».")
NO_DOSE = N_("Écrivez des milligrammes par kilo et par jour, avec deux décimales au plus : « 60 », « 37,5 ».")
NO_DATE = N_("Écrivez l'année, le mois ou le jour de la source : 2010, 06/2010 ou 15/06/2010.")
NO_SPAN = N_("Écrivez la naissance, ou un âge en semaines, mois ou ans : « 6 semaines », « 9 mois ».")
NO_APART = N_("Écrivez un délai en jours, semaines ou mois : « 4 semaines ».")
NO_ORDINAL = N_("Écrivez le numéro de la dose, de 0 à 20.")
NO_VACCINE = N_("Écrivez le nom du vaccin.")
NO_SEX = N_("Laissez vide, ou écrivez « filles » ou « garçons ».")
AGES = N_("La ligne ne vaut plus à partir du second âge : il vient après le premier.")
ONE_SUBSTANCE = N_("Une seule substance : d'une association, écrivez une ligne pour chacune.")
SAME = N_("Ce sont deux fois la même substance.")
_AGE = re.compile(r"(\d{1,3}) ?(mois|m|ans?|a)?")
_SPAN = re.compile(r"(?:p ?)?(\d{1,3}) ?(jours?|j|d|semaines?|sem|s|w|mois|m|ans?|a|y)")
_UNITS = {"j": "D", "d": "D", "s": "W", "w": "W", "m": "M", "a": "Y", "y": "Y"}
_BIRTH = ("0", "naissance", "a la naissance", "p0d", "p 0 d")
_SEXES = {"": "", "female": "female", "filles": "female", "fille": "female", "f": "female"} | {
    "male": "male", "garcons": "male", "garcon": "male", "m": "male", "g": "male"
}  # fmt: skip
_DOSE = re.compile(r"(\d{1,5}(?:[.,]\d{1,2})?)(?: ?mg(?: ?/ ?kg(?: ?/ ?j(?:our)?)?)?)?")


def months(text: str) -> int | None:
    """« 3 mois », « 12 ans », or a number of months; None for what is no age of a child."""
    found = _AGE.fullmatch(writing.fold(text).strip())
    if not found:
        return None
    age = int(found[1]) * (12 if (found[2] or "m").startswith("a") else 1)
    return age if age <= OLDEST else None


def span(text: str) -> str | None:
    """« naissance », « 6 semaines », « 9 mois » as records/schedule.py has it; None for what is none of a child."""
    typed = writing.fold(text).strip()
    if typed in _BIRTH:
        return "P0D"
    found = _SPAN.fullmatch(typed)
    said = f"P{int(found[1])}{_UNITS[found[2][0]]}" if found else None
    return said if said and schedule.length(said) <= schedule.length(f"P{schedule.CHILD}Y") else None


def ordinal(text: str) -> int | None:
    """The how many-eth dose; None for what is none."""
    typed = writing.plain_digits(text).strip()
    return int(typed) if re.fullmatch(r"[0-9]{1,2}", typed) and int(typed) <= _DOSES else None


def sex(text: str) -> str | None:
    """For whom alone, or for all; None for what is neither."""
    return _SEXES.get(writing.fold(text).strip())


def hundredths(text: str) -> int | None:
    """Hundredths of a milligram, of « 37,5 » or « 37,5 mg/kg/j »; None for what is no dose, or none to be kept."""
    found = _DOSE.fullmatch(writing.fold(text).strip())
    return int(Fraction(found[1].replace(",", ".")) * 100) or None if found else None


def source_date(text: str, today: str) -> str | None:
    """As it is stored; None for what is no date, or is yet to come (`today`: ISO 8601)."""
    found = births.normalize(text)
    return found if found and found <= today[: len(found)] else None


def is_one_substance(text: str) -> bool:
    return any(map(str.isalpha, writing.fold(text))) and "+" not in text and "/" not in text
