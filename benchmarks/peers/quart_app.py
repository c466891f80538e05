"""A peer: Quart alone, on the server that FADJMA is on: the same request in, an answer as long out, no database."""

from quart import Quart, Response, jsonify, request

app = Quart(__name__)
# What FADJMA's answer has beside what was asked: 690 bytes in all.
_REST = {
    "id": "P7Rj1C-yO-VrtaLxXbU",
    "status": "pending",
    "version": 1,
    "patient": {
        "id": "P7Rj0WREzbFoI_zVsId",
        "identifier": "FJ-AR2FM-8SQQ7",
        "name": "Awa Ndiaye",
        "age": 36,
        "age_text": "36 ans",
        "age_estimated": False,
        "sex": "female",
    },
    "doctor": {
        "id": "P7Rj0WPtKvvXcoZ5cle",
        "name": "Awa Ndiaye",
        "profession": "",
        "specialty": "",
        "place": "Centre de santé de Keur Yaakaar",
    },
    "created_at": "2026-11-27T11:20:21.567Z",
} | dict.fromkeys(
    (
        *("proposed_duration", "decided_at", "decision_reason", "in_person", "witness", "decided_by"),
        *("expires_at", "emergency", "review", "question", "explanation"),
    )
)


@app.post("/access-requests")
async def ask() -> tuple[Response, int]:
    """What was sent, and the rest."""
    return jsonify({**await request.get_json(), **_REST}), 201
