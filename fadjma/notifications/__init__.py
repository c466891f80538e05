"""What each person is told: the catalogue of wordings and the inbox."""
