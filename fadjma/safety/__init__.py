"""What is checked before a prescription is signed, and again before a pharmacy validates it."""
