"""What an admin tells everybody, or everybody of a role: published, told in steps, withdrawn if it was wrong."""
