"""The front desk: who patients are, their cards and their PINs. Nothing of what is in their files."""
