"""An authenticator as browsers see one (WebAuthn, ES256, attestation « none »), in as few lines as it takes."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 1, 4, 64  # of its flags


class Authenticator:
    """One passkey."""

    def __init__(self) -> None:
        self.id = secrets.token_bytes(16)
        self.count = 0
        self.verified = True
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: dict[str, Any], origin: str) -> str:
        """What navigator.credentials.create() gives, as static/passkey.js sends it."""
        numbers = self._key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        described = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        said = self._data(options["rp"]["id"], ATTESTED) + described
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": said})
        client = _client("webauthn.create", options["challenge"], origin)
        return self._sent(clientDataJSON=client, attestationObject=attestation)

    def sign(self, options: dict[str, Any], origin: str) -> str:
        """What navigator.credentials.get() gives."""
        self.count += 1
        client, said = _client("webauthn.get", options["challenge"], origin), self._data(options["rpId"])
        signature = self._key.sign(said + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._sent(clientDataJSON=client, authenticatorData=said, signature=signature)

    def _data(self, host: str, flags: int = 0) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verified else 0)
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _sent(self, **response: bytes) -> str:
        said = {name: text(part) for name, part in response.items()}
        return json.dumps({"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": said})


def _client(kind: str, challenge: str, origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def raw(said: str) -> bytes:
    return urlsafe_b64decode(said + "=" * (-len(said) % 4))
