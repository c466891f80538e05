"""Figures for people (`GET /monitoring`) and for Prometheus (`GET /metrics`): how many and how fast, never who."""
