"""Prescribing, dispensing, delivery (FHIR MedicationRequest and MedicationDispense)."""
