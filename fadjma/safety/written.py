"""What a row of a table says, as people write it: an age, a dose, the date of a source."""

import re
from fractions import Fraction

from fadjma import writing
from fadjma.i18n import N_
from fadjma.identity import births

LONGEST = {"dci": 120, "other": 120, "effect": 300, "source": 200}
OLDEST = 18 * 12  # months: nobody is a child then
NO_AGE = N_("Écrivez un âge en mois ou en ans, de 0 à 18 ans : « 3 mois », « 12 ans ».")
NO_DOSE = N_("Écrivez des milligrammes par kilo et par jour, avec deux décimales au plus : « 60 », « 37,5 ».")
NO_DATE = N_("Écrivez l'année, le mois ou le jour de la source : 2010, 06/2010 ou 15/06/2010.")
AGES = N_("La ligne ne vaut plus à partir du second âge : il vient après le premier.")
ONE_SUBSTANCE = N_("Une seule substance : d'une association, écrivez une ligne pour chacune.")
SAME = N_("Ce sont deux fois la même substance.")
_AGE = re.compile(r"(\d{1,3}) ?(mois|m|ans?|a)?")
_DOSE = re.compile(r"(\d{1,5}(?:[.,]\d{1,2})?)(?: ?mg(?: ?/ ?kg(?: ?/ ?j(?:our)?)?)?)?")


def months(text: str) -> int | None:
    """« 3 mois », « 12 ans », or a number of months; None for what is no age of a child."""
    found = _AGE.fullmatch(writing.fold(text).strip())
    if not found:
        return None
    age = int(found[1]) * (12 if (found[2] or "m").startswith("a") else 1)
    return age if age <= OLDEST else None


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
