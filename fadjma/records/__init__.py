"""Medical records and their insert-only versions."""
