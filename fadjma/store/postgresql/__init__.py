"""The store in a PostgreSQL database, on which any number of processes may work."""
