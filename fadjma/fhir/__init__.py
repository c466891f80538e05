"""The file as other programs read it: FHIR R4, read-only, at `/fhir/R4`, and as a Bundle that a patient takes away.

`table.py` says once what is mapped to what; the CapabilityStatement and docs/fhir.md are made of it (`capability.py`,
`pages.py`). What a row becomes is pure (`people.py`, `clinical.py`, `medication.py`, `documents.py`, `trust.py`); what
is read, through whose rights, in which order, is `sources.py`; `searching.py` finds in it and makes pages.
"""
