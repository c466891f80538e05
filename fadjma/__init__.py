"""FADJMA: patients, doctors and pharmacists on one medical file, live."""

from fadjma.application import create_app

__all__ = ["create_app"]
