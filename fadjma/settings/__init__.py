"""What a clinic chooses of its own rules: kept, changed by an admin, and who changed what."""
