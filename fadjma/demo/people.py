"""The people and places of the demo. Everyone is invented; names are those one meets in Senegal."""

from dataclasses import dataclass
from random import Random

FEMALE_NAMES = (
    "Aby", "Adama", "Aïda", "Aïssatou", "Aminata", "Anta", "Astou", "Awa", "Bineta", "Bintou", "Codou",
    "Coumba", "Dieynaba", "Dior", "Fatima", "Fatou", "Fatou Bintou", "Fatoumata", "Gnilane", "Gnima",
    "Khadidiatou", "Khady", "Kiné", "Maguette", "Maïmouna", "Mame Diarra", "Mariama", "Marie-Louise",
    "Marième", "Maty", "Mbayang", "Nafissatou", "Ndella", "Ndèye", "Ndèye Fatou", "Ndoumbé", "Nogaye",
    "Oulimata", "Oumou", "Penda", "Ramatoulaye", "Rokhaya", "Safiétou", "Salimata", "Seynabou", "Sira",
    "Sokhna", "Sophie", "Thioro", "Yacine", "Yandé", "Yaye Fatou",
)  # fmt: skip
MALE_NAMES = (
    "Abdou", "Abdoul Aziz", "Abdoulaye", "Adama", "Aliou", "Alioune", "Amadou", "Amath", "Ansoumana",
    "Assane", "Babacar", "Baye Modou", "Birame", "Boubacar", "Cheikh", "Cheikh Tidiane", "Daouda", "Demba",
    "Djibril", "El Hadji", "Fallou", "Gorgui", "Habib", "Ibrahima", "Idrissa", "Ismaïla", "Jean-Pierre",
    "Khadim", "Lamine", "Landing", "Malick", "Mamadou", "Mame Mor", "Mansour", "Massamba", "Mbaye", "Modou",
    "Mor", "Moustapha", "Ndiaga", "Omar", "Ousmane", "Ousseynou", "Pape", "Pape Malick", "Saliou", "Samba",
    "Seydou", "Sidy", "Souleymane", "Thierno", "Youssoupha",
)  # fmt: skip
FAMILY_NAMES = (
    "Ba", "Badiane", "Badji", "Biaye", "Camara", "Cissé", "Cissokho", "Coly", "Coulibaly", "Dabo", "Dème",
    "Diagne", "Diallo", "Diarra", "Diatta", "Dieng", "Diémé", "Dièye", "Diongue", "Diop", "Diouf", "Dramé",
    "Fall", "Faye", "Gaye", "Gning", "Gomis", "Goudiaby", "Guèye", "Guissé", "Kâ", "Kane", "Kébé", "Konaté",
    "Lô", "Loum", "Ly", "Mané", "Manga", "Mar", "Mbacké", "Mbaye", "Mbengue", "Mbodj", "Mbow", "Mendy",
    "Ndao", "Ndiaye", "Ndiour", "Ndour", "Niang", "Niasse", "Pouye", "Sagna", "Sakho", "Samb", "Sambou",
    "Sané", "Sarr", "Seck", "Sène", "Seye", "Sidibé", "Sonko", "Sow", "Sy", "Sylla", "Tall", "Tamba",
    "Thiam", "Thiaw", "Thioune", "Touré", "Traoré", "Wade", "Wane", "Yade",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A clinic or a pharmacy (FHIR Organization)."""

    key: str
    kind: str
    name: str
    address: str
    city: str
    phone: str


@dataclass(frozen=True, slots=True)
class Practitioner:
    """One of the staff; `key` begins their e-mail address."""

    key: str
    role: str
    given_name: str
    family_name: str
    specialty: str
    place: str
    licence: str
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A patient. `profile` says what their year is made of (history.py), `general` which doctor they know."""

    given_name: str
    family_name: str
    sex: str
    age: float
    city: str
    phone: str
    email: str | None
    weight_kg: int
    pharmacy: str
    general: str
    profile: str


CLINICS = (
    Place("yaakaar", "clinic", "Centre de santé de Keur Yaakaar", "Rue 22 x 17", "Dakar-Médina", "+221338000121"),
    Place("darou", "clinic", "Poste de santé de Darou Jamm", "Route des Niayes", "Pikine", "+221338000234"),
    Place("thies", "clinic", "Hôpital de district de Keur Jamm", "Avenue du Rail", "Thiès", "+221339000345"),
    Place("ndar", "clinic", "Clinique du Fleuve Bleu", "Quai Nord", "Saint-Louis", "+221339000456"),
)
PHARMACIES = (
    Place("jamm", "pharmacy", "Pharmacie Jamm", "Rue 11 x Avenue des Manguiers", "Dakar-Médina", "+221338000512"),
    Place("teranga", "pharmacy", "Pharmacie Keur Téranga", "Tally Boumack", "Pikine", "+221338000623"),
    Place("kadd", "pharmacy", "Pharmacie du Kàdd", "Avenue des Caïlcédrats", "Thiès", "+221339000734"),
    Place("geej", "pharmacy", "Pharmacie Géej Gi", "Rue du Marché", "Saint-Louis", "+221339000845"),
)
PLACES = CLINICS + PHARMACIES

DOCTORS = (
    Practitioner("dr.diop", "doctor", "Ousmane", "Diop", "Médecine générale", "yaakaar", "ONMS 4127"),
    Practitioner("dr.sarr", "doctor", "Aminata", "Sarr", "Cardiologie", "thies", "ONMS 3368"),
    Practitioner("dr.mbaye", "doctor", "Fatou Binetou", "Mbaye", "Pédiatrie", "yaakaar", "ONMS 3902"),
    Practitioner("dr.gueye", "doctor", "Cheikh Tidiane", "Guèye", "Médecine générale", "darou", "ONMS 4515"),
    Practitioner("dr.badji", "doctor", "Mariama", "Badji", "Gynécologie-obstétrique", "yaakaar", "ONMS 3741"),
    Practitioner("dr.thiam", "doctor", "Alioune", "Thiam", "Diabétologie et endocrinologie", "thies", "ONMS 2986"),
    Practitioner("dr.faye", "doctor", "Ndèye Khady", "Faye", "Dermatologie", "ndar", "ONMS 4230"),
    Practitioner("dr.mendy", "doctor", "Jean-Baptiste", "Mendy", "Médecine générale", "ndar", "ONMS 3154"),
    Practitioner("dr.sow", "doctor", "Serigne", "Sow", "Oto-rhino-laryngologie", "darou", "ONMS 4871", waiting=True),
)
PHARMACISTS = (
    Practitioner("pharma.ndiaye", "pharmacist", "Seynabou", "Ndiaye", "", "jamm", "ONPS 0831"),
    Practitioner("pharma.diagne", "pharmacist", "Astou", "Diagne", "", "jamm", "ONPS 1142"),
    Practitioner("pharma.fall", "pharmacist", "Abdoulaye", "Fall", "", "teranga", "ONPS 0764"),
    Practitioner("pharma.samb", "pharmacist", "Marième", "Samb", "", "kadd", "ONPS 0925"),
    Practitioner("pharma.sene", "pharmacist", "El Hadji", "Sène", "", "kadd", "ONPS 1203"),
    Practitioner("pharma.wade", "pharmacist", "Bineta", "Wade", "", "geej", "ONPS 0688"),
    Practitioner("pharma.tall", "pharmacist", "Yacine", "Tall", "", "teranga", "ONPS 1267", waiting=True),
)
# Whose accounts the admin makes, as at every clinic: nobody registers for these.
DESK = Practitioner("accueil.diallo", "receptionist", "Ramatoulaye", "Diallo", "", "yaakaar", "")
NURSE = Practitioner("inf.sy", "nurse", "Lamine", "Sy", "", "yaakaar", "")
ADMIN = ("admin@demo.fadjma", "Coumba", "Lô")

# Where people live, and the pharmacy and the general practitioner that they find there.
_QUARTERS = (
    ("Dakar-Médina", "jamm", "dr.diop"),
    ("Dakar-Grand Dakar", "jamm", "dr.diop"),
    ("Pikine", "teranga", "dr.gueye"),
    ("Guédiawaye", "teranga", "dr.gueye"),
    ("Dakar-Fass", "jamm", "dr.diop"),
    ("Rufisque", "teranga", "dr.diop"),
    ("Thiès", "kadd", "dr.mendy"),
    ("Mbour", "kadd", "dr.gueye"),
    ("Saint-Louis", "geej", "dr.mendy"),
    ("Dakar-Yoff", "jamm", "dr.diop"),
    ("Touba", "kadd", "dr.gueye"),
    ("Kaolack", "jamm", "dr.mendy"),
    ("Ziguinchor", "jamm", "dr.diop"),
    ("Tambacounda", "geej", "dr.mendy"),
)
_PREFIXES = ("+22177", "+22177", "+22177", "+22178", "+22176", "+22170")
_ADULTS = ("adult", "adult", "adult", "hypertension", "diabetes", "asthma", "skin")
_WOMEN = ("adult", "pregnancy", "adult", "gynaecology", "hypertension", "pregnancy")
_ELDERLY = ("heart", "old_age", "diabetes", "hypertension", "heart")


def mobile(rng: Random) -> str:
    """A number that the numbering plan allows, of the blocks in 00, where there are hardly any people."""
    return f"{rng.choice(_PREFIXES)}00{rng.randrange(100_000):05d}"


def someone(rng: Random, number: int) -> Person:
    """The `number`th of the people who are not in the fixed cast: a child, an adult or an elderly person."""
    city, pharmacy, general = _QUARTERS[number % len(_QUARTERS)]
    sex = "female" if rng.random() < 0.54 else "male"
    stage = number % 10
    if stage < 3:
        age = rng.uniform(0.3, 13.0)
        profile = "infant" if age < 1.6 else "child"
        weight = round(3.5 + 0.55 * age * 12 if age < 1 else 8 + 2.2 * age)
    elif stage < 8:
        age = rng.uniform(18.0, 44.0 if sex == "female" else 58.0)
        profile = rng.choice(_WOMEN if sex == "female" else _ADULTS)
        if age < 35 and profile in ("hypertension", "diabetes"):
            profile = "adult"
        weight = rng.randint(52, 92)
    else:
        age = rng.uniform(60.0, 86.0)
        profile = rng.choice(_ELDERLY)
        weight = rng.randint(50, 84)
    return Person(
        given_name=rng.choice(FEMALE_NAMES if sex == "female" else MALE_NAMES),
        family_name=rng.choice(FAMILY_NAMES),
        sex=sex,
        age=age,
        city=city,
        phone=mobile(rng),  # of a parent, for a child
        email=f"patient{number}@demo.fadjma" if 3 <= stage < 8 else None,
        weight_kg=weight,
        pharmacy=pharmacy,
        general=general,
        profile=profile,
    )
