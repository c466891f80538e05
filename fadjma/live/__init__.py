"""Live delivery: the hub and its open streams, the ASGI endpoint in front of Quart, and polling.

Why so: docs/decisions/04-the-table-is-the-queue.md.
"""
