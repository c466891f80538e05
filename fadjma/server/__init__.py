"""uvicorn underneath, and its limits."""
