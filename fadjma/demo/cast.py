# ruff: noqa: E501 - a table, and prose
"""The patients whom every demo knows, and the year of those whom one can sign in as.

Awa has no doctor's request waiting and Dr Diop has no right to her file: the first scenario (Dr Diop asks, Awa decides)
starts there. At Mme Ndiaye's pharmacy one of Awa's prescriptions is prepared and another one waits to be validated.
"""

from fadjma.demo import notes
from fadjma.demo.calendar import HOUR, MINUTE, WORKDAY, When
from fadjma.demo.notes import Allergy, Visit
from fadjma.demo.people import Person
from fadjma.demo.plans import Appointment
from fadjma.demo.story import Story

AWA = "awa@demo.fadjma"
MOUSSA = "moussa@demo.fadjma"
KHADY = "khady@demo.fadjma"
_NIANG = "+221770021486"  # one telephone for a mother and her twins

CAST = (
    Person("Awa", "Cissé", "female", 34.3, "Dakar-Médina", "+221770041127", AWA, 63, "jamm", "dr.gueye", "scripted"),
    Person("Moussa", "Diouf", "male", 47.6, "Pikine", "+221760083541", MOUSSA, 84, "teranga", "dr.diop", "scripted"),
    Person("Khady", "Niang", "female", 29.1, "Dakar-Fass", _NIANG, KHADY, 58, "jamm", "dr.diop", "gynaecology"),
    Person("Assane", "Niang", "male", 3.4, "Dakar-Fass", _NIANG, None, 14, "jamm", "dr.diop", "child"),
    Person("Ousseynou", "Niang", "male", 3.4, "Dakar-Fass", _NIANG, None, 13, "jamm", "dr.diop", "child"),
    # Nearly the same name, the same quarter, the same doctor: only age and identifier tell them apart.
    Person("Mamadou Lamine", "Ba", "male", 61.2, "Dakar-Médina", "+221780067302", None, 77, "jamm", "dr.diop", "hypertension"),
    Person("Mamadou Lamine", "Bah", "male", 58.7, "Dakar-Médina", "+221770094418", None, 71, "jamm", "dr.diop", "hypertension"),
    Person("Ibrahima", "Kane", "male", 66.5, "Thiès", "+221770015590", None, 69, "kadd", "dr.mendy", "diabetes"),
    Person("Mame Diarra", "Seck", "female", 81.4, "Thiès", "+221760052274", None, 54, "kadd", "dr.mendy", "heart"),
    Person("Coumba", "Sow", "female", 26.8, "Guédiawaye", "+221780038815", "coumba@demo.fadjma", 66, "teranga", "dr.gueye", "pregnancy"),
    Person("Pape Malick", "Touré", "male", 15.2, "Rufisque", "+221770076643", None, 47, "jamm", "dr.diop", "sickle_cell"),
    Person("Rokhaya", "Diatta", "female", 38.9, "Ziguinchor", "+221700029957", None, 61, "jamm", "dr.diop", "asthma"),
    Person("Serigne Saliou", "Mbengue", "male", 0.6, "Touba", "+221770058806", None, 8, "kadd", "dr.gueye", "infant"),
    Person("Adama", "Sané", "male", 52.3, "Saint-Louis", "+221760091039", None, 79, "geej", "dr.mendy", "diabetes"),
)  # fmt: skip

_IBRAHIMA = 7
_BY_TITLE = {visit.title: visit for visit in notes.VISITS}
_IRON = "sulfate ferreux + acide folique 200 mg + 0,4 mg"
_AWA_AFTER_A_MONTH = Visit(
    notes.GYNAECOLOGY,
    "Anémie ferriprive : contrôle à un mois",
    "Moins essoufflée, selles noires sous fer (expliqué). Règles encore abondantes. TA {ta}, conjonctives mieux colorées.\n"
    "Poursuivre le fer, acide tranexamique pendant les règles.",
    (_IRON, "acide tranexamique 500 mg"),
    (("NFS de contrôle", "Hb 11,2 g/dl, en hausse, VGM 76 fl. Bonne réponse au fer."),),
)
_AWA_AFTER_TWO_MONTHS = Visit(
    notes.GYNAECOLOGY,
    "Anémie ferriprive : contrôle à deux mois",
    "Plus de fatigue. TA {ta}, FC {fc}/min. Dernier mois de fer, puis ferritine de contrôle.\n"
    "Conseils : niébé, foie une fois par semaine, thé à distance des repas.",
    (_IRON, "acide tranexamique 500 mg"),
)

SCRIPTS = {
    AWA: (
        Appointment(267, "dr.gueye", _BY_TITLE["Paludisme simple"], 7, "delivered"),
        Appointment(175, "dr.faye", _BY_TITLE["Eczéma de contact des mains"], 30, "delivered"),
        Appointment(55, "dr.badji", _BY_TITLE["Anémie ferriprive"], 365, "delivered"),
        Appointment(27, "dr.badji", _AWA_AFTER_A_MONTH, 365, "delivered"),
        Appointment(2, "dr.badji", _AWA_AFTER_TWO_MONTHS, 365, "prepared"),
        Appointment(0, "dr.badji", _BY_TITLE["Infection urinaire basse"], 365, "issued"),
    ),
    MOUSSA: (
        Appointment(258, "dr.diop", _BY_TITLE["HTA : contrôle et renouvellement"], 365, "delivered"),
        Appointment(205, "dr.diop", _BY_TITLE["HTA équilibrée"], 365, "delivered"),
        Appointment(152, "dr.sarr", _BY_TITLE["Avis cardiologique, HTA"], 365, "delivered"),
        Appointment(104, "dr.diop", _BY_TITLE["HTA équilibrée"], 365, "delivered"),
        Appointment(50, "dr.diop", _BY_TITLE["HTA : contrôle et renouvellement"], 365, "brought"),
        Appointment(25, "dr.diop", _BY_TITLE["HTA équilibrée"], 365, "delivered"),
        Appointment(1, "dr.diop", _BY_TITLE["HTA équilibrée"], 365, "ready"),
    ),
    KHADY: (
        Appointment(231, "dr.diop", _BY_TITLE["Paludisme simple"], 365, "delivered"),
        Appointment(140, "dr.badji", _BY_TITLE["Anémie ferriprive"], 365, "brought"),
        Appointment(83, "dr.diop", _BY_TITLE["Infection urinaire basse"], 365, "delivered"),
        Appointment(0, "dr.diop", _BY_TITLE["Infection urinaire basse"], 365, "refused"),
    ),
}
ALLERGIES: dict[str | None, Allergy | None] = {AWA: notes.ALLERGIES[0], MOUSSA: None}


def tell_own(story: Story) -> bool:
    """What only happened to this one of the cast, before their consultations; False for all others."""
    if story.person.email == AWA:
        _tell_awa(story)
    elif story.person.email == MOUSSA:
        _tell_moussa(story)
    elif story.person is CAST[_IBRAHIMA]:
        _tell_ibrahima(story)
    else:
        return False
    return True


def _tell_awa(story: Story) -> None:
    asked = story.plan.moment(130)
    given = asked.later(20 * MINUTE)
    story.allow("dr.diop", asked, given, 7)
    story.read_file("dr.diop", given.later(11 * MINUTE))
    asked = story.plan.moment(84)
    given = asked.later(3 * HOUR)
    story.allow("dr.thiam", asked, given, 30, revoked=asked.later(9 * WORKDAY))
    story.read_file("dr.thiam", given.later(HOUR))
    rejected = story.plan.moment(66)
    story.ask_in_vain("dr.mendy", rejected, "rejected")
    story.turn_away("dr.mendy", rejected.later(WORKDAY))


def _tell_moussa(story: Story) -> None:
    story.ask_in_vain("dr.thiam", story.plan.moment(120), "lapsed")
    story.ask_in_vain("dr.faye", When(5 * HOUR), "pending")


def _tell_ibrahima(story: Story) -> None:
    """The access in emergency that is open as the demo begins, at whatever hour."""
    reason = "Malaise avec perte de connaissance à l'arrivée aux urgences, traitements inconnus."
    story.emergency("dr.sarr", When(0, -50 * MINUTE), "unconscious", reason)
