"""Two files that are one person's: linked by an admin, and parted as easily."""
