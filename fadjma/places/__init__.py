"""Clinics and pharmacies: what an admin says of them, and everybody may read."""
