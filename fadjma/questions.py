"""What a command asks at the terminal, in French: Click takes no « oui », and says in English what is wrong."""

from collections.abc import Callable, Mapping

import click

_YES, _NO = {"o", "oui", "y", "yes"}, {"n", "non", "no"}


def yes(question: str, *, default: bool) -> bool:
    """Ask until the answer is yes or no; an empty one is `default`."""
    while True:
        said = click.prompt(f"{question} [{'O/n' if default else 'o/N'}]", default="", show_default=False)
        word = said.strip().lower()
        if word in _YES | _NO:
            return word in _YES
        if not word:
            return default
        click.echo("Répondez par o (oui) ou n (non).", err=True)


def password(question: str, *, optional: bool = False) -> str:
    """Ask for a new password without showing it, until it was typed twice alike; empty where it is `optional`."""
    while True:
        said: str = click.prompt(question, hide_input=True, default="" if optional else None, show_default=False)
        again = said and click.prompt("  Encore une fois", hide_input=True, default="", show_default=False)
        if said == again:
            return said
        click.echo("Les deux mots de passe ne sont pas les mêmes.", err=True)


def fields(
    asked: Mapping[str, str],
    faults: Callable[[Mapping[str, str]], Mapping[str, str]],
    ask: Callable[[str, str], str] = lambda name, label: str(click.prompt(label)),
) -> dict[str, str]:
    """Ask for each field, then again for those alone in which `faults` finds one.

    `asked`: name → what people call it; `ask`: from both to what was typed.
    """
    said: dict[str, str] = {}
    wrong = list(asked)
    while wrong:
        said |= {name: ask(name, f"  {asked[name]}") for name in wrong}
        found = faults(said)
        for name, message in found.items():
            click.echo(f"  {asked[name]} : {message}", err=True)
        wrong = [name for name in asked if name in found]
    return said
