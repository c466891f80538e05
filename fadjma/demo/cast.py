# ruff: noqa: E501 - a table, and prose
"""The patients whom every demo knows, and the year of those whom one can sign in as.

Awa has no doctor's request waiting and Dr Diop has no right to her file: the first scenario (Dr Diop asks, Awa decides)
starts there. At Mme Ndiaye's pharmacy one of Awa's prescriptions is prepared and another one waits to be validated.
"""

from fadjma.demo import notes, rights
from fadjma.demo.notes import Allergy, Visit
from fadjma.demo.people import Person
from fadjma.demo.plans import Appointment
from fadjma.demo.story import Story
from fadjma.demo.world import DAY, HOUR, MINUTE

AWA = "awa@demo.fadjma"
MOUSSA = "moussa@demo.fadjma"
_NIANG = "+221770021486"  # one telephone for a mother and her twins

CAST = (
    Person("Awa", "Cissé", "female", 34.3, "Dakar-Médina", "+221770041127", AWA, 63, "jamm", "dr.gueye", "scripted"),
    Person("Moussa", "Diouf", "male", 47.6, "Pikine", "+221760083541", MOUSSA, 84, "teranga", "dr.diop", "scripted"),
    Person("Khady", "Niang", "female", 29.1, "Dakar-Fass", _NIANG, "khady@demo.fadjma", 58, "jamm", "dr.diop", "gynaecology"),
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
        Appointment(312, "dr.gueye", _BY_TITLE["Paludisme simple"], 7, "delivered"),
        Appointment(205, "dr.faye", _BY_TITLE["Eczéma de contact des mains"], 30, "delivered"),
        Appointment(64, "dr.badji", _BY_TITLE["Anémie ferriprive"], 365, "delivered"),
        Appointment(32, "dr.badji", _AWA_AFTER_A_MONTH, 365, "delivered"),
        Appointment(2, "dr.badji", _AWA_AFTER_TWO_MONTHS, 365, "prepared"),
        Appointment(0, "dr.badji", _BY_TITLE["Infection urinaire basse"], 365, "issued"),
    ),
    MOUSSA: (
        Appointment(301, "dr.diop", _BY_TITLE["HTA : contrôle et renouvellement"], 365, "delivered"),
        Appointment(239, "dr.diop", _BY_TITLE["HTA équilibrée"], 365, "delivered"),
        Appointment(177, "dr.sarr", _BY_TITLE["Avis cardiologique, HTA"], 365, "delivered"),
        Appointment(121, "dr.diop", _BY_TITLE["HTA équilibrée"], 365, "delivered"),
        Appointment(58, "dr.diop", _BY_TITLE["HTA : contrôle et renouvellement"], 365, "brought"),
        Appointment(29, "dr.diop", _BY_TITLE["HTA équilibrée"], 365, "delivered"),
        Appointment(1, "dr.diop", _BY_TITLE["HTA équilibrée"], 365, "ready"),
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
    doctors, moment = story.world.doctors, story.world.moment
    asked_at = moment(152)
    diop = rights.allow(story, doctors["dr.diop"], asked_at, asked_at + 20 * MINUTE, asked_at + 20 * MINUTE + 7 * DAY)
    story.read_file(diop, asked_at + 31 * MINUTE)
    asked_at = moment(98)
    thiam = rights.allow(
        story,
        doctors["dr.thiam"],
        asked_at,
        asked_at + 3 * HOUR,
        asked_at + 30 * DAY,
        revoked_at=asked_at + 11 * DAY,
    )
    story.read_file(thiam, asked_at + 4 * HOUR)
    rights.ask_in_vain(story, doctors["dr.mendy"], moment(76), "rejected")
    rights.turn_away(story, doctors["dr.mendy"], moment(75))


def _tell_moussa(story: Story) -> None:
    rights.ask_in_vain(story, story.world.doctors["dr.faye"], story.world.now - 5 * HOUR, "pending")
    rights.ask_in_vain(story, story.world.doctors["dr.thiam"], story.world.moment(140), "lapsed")


def _tell_ibrahima(story: Story) -> None:
    """The access in emergency that is open as the demo begins."""
    opened_at = story.world.now - 50 * MINUTE
    sarr = rights.emergency(
        story,
        story.world.doctors["dr.sarr"],
        opened_at,
        "unconscious",
        "Malaise avec perte de connaissance à l'arrivée aux urgences, traitements inconnus.",
    )
    story.read_file(sarr, opened_at + MINUTE)
