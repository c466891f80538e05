"""Figures in words: what each is called, and numbers as people of a language write them."""

from babel import Locale
from babel.dates import format_time
from babel.numbers import format_decimal, format_percent

from fadjma import days
from fadjma.i18n import N_, translate
from fadjma.identity.people import Role
from fadjma.live.figures import EndReason
from fadjma.monitoring.health import Part

END_REASONS: dict[EndReason, str] = {
    "gone": N_("Page quittée ou lien perdu"),
    "too_slow": N_("Coupé : rien reçu pendant 30 s"),
    "broken": N_("Coupé : erreur d'écriture"),
    "signed_out": N_("Déconnexion"),
    "expired": N_("Session expirée"),
    "locked": N_("Écran verrouillé"),
    "changed": N_("Passage au dossier d'une autre personne"),
    "withdrawn": N_("Plus le droit d'agir pour une autre personne"),
    "deactivated": N_("Compte désactivé"),
    "renewed": N_("Nouvelle connexion, même navigateur"),
    "restarting": N_("Arrêt du serveur"),
    "replaced": N_("Plus de 12 flux d'une personne"),
}
# Those who are connected, counted.
CONNECTED: dict[Role, str] = {
    "patient": N_("Patients"),
    "doctor": N_("Médecins"),
    "pharmacist": N_("Pharmacies"),
    "receptionist": N_("Accueils de clinique"),
    "nurse": N_("Soins infirmiers"),
    "admin": N_("Administration"),
}
HEALTH: dict[Part, str] = {
    "file": N_("Le fichier de la base n'est plus à sa place : rien n'est plus enregistré."),
    "space": N_("Le disque est plein."),
    "write": N_("Rien ne peut être enregistré."),
    "pages": N_("La base est abîmée : restaurez une sauvegarde."),
}
NOTHING = "–"


class Words:
    """Writes figures in one language; what is not there is a dash."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._locale = Locale.parse(language)  # once: it is most of the work of writing a number

    def number(self, value: float | None) -> str:
        if value is None:
            return NOTHING
        return str(format_decimal(value, "#,##0" if value >= 10 else "#,##0.#", locale=self._locale))

    def share(self, part: int, whole: int) -> str:
        return str(format_percent(part / whole, locale=self._locale)) if whole else NOTHING

    def duration(self, seconds: float | None) -> str:
        if seconds is None:
            return NOTHING
        return f"{self.number(seconds * 1000)}\xa0ms" if seconds < 1 else f"{self.number(seconds)}\xa0s"

    def size(self, size: float | None) -> str:
        if size is None:
            return NOTHING
        if size < 1000:
            return self._unit(N_("%(n)s o"), size)
        if size < 1e6:
            return self._unit(N_("%(n)s Ko"), size / 1e3)
        return self._unit(N_("%(n)s Mo"), size / 1e6) if size < 1e9 else self._unit(N_("%(n)s Go"), size / 1e9)

    def minute(self, at: int) -> str:
        return str(format_time(days.local(at).time(), "HH:mm", locale=self._locale))

    def second(self, at: int) -> str:
        return str(format_time(days.local(at).time(), "HH:mm:ss", locale=self._locale))

    def _unit(self, text: str, value: float) -> str:
        return translate(self._language, text, n=self.number(value)).replace(" ", "\xa0")
