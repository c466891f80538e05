"""Why an act is refused. Actions raise these; failures.py answers them as page, fragment or problem (RFC 9457).

Messages are French source texts (see i18n.py); they are translated when they are shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from fadjma.i18n import N_


@dataclass(frozen=True, slots=True)
class Tried:
    """What somebody had no right to: a thing (`kind` and `id` as in events.Subject) of this patient."""

    patient_id: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a right that somebody had, and what they can do next: more than that there is nothing."""

    what: Literal["revoked", "expired", "taken"]  # an access; a prescription that another pharmacy has
    of: str  # the patient, by name; empty where that is not theirs to know
    at: int | None
    next: str  # an address; empty where they can only ask `doctor`
    doctor: tuple[str, str] = ("", "")  # whose access it was, by name and profession, where somebody read by delegation


class Refusal(Exception):
    """An act or a reading that is refused, with the HTTP status that says so and a message for the person."""

    status = 400
    title = N_("Demande incorrecte")
    type = "about:blank"  # of the problem document, where a program has to tell it from others of this status
    tried: Tried | None = None  # for the patient's trace; the answer says nothing of it

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message)
        self.message = message
        self.values = values
        self.details: dict[str, Any] = {}  # what else the problem document says, by name

    def about(self, tried: Tried | None) -> Self:
        """The same refusal, of something that there is: `raise NotFound().about(tried)`."""
        self.tried = tried
        return self


class SignInNeeded(Refusal):
    """Nobody, or nobody any more, is signed in."""

    status = 401
    title = N_("Connexion nécessaire")

    def __init__(self, message: str = N_("Connectez-vous pour continuer.")) -> None:
        super().__init__(message)


class FactorNeeded(Refusal):
    """The password was right, and the session is not whole: it waits for its second factor."""

    status = 401
    title = N_("Second facteur nécessaire")
    type = "urn:fadjma:otp-needed"
    page = "/sign-in/factor"

    def __init__(self, message: str = N_("Donnez aussi le code de votre application, ou un code de secours.")) -> None:
        super().__init__(message)


class EnrolmentNeeded(FactorNeeded):
    """The clinic wants a second factor of whoever works there, and this person has none yet."""

    type = "urn:fadjma:enrolment-needed"
    page = "/second-factor"

    def __init__(self) -> None:
        super().__init__(
            N_("La clinique exige un second facteur : connectez-vous dans un navigateur pour en préparer un.")
        )


class Locked(Refusal):
    """The session lives, and shows nothing until its person has unlocked it."""

    status = 423
    title = N_("Écran verrouillé")

    def __init__(self) -> None:
        super().__init__(
            N_("L'écran est verrouillé : il s'ouvre avec votre mot de passe, ou votre code PIN si vous en avez un.")
        )


class Forbidden(Refusal):
    """The person's role or state does not allow this kind of act at all."""

    status = 403
    title = N_("Action non autorisée")


class NotFound(Refusal):
    """It does not exist, or this person may not see it: the answer is the same."""

    status = 404
    title = N_("Page introuvable")

    def __init__(self, message: str = N_("Cet élément n'existe pas, ou vous n'y avez pas accès.")) -> None:
        super().__init__(message)


class Gone(Refusal):
    """It was there for whoever asks, and is not any more."""

    status = 410
    title = N_("Ce n'est plus disponible")


class Conflict(Refusal):
    """The thing is no longer in the state that the act expects; `current` is the state it is in now."""

    status = 409
    title = N_("La situation a changé")

    def __init__(self, message: str, *, current: str, **values: Any) -> None:
        super().__init__(message, **values)
        self.current = current


class NotNow(Conflict):
    """Nothing has changed under the person's hands; as things are, it cannot be done."""

    title = N_("Impossible pour le moment")


class TooLarge(Refusal):
    """The body is over the limit."""

    status = 413
    title = N_("Envoi trop volumineux")


class Invalid(Refusal):
    """What was entered cannot be taken; `errors` says why, for each field."""

    status = 422
    title = N_("Vérifiez votre saisie")

    def __init__(self, errors: Mapping[str, str], **values: Any) -> None:
        super().__init__(N_("Certains champs sont à corriger."), **values)
        self.errors = dict(errors)


class WrongCode(Invalid):
    """A code or a PIN that is not the right one; `left`: how many more wrong ones there may be, which programs read."""

    def __init__(self, errors: Mapping[str, str], *, left: int) -> None:
        super().__init__(errors, left=left)
        self.details["left"] = left


class TryLater(Refusal):
    """The server cannot do it now, whoever asks, and has kept nothing of it; `retry_after` is in seconds."""

    status = 503
    title = N_("Impossible pour le moment")

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Doubtful(Invalid):
    """What was entered can be taken, but is hardly meant; the same again with `confirm` is taken."""

    def __init__(self, errors: Mapping[str, str], **values: Any) -> None:
        super().__init__(errors, **values)
        self.message = N_("Est-ce bien cela ? Confirmez pour enregistrer.")
        self.confirm = list(errors)  # the fields of which `confirm` answers the questions


class Alerted(Doubtful):
    """What was entered can be taken once each alert is answered: those that `confirm` names by it, too; nothing is
    kept. `errors` are in the person's language already.
    """

    title = N_("Des alertes attendent une réponse")

    def __init__(
        self, errors: Mapping[str, str], *, confirm: Sequence[str], alerts: list[Any], unchecked: list[Any]
    ) -> None:
        super().__init__(errors)
        self.message = N_("Répondez à chaque alerte. Rien n'a été enregistré.")
        self.confirm = list(confirm)
        self.details |= {"alerts": alerts, "unchecked": unchecked}

    def with_questions(self, errors: Mapping[str, str]) -> "Alerted":
        """The same with other questions that `confirm` answers, in the person's language."""
        said = self.details["alerts"], self.details["unchecked"]
        return Alerted({**self.errors, **errors}, confirm=[*self.confirm, *errors], alerts=said[0], unchecked=said[1])


class Throttled(Refusal):
    """Too many attempts; `retry_after` is in seconds."""

    status = 429
    title = N_("Trop de tentatives")

    def __init__(self, retry_after: int) -> None:
        minutes = max(1, -(-retry_after // 60))
        super().__init__(N_("Trop de tentatives. Réessayez dans %(minutes)d min."), minutes=minutes)
        self.retry_after = retry_after
