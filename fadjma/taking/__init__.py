"""A patient's file, taken away: printed, as a file with everything, and through a link for a doctor without account."""
