"""Who somebody is: people, roles, places, sessions and what proves them. What one may is each domain's own."""
