"""Live delivery: the hub and its open streams, the ASGI endpoint in front of Quart, and polling (DESIGN section 5)."""
