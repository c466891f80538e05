"""`bin/bench`: FADJMA measured beside the systems people would pick instead (README.md says what and how)."""
