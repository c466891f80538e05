"""Medicines by DCI, and each pharmacy's stock: lots and append-only movements."""
