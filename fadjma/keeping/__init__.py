"""Copies that prove themselves: made on a schedule, sealed, tried out once a week, restored."""
