# ruff: noqa: E501 - prose
"""What the demo's doctors write: clinical situations as a Senegalese doctor or nurse would note them.

`{temp}`, `{ta}`… are measures filled in by `measures`, `{e}` the end of a participle (`agreement`); `lines` name medicines by `Medicine.key`.
"""

from dataclasses import dataclass
from random import Random

from fadjma.records.allergies import Facts
from fadjma.records.vaccinations import Vaccination

GENERAL = "Médecine générale"
CARDIOLOGY = "Cardiologie"
PAEDIATRICS = "Pédiatrie"
GYNAECOLOGY = "Gynécologie-obstétrique"
DIABETOLOGY = "Diabétologie et endocrinologie"
DERMATOLOGY = "Dermatologie"


@dataclass(frozen=True, slots=True)
class Visit:
    """One consultation: the note, what is prescribed, and the results that come a few days later."""

    specialty: str
    title: str
    body: str
    lines: tuple[str, ...] = ()
    results: tuple[tuple[str, str], ...] = ()
    type: str = "consultation"
    given: tuple[Vaccination, ...] = ()  # in their fields, where it is a vaccination; the body is what is noted beside


@dataclass(frozen=True, slots=True)
class Allergy:
    """An allergy as it is noted, and the ATC prefixes of what must not be prescribed with it."""

    facts: Facts
    avoid: tuple[str, ...]


def agreement(sex: str) -> dict[str, str]:
    """The placeholders that make a text one about a woman or about a man."""
    woman = sex == "female"
    return {"e": "e" if woman else "", "grossesse": " Pas de grossesse en cours." if woman else ""}


def measures(rng: Random, weight_kg: int, sex: str) -> dict[str, str]:
    """Plausible measures of one day for the placeholders of the notes, with French decimal commas."""
    return {
        **agreement(sex),
        "ta": f"{rng.randrange(104, 134, 2)}/{rng.randrange(60, 84, 2)} mmHg",
        "ta_haute": f"{rng.randrange(150, 180, 2)}/{rng.randrange(92, 108, 2)} mmHg",
        "fc": str(rng.randint(66, 98)),
        "temp": f"{rng.randint(382, 398) / 10:.1f}".replace(".", ","),
        "poids": str(weight_kg),
        "sat": str(rng.randint(95, 99)),
        "sat_basse": str(rng.randint(89, 93)),
        "glyc": f"{rng.randint(140, 265) / 100:.2f}".replace(".", ","),
        "hba1c": f"{rng.randint(68, 104) / 10:.1f}".replace(".", ","),
        "hb": f"{rng.randint(108, 138) / 10:.1f}".replace(".", ","),
        "hb_basse": f"{rng.randint(78, 101) / 10:.1f}".replace(".", ","),
        "crp": str(rng.randint(14, 96)),
        "creat": f"{rng.randint(70, 128) / 10:.1f}".replace(".", ","),
        "parasites": f"{rng.randrange(1200, 24000, 40):,}".replace(",", " "),
        "jours": str(rng.randint(2, 5)),
    }


ADULT = (
    Visit(
        GENERAL,
        "Paludisme simple",
        "Fièvre depuis {jours} jours avec frissons, céphalées et courbatures, un vomissement ce matin.\n"
        "T° {temp} °C, TA {ta}, FC {fc}/min. Conscience normale, pas d'ictère, pas de signe de gravité.\n"
        "TDR paludisme positif. CTA pendant 3 jours, paracétamol.\n"
        "Conseils : bien boire, dormir sous moustiquaire imprégnée, revenir si la fièvre dure après 48 h.",
        ("artéméther + luméfantrine 80 mg + 480 mg", "paracétamol 500 mg"),
        (
            (
                "Goutte épaisse et NFS",
                "Goutte épaisse positive : Plasmodium falciparum, {parasites} trophozoïtes/µl.\n"
                "NFS : Hb {hb} g/dl, leucocytes 5 400/mm³, plaquettes 138 000/mm³.",
            ),
        ),
    ),
    Visit(
        GENERAL,
        "Infection urinaire basse",
        "Brûlures mictionnelles et pollakiurie depuis {jours} jours, urines troubles. Pas de fièvre, fosses lombaires"
        " libres.\nTA {ta}. Bandelette : leucocytes +++, nitrites +.{grossesse}\n"
        "Traitement court, boire 2 litres par jour. ECBU demandé.",
        ("nitrofurantoïne 100 mg", "phloroglucinol 80 mg"),
        (
            (
                "ECBU",
                "Leucocyturie 180 000/ml. Culture : Escherichia coli supérieur à 10⁵ UFC/ml, sensible à la nitrofurantoïne"
                " et à la fosfomycine, résistant à l'amoxicilline et au cotrimoxazole.",
            ),
        ),
    ),
    Visit(
        GENERAL,
        "Gastro-entérite aiguë",
        "Selles liquides 6 à 8 fois par jour depuis hier, crampes, nausées, après un repas pris en ville. Pas de sang.\n"
        "T° 37,8 °C, TA {ta}, pli cutané normal : pas de déshydratation. Abdomen souple.\n"
        "Réhydratation orale, alimentation légère, lavage des mains.",
        ("sels de réhydratation orale 20,5 g/l", "métoclopramide 10 mg", "phloroglucinol 80 mg"),
    ),
    Visit(
        GENERAL,
        "Rhinopharyngite et toux",
        "Nez bouché, mal de gorge, toux sèche depuis {jours} jours, dans une période de poussière (harmattan).\n"
        "T° 37,6 °C, SaO2 {sat} %, auscultation libre. Tympans normaux. Pas d'antibiotique.\n"
        "Lavage de nez au sérum salé, repos, revoir si fièvre élevée ou essoufflement.",
        ("paracétamol 500 mg", "cétirizine 10 mg"),
    ),
    Visit(
        GENERAL,
        "Angine érythémateuse",
        "Odynophagie et fièvre depuis 48 h. T° {temp} °C. Amygdales rouges et augmentées de volume, adénopathies"
        " sous-angulo-maxillaires sensibles. Pas de toux.\nAntibiothérapie 6 jours pour prévenir le rhumatisme articulaire.",
        ("amoxicilline 500 mg", "paracétamol 500 mg"),
    ),
    Visit(
        GENERAL,
        "Pneumopathie du lobe inférieur droit",
        "Fièvre, toux grasse et point de côté droit depuis {jours} jours. T° {temp} °C, FR 24/min, SaO2 {sat_basse} %,"
        " FC {fc}/min. Crépitants à la base droite.\nTDR paludisme négatif. Radiographie et CRP demandées."
        " Revoir dans 48 heures, avant si gêne respiratoire.",
        ("amoxicilline + acide clavulanique 500 mg + 125 mg", "paracétamol 500 mg", "acétylcystéine 200 mg"),
        (
            (
                "Radiographie du thorax",
                "Opacité alvéolaire systématisée du lobe inférieur droit, sans épanchement. Silhouette cardiaque normale."
                "\nCRP {crp} mg/l.",
            ),
        ),
    ),
    Visit(
        GENERAL,
        "Lombalgie commune",
        "Douleur lombaire basse après port de charges (sacs de riz), sans irradiation. Lasègue négatif, pas de déficit.\n"
        "TA {ta}. Anti-inflammatoire court avec protection gastrique, chaleur locale, reprise progressive.\n"
        "Arrêt de travail de 3 jours.",
        ("diclofénac 50 mg", "oméprazole 20 mg"),
    ),
    Visit(
        GENERAL,
        "Épigastralgies",
        "Brûlures épigastriques depuis 3 semaines, calmées par le repas, réveils nocturnes. Prise fréquente"
        " d'anti-inflammatoires du marché.\nPas de méléna, pas d'amaigrissement. TA {ta}.\n"
        "Arrêt des anti-inflammatoires, moins de piment et de thé fort. Fibroscopie si pas mieux à 4 semaines.",
        ("oméprazole 20 mg", "hydroxyde d'aluminium + hydroxyde de magnésium 400 mg + 400 mg"),
        (("Recherche d'Helicobacter pylori", "Antigène d'Helicobacter pylori dans les selles : négatif."),),
    ),
    Visit(
        GENERAL,
        "Fièvre typhoïde probable",
        "Fièvre en plateau depuis 6 jours, céphalées, douleurs abdominales, constipation. T° {temp} °C, FC 78/min"
        " (dissocié), langue saburrale. TDR paludisme négatif.\nHémoculture prélevée avant antibiotique. Eau de Javel"
        " pour l'eau de boisson.",
        ("ciprofloxacine 500 mg", "paracétamol 500 mg"),
        (
            (
                "Hémoculture",
                "Salmonella enterica sérotype Typhi, sensible à la ciprofloxacine et à la ceftriaxone.",
            ),
        ),
    ),
    Visit(
        GENERAL,
        "Céphalées de tension",
        "Céphalées en casque en fin de journée, depuis un mois, sans vomissement ni trouble de la vue. Surmenage, sommeil"
        " court.\nTA {ta}, examen neurologique normal, nuque souple. Repos, boire davantage, limiter les antalgiques.",
        ("paracétamol 500 mg",),
    ),
    Visit(
        GENERAL,
        "Plaie surinfectée de la jambe",
        "Plaie du tibia gauche par tôle il y a {jours} jours, bords rouges et chauds, pus peu abondant. T° 37,9 °C.\n"
        "Lavage, parage, pansement. Rappel antitétanique fait ce jour. Pansement au poste de santé tous les 2 jours.",
        ("cloxacilline 500 mg", "povidone iodée 10 %", "paracétamol 500 mg"),
    ),
    Visit(
        GENERAL,
        "Bilan de santé",
        "Visite d'aptitude à l'embauche. Aucune plainte. Poids {poids} kg, TA {ta}, FC {fc}/min, auscultation normale.\n"
        "Activité physique conseillée : 30 minutes de marche par jour. Certificat remis.",
        (),
        (
            (
                "Bilan sanguin",
                "Glycémie à jeun 0,92 g/l. Créatininémie {creat} mg/l. Cholestérol total 1,88 g/l.\nHb {hb} g/dl."
                " Antigène HBs négatif.",
            ),
        ),
    ),
    Visit(
        GENERAL,
        "Bilharziose urinaire",
        "Hématurie terminale depuis deux semaines, baignades dans le fleuve. Pas de fièvre, TA {ta}.\n"
        "Traitement en prise unique, contrôle des urines dans 6 semaines.",
        ("praziquantel 600 mg", "paracétamol 500 mg"),
        (
            (
                "Examen parasitologique des urines",
                "Œufs de Schistosoma haematobium : 34 pour 10 ml. Protéinurie ++.",
            ),
        ),
    ),
)

CHILD = (
    Visit(
        PAEDIATRICS,
        "Paludisme simple de l'enfant",
        "Fièvre depuis {jours} jours, refus de jouer, un vomissement. T° {temp} °C, poids {poids} kg. Pas de convulsion,"
        " boit bien, conjonctives bien colorées.\nTDR paludisme positif. CTA selon le poids, 1re dose donnée sur place.\n"
        "Mère informée des signes de danger ; dort sous MILDA.",
        ("artéméther + luméfantrine 20 mg + 120 mg", "paracétamol 120 mg/5 ml"),
        (("Goutte épaisse", "Plasmodium falciparum, {parasites} trophozoïtes/µl. Hb {hb_basse} g/dl."),),
    ),
    Visit(
        PAEDIATRICS,
        "Diarrhée aiguë, plan A",
        "Selles liquides 5 fois par jour depuis {jours} jours, pas de sang. Poids {poids} kg, T° 37,7 °C. Yeux non enfoncés,"
        " pli cutané normal : pas de déshydratation.\nSRO après chaque selle, zinc 10 jours, poursuivre l'alimentation.\n"
        "Démonstration de la préparation du SRO faite avec la maman.",
        ("sels de réhydratation orale 20,5 g/l", "sulfate de zinc 20 mg"),
    ),
    Visit(
        PAEDIATRICS,
        "Pneumonie (PCIME)",
        "Toux et fièvre depuis {jours} jours. T° {temp} °C, FR 48/min, pas de tirage, SaO2 {sat} %. Poids {poids} kg.\n"
        "Amoxicilline dispersible 5 jours. Contrôle dans 2 jours, revenir tout de suite si tirage ou refus de boire.",
        ("amoxicilline 250 mg", "paracétamol 120 mg/5 ml"),
    ),
    Visit(
        PAEDIATRICS,
        "Otite moyenne aiguë",
        "Pleurs nocturnes et doigt à l'oreille droite, fièvre. T° {temp} °C, poids {poids} kg. Tympan droit bombant et"
        " rouge, gauche normal.\nPas d'eau dans l'oreille. Contrôle du tympan à J10.",
        ("amoxicilline + acide clavulanique 100 mg + 12,5 mg/ml", "paracétamol 120 mg/5 ml"),
    ),
    Visit(
        PAEDIATRICS,
        "Rhinopharyngite",
        "Écoulement nasal clair, toux, mange moins. T° 37,9 °C, poids {poids} kg, auscultation libre, tympans normaux.\n"
        "Lavages de nez 4 fois par jour, pas d'antibiotique.",
        ("paracétamol 120 mg/5 ml",),
    ),
    Visit(
        PAEDIATRICS,
        "Malnutrition aiguë modérée",
        "Amaigrissement depuis un épisode de diarrhée. Poids {poids} kg, PB 119 mm, pas d'œdèmes, appétit conservé.\n"
        "Prise en charge à l'URENAM, déparasitage, vitamine A. Pesée toutes les deux semaines ; recettes de bouillie"
        " enrichie données à la mère.",
        ("rétinol (vitamine A) 200 000 UI", "albendazole 400 mg"),
    ),
    Visit(
        PAEDIATRICS,
        "Impétigo du visage",
        "Croûtes jaunâtres péribuccales depuis {jours} jours, contage à la garderie. Apyrétique, poids {poids} kg.\n"
        "Lavage au savon, ongles courts, éviction 3 jours.",
        ("acide fusidique 2 %",),
    ),
    Visit(
        PAEDIATRICS,
        "Anémie",
        "Pâleur remarquée par la grand-mère, fatigue. Poids {poids} kg, T° 37,1 °C. Rate non palpée. TDR paludisme négatif.\n"
        "Fer 2 mois, viande ou poisson chaque jour, pas de thé. Électrophorèse de l'hémoglobine demandée.",
        ("sulfate ferreux 25 mg/ml", "mébendazole 500 mg"),
        (
            (
                "NFS et électrophorèse",
                "Hb {hb_basse} g/dl, VGM 66 fl, ferritine 9 µg/l. Électrophorèse : profil AA.",
            ),
        ),
    ),
    Visit(
        PAEDIATRICS,
        "Suivi de croissance",
        "Enfant en bonne santé. Poids {poids} kg, courbe régulière. Développement conforme à l'âge. Carnet à jour.\n"
        "Conseils : alimentation variée, moustiquaire, lavage des mains.",
    ),
)

HYPERTENSION = (
    Visit(
        GENERAL,
        "HTA : contrôle et renouvellement",
        "Vient pour le renouvellement. TA {ta_haute} aux deux bras après repos, FC {fc}/min. Prend ses comprimés, sauf la"
        " semaine passée (rupture d'argent).\nMoins de sel et de bouillon cube, marche. On ajoute un diurétique.",
        ("amlodipine 10 mg", "hydrochlorothiazide 25 mg"),
        (
            (
                "Bilan de l'HTA",
                "Créatininémie {creat} mg/l, kaliémie 4,1 mmol/l, glycémie 1,02 g/l. Protéinurie : traces.",
            ),
        ),
    ),
    Visit(
        GENERAL,
        "HTA équilibrée",
        "TA {ta}, FC {fc}/min, poids {poids} kg. Pas de céphalée ni de bourdonnement. Bonne observance, automesure notée"
        " dans le carnet.\nMême traitement, contrôle dans un mois.",
        ("amlodipine 10 mg", "losartan 50 mg"),
    ),
    Visit(
        CARDIOLOGY,
        "Avis cardiologique, HTA",
        "Adressé{e} pour HTA mal équilibrée. TA {ta_haute}, FC {fc}/min, pas d'œdèmes, bruits du cœur réguliers, pas de souffle."
        "\nTrithérapie, contrôle dans 6 semaines avec automesures.",
        ("amlodipine 10 mg", "losartan 50 mg", "hydrochlorothiazide 25 mg"),
        (
            (
                "ECG",
                "Rythme sinusal à {fc}/min, axe normal, indice de Sokolow à 38 mm : hypertrophie ventriculaire gauche.",
            ),
        ),
    ),
)

HEART = (
    Visit(
        CARDIOLOGY,
        "Insuffisance cardiaque : suivi",
        "Dyspnée d'effort stade II. TA {ta}, FC {fc}/min, poids {poids} kg, discrets œdèmes des chevilles, pas de râles.\n"
        "Pesée chaque matin, régime peu salé. Revoir en urgence si +2 kg en 3 jours.",
        ("furosémide 40 mg", "énalapril 5 mg", "bisoprolol 5 mg", "spironolactone 25 mg"),
        (
            (
                "Échographie cardiaque",
                "Cardiopathie hypertensive, FEVG 42 %, oreillette gauche dilatée. Pas de thrombus.",
            ),
        ),
    ),
    Visit(
        CARDIOLOGY,
        "Angor stable",
        "Douleurs rétrosternales à la marche rapide, calmées par le repos, moins fréquentes sous traitement. TA {ta},"
        " FC {fc}/min.\nPoursuivre. Dérivé nitré sous la langue en cas de crise ; si plus de 15 minutes, appeler le SAMU.",
        (
            "acide acétylsalicylique 100 mg",
            "atorvastatine 20 mg",
            "bisoprolol 5 mg",
            "isosorbide dinitrate 5 mg",
        ),
        (
            (
                "Bilan lipidique",
                "Cholestérol total 2,31 g/l, LDL 1,52 g/l, HDL 0,44 g/l, triglycérides 1,36 g/l.",
            ),
        ),
    ),
    Visit(
        GENERAL,
        "HTA du sujet âgé",
        "TA {ta_haute} assis, 146/82 mmHg debout, pas de vertige. Marche avec une canne, appétit bon.\n"
        "Augmentation prudente, la fille prépare le pilulier.",
        ("amlodipine 5 mg", "ramipril 5 mg"),
    ),
)

DIABETES = (
    Visit(
        DIABETOLOGY,
        "Diabète de type 2 : suivi",
        "Glycémie à jeun {glyc} g/l. Poids {poids} kg, TA {ta}. Pieds : pouls perçus, monofilament normal, pas de plaie.\n"
        "Riz : une louche, légumes d'abord ; éviter les jus de bissap sucrés. Revoir avec l'HbA1c.",
        ("metformine 850 mg", "gliclazide 30 mg"),
        (
            (
                "HbA1c et fonction rénale",
                "HbA1c {hba1c} %. Créatininémie {creat} mg/l. Microalbuminurie 18 mg/24 h.",
            ),
        ),
    ),
    Visit(
        DIABETOLOGY,
        "Diabète déséquilibré, mise à l'insuline",
        "Polyurie, soif, 5 kg perdus en deux mois. Glycémie capillaire {glyc} g/l, acétonurie négative.\n"
        "Éducation faite : injection, conservation dans le canari à défaut de frigo, hypoglycémie et sucre sur soi.",
        ("insuline humaine isophane (NPH) 100 UI/ml", "metformine 850 mg"),
    ),
    Visit(
        GENERAL,
        "Diabète : renouvellement",
        "Se sent bien, pas d'hypoglycémie. Glycémie à jeun {glyc} g/l, TA {ta}, poids {poids} kg. Chaussures fermées"
        " conseillées, examen des pieds normal.\nRenouvellement un mois, fond d'œil à programmer.",
        ("metformine 850 mg", "glibenclamide 5 mg"),
        (("Fond d'œil", "Pas de rétinopathie diabétique. Contrôle dans un an."),),
    ),
)

ASTHMA = (
    Visit(
        GENERAL,
        "Crise d'asthme modérée",
        "Gêne respiratoire depuis cette nuit, vent de poussière. FR 26/min, SaO2 {sat_basse} %, sibilants diffus. Après 3"
        " séries de salbutamol : SaO2 {sat} %, parle normalement.\nCorticoïde 5 jours, traitement de fond repris.",
        ("salbutamol 100 microgrammes/dose", "prednisolone 5 mg", "béclométasone 250 microgrammes/dose"),
    ),
    Visit(
        GENERAL,
        "Asthme : suivi",
        "Une crise en un mois, pas de réveil nocturne. SaO2 {sat} %, auscultation libre. Technique d'inhalation revue :"
        " bonne.\nPas d'encens (thiouraye) dans la chambre. Poursuivre le traitement de fond.",
        ("béclométasone 250 microgrammes/dose", "salbutamol 100 microgrammes/dose"),
    ),
)

SICKLE_CELL = (
    Visit(
        PAEDIATRICS,
        "Drépanocytose SS : suivi",
        "Une crise douloureuse depuis la dernière visite, non hospitalisée. Poids {poids} kg, T° 37 °C, conjonctives"
        " subictériques, rate non palpée.\nBoire 3 litres par jour, éviter le froid et l'effort violent.",
        ("acide folique 5 mg", "phénoxyméthylpénicilline 250 mg", "hydroxycarbamide 500 mg"),
        (
            (
                "NFS",
                "Hb {hb_basse} g/dl (habituelle), leucocytes 11 200/mm³, plaquettes 402 000/mm³, réticulocytes 9 %.",
            ),
        ),
    ),
    Visit(
        PAEDIATRICS,
        "Crise vaso-occlusive",
        "Douleurs des deux genoux et du dos depuis hier soir, EVA 7/10. T° 37,6 °C, SaO2 {sat} %. Pas de signe"
        " thoracique.\nHydratation, antalgiques de palier 2, EVA 3/10 à la sortie. Revenir si fièvre ou essoufflement.",
        ("paracétamol + codéine 500 mg + 30 mg", "acide folique 5 mg"),
    ),
)

PREGNANCY = (
    Visit(
        GYNAECOLOGY,
        "CPN 1",
        "Grossesse de 11 SA selon la date des dernières règles. Nausées du matin. TA {ta}, poids {poids} kg, pas d'œdèmes."
        "\nBilan prénatal complet demandé, fer et acide folique, moustiquaire remise. Carnet de la mère ouvert.",
        ("sulfate ferreux + acide folique 200 mg + 0,4 mg",),
        (
            (
                "Bilan prénatal",
                "Groupe O Rhésus positif. Hb {hb} g/dl. Glycémie 0,84 g/l. Syphilis, VIH et AgHBs négatifs. Toxoplasmose"
                " immunisée. Électrophorèse AA.",
            ),
            (
                "Échographie du 1er trimestre",
                "Grossesse monofœtale évolutive, LCC 46 mm soit 11 SA + 3 jours. Clarté nucale normale.",
            ),
        ),
    ),
    Visit(
        GYNAECOLOGY,
        "CPN 2",
        "21 SA. Mouvements actifs perçus. TA {ta}, HU 20 cm, BDC 142/min, œdèmes 0, albuminurie négative.\n"
        "TPI 1re dose prise sur place. Td 1 fait. Fer poursuivi.",
        ("sulfate ferreux + acide folique 200 mg + 0,4 mg", "sulfadoxine + pyriméthamine 500 mg + 25 mg"),
    ),
    Visit(
        GYNAECOLOGY,
        "CPN 3",
        "30 SA. Bonne prise de poids. TA {ta}, HU 28 cm, BDC 138/min, présentation céphalique, albuminurie négative.\n"
        "TPI 3. Plan d'accouchement discuté avec le mari : transport, donneur de sang, économies.",
        ("sulfate ferreux + acide folique 200 mg + 0,4 mg", "carbonate de calcium 500 mg"),
        (
            (
                "Échographie du 3e trimestre",
                "Fœtus en présentation céphalique, PFE 1 480 g, placenta fundique, liquide normal.",
            ),
        ),
    ),
)

GYNAECOLOGY_VISITS = (
    Visit(
        GYNAECOLOGY,
        "Planification familiale",
        "Deux enfants, souhaite espacer. Pas de migraine, ne fume pas. TA {ta}, poids {poids} kg, test de grossesse négatif."
        "\nLes méthodes sont expliquées, choix de la pilule combinée. Contrôle à 3 mois.",
        ("lévonorgestrel + éthinylestradiol 0,15 mg + 0,03 mg",),
    ),
    Visit(
        GYNAECOLOGY,
        "Candidose vaginale",
        "Pertes blanches grumeleuses avec prurit depuis {jours} jours. Vulve érythémateuse, col sain. IVA négative.\n"
        "Coton plutôt que synthétique, pas de toilette intime aux produits parfumés.",
        ("clotrimazole 500 mg", "clotrimazole 1 %"),
    ),
    Visit(
        GYNAECOLOGY,
        "Anémie ferriprive",
        "Fatigue, essoufflement à l'escalier, règles abondantes de 7 jours. Conjonctives pâles, TA {ta}, FC {fc}/min.\n"
        "Fer 3 mois loin du thé (ataya). Échographie pelvienne normale le mois dernier.",
        ("sulfate ferreux + acide folique 200 mg + 0,4 mg", "acide tranexamique 500 mg"),
        (("NFS et ferritine", "Hb {hb_basse} g/dl, VGM 69 fl, ferritine 7 µg/l, plaquettes 318 000/mm³."),),
    ),
)

SKIN = (
    Visit(
        DERMATOLOGY,
        "Eczéma de contact des mains",
        "Placards prurigineux et fissurés des deux mains, aggravés par l'eau de Javel et le savon en poudre.\n"
        "Gants doublés de coton, karité plusieurs fois par jour, corticoïde local en cure courte.",
        ("bétaméthasone 0,05 %", "cétirizine 10 mg"),
    ),
    Visit(
        DERMATOLOGY,
        "Gale commune",
        "Prurit nocturne depuis 3 semaines, sillons interdigitaux, deux enfants de la maison se grattent aussi.\n"
        "Toute la famille traitée le même soir, linge et matelas au soleil 3 jours.",
        ("perméthrine 5 %", "chlorphénamine 4 mg"),
    ),
    Visit(
        DERMATOLOGY,
        "Dermatophytie de la peau glabre",
        "Plaque annulaire du tronc à bordure active, usage de crèmes éclaircissantes (khessal) reconnu.\n"
        "Arrêt des dépigmentants expliqué, antifongique 3 semaines, contrôle.",
        ("clotrimazole 1 %",),
        (
            (
                "Prélèvement mycologique",
                "Filaments mycéliens à l'examen direct. Culture : Trichophyton rubrum.",
            ),
        ),
    ),
)

OLD_AGE = (
    Visit(
        GENERAL,
        "Gonarthrose bilatérale",
        "Douleurs mécaniques des genoux, gêne pour la prière. Genoux déformés, pas d'épanchement. TA {ta}.\n"
        "Prier assis, canne, perte de 3 kg. Pas d'anti-inflammatoire au long cours.",
        ("paracétamol 500 mg",),
    ),
    Visit(
        GENERAL,
        "Constipation",
        "Une selle tous les 4 jours, mange peu de légumes, boit peu. Abdomen souple, toucher rectal sans particularité.\n"
        "Eau, fruits, marche après le repas.",
        ("lactulose 10 g/15 ml",),
    ),
    Visit(
        GENERAL,
        "Baisse de vision",
        "Vision floue des deux yeux, surtout la nuit. Cristallins opaques. TA {ta}, glycémie capillaire 1,08 g/l.\n"
        "Adressé{e} en ophtalmologie pour cataracte bilatérale. Éviter de sortir seul{e} le soir.",
    ),
)

VISITS = (
    *ADULT, *CHILD, *HYPERTENSION, *HEART, *DIABETES, *ASTHMA, *SICKLE_CELL, *PREGNANCY, *GYNAECOLOGY_VISITS, *SKIN, *OLD_AGE,
)  # fmt: skip


def _vaccines(title: str, given: str, body: str) -> Visit:
    doses = (one.rpartition(" ") for one in given.split(", "))
    facts = tuple(Vaccination(name, int(dose), site="bras gauche" if name == "BCG" else "") for name, _, dose in doses)
    return Visit(PAEDIATRICS, title, body, type="vaccination", given=facts)


# Programme élargi de vaccination, by age in days.
VACCINES = (
    (
        1,
        _vaccines("Vaccins de la naissance", "BCG 1, VPO 0, Hépatite B 0", "Carnet remis."),
    ),
    (
        42,
        _vaccines("Vaccins de 6 semaines", "Penta 1, VPO 1, PCV 1, Rota 1", "Prochain rendez-vous : 10 semaines."),
    ),
    (
        70,
        _vaccines("Vaccins de 10 semaines", "Penta 2, VPO 2, PCV 2, Rota 2", "Bien tolérés la dernière fois."),
    ),
    (
        98,
        _vaccines("Vaccins de 14 semaines", "Penta 3, VPO 3, PCV 3, VPI 1", "Enfant en bonne santé, allaité{e}."),
    ),
    (
        274,
        _vaccines("Vaccins de 9 mois", "RR 1, VAA 1, VPI 2", "Vitamine A donnée. Suite à 15 mois."),
    ),
    (
        460,
        _vaccines("Vaccins de 15 mois", "RR 2", "Vitamine A et albendazole donnés. Calendrier complet pour l'âge."),
    ),
)
# Instead of the last one, for some: what is due is overdue then.
POSTPONED = Visit(
    PAEDIATRICS,
    "Vaccins reportés",
    "Fièvre ce jour ({temp}) : vaccins reportés, la maman revient dans une semaine.",
    type="vaccination",
)
NO_CARD = ("Carnet de vaccination non présenté", "Carnet resté à la maison : à apporter à la prochaine visite.")
VACCINES_COPIED = "Report du carnet de vaccination"
VACCINES_ALL = (
    "Carnet présenté par la maman : BCG, VPO 0 à 3, Penta 1 à 3, PCV 1 à 3, Rota 1 et 2, VPI 1 et 2, RR 1 et 2, VAA.\n"
    "Calendrier du PEV complet pour l'âge."
)
VACCINES_SOME = "Carnet présenté par la maman. Faits aux dates prévues : {titles}."
TETANUS = (
    "Rappel antitétanique (Td)",
    "Td, deltoïde gauche, lot noté au registre. Bien toléré. Prochain rappel dans 10 ans.",
)

ALLERGIES = (
    Allergy(
        Facts(
            "medicine",
            "pénicillines",
            reaction="Urticaire généralisée et œdème des paupières une heure après une injection.",
            severity="severe",
        ),
        ("J01C",),
    ),
    Allergy(
        Facts(
            "medicine",
            "sulfamides",
            reaction="Éruption fébrile avec atteinte des lèvres au 8e jour d'un traitement par cotrimoxazole.",
            severity="severe",
        ),
        ("J01E", "P01BD51", "D06BA"),
    ),
    Allergy(
        Facts(
            "medicine",
            "anti-inflammatoires",
            reaction="Bronchospasme après prise d'ibuprofène ; le paracétamol est bien toléré.",
            severity="moderate",
        ),
        ("M01A", "N02BA", "B01AC06"),
    ),
    Allergy(
        Facts("food", "arachide", reaction="Urticaire et gonflement des lèvres après mafé.", severity="moderate"), ()
    ),
    Allergy(
        Facts("food", "crevettes", reaction="Urticaire aiguë à deux reprises après thiéboudiène.", severity="mild"), ()
    ),
    Allergy(
        Facts(
            "other", "venin d'abeille", reaction="Malaise avec chute de tension, vu aux urgences.", severity="severe"
        ),
        (),
    ),
)

# What a corrected version adds to the first one, and why.
CORRECTIONS = (
    ("Oubli du poids dans la première version", "Poids : {poids} kg."),
    (
        "Antécédents précisés par la famille",
        "Antécédent ajouté : appendicectomie dans l'enfance.",
    ),
    ("Erreur de saisie de la température", "Température relue sur la fiche de triage : 38,1 °C."),
    ("Rendez-vous de contrôle non noté", "Contrôle prévu dans 15 jours, rendez-vous donné à l'accueil."),
)
MISPLACED = (
    "Consultation : entorse de la cheville",
    "Entorse de la cheville droite au football, œdème externe, appui possible. Glace, bande, repos 10 jours.",
)
MISPLACED_REASON = "Saisie dans le dossier d'un homonyme"

ACCESS_REASONS = (
    "Consultation de ce jour : j'ai besoin de vos antécédents et de vos traitements.",
    "Suivi régulier de votre traitement.",
    "Vous m'êtes adressé{e} par un confrère, je souhaite lire les examens déjà faits.",
    "Préparation de la consultation de la semaine prochaine.",
    "Vérifier vos allergies et vos vaccinations avant de prescrire.",
)
REJECTIONS = (
    "Je ne connais pas ce médecin.",
    "Je préfère en parler à la consultation.",
    "",
    "J'ai changé de médecin.",
)
EMERGENCIES = (
    ("unconscious", "Patient{e} inconscient{e} amené{e} par les sapeurs-pompiers, traitements et allergies inconnus."),
    ("life_threat", "Détresse respiratoire aux urgences, besoin immédiat des antécédents."),
    (
        "identity_unknown",
        "Accidenté{e} de la route sans papiers, identifiant trouvé sur une carte dans le sac.",
    ),
)
REVOCATIONS = ("Le suivi est terminé.", "", "J'ai déménagé, je continue le suivi ailleurs.")
