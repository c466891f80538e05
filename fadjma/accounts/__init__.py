"""People, roles, sign-in, sessions, tokens: who you are. What you may is decided in each domain's actions."""
