"""Tables that come with the program to begin from; they count for nothing before the clinic has signed its own."""

from pathlib import Path

SENEGAL = Path(__file__).parent / "pev-senegal.csv"
