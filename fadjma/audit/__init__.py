"""The admins' list of what happened; the table is of events (events/audit.py)."""
