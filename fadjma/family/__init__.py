"""One sign-in for several people: who lets whom act for them, and the end of it."""
