"""What the station signs with, sealed by a passphrase.

scrypt makes a key of it (RFC 7914), and JSON Web Encryption with A256GCM does the rest (RFC 7516, RFC 7518).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64decode, b64encode
from typing import Any, Final

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from control_api.backups.archive import BadArchive

_COST: Final = 1 << 15
_BLOCKS: Final = 8
_MEMORY: Final = 64 << 20
_SALT: Final = 16
SHORTEST: Final = 12
"""Letters of a passphrase."""


def sealed(content: dict[str, Any], passphrase: str) -> bytes:
    """The content, which nobody reads without the passphrase. Blocks for a tenth of a second."""
    salt = secrets.token_bytes(_SALT)
    plain = json.dumps(content).encode()
    token = jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, plain, _key(passphrase, salt))
    return json.dumps(
        {"kdf": "scrypt", "n": _COST, "r": _BLOCKS, "p": 1, "salt": b64encode(salt).decode(), "jwe": token}
    ).encode()


def opened(text: bytes, passphrase: str) -> dict[str, Any]:
    """The content again. Raises `BadArchive` when the passphrase is another one."""
    try:
        found = json.loads(text)
        key = _key(passphrase, b64decode(found["salt"], validate=True))
        content: dict[str, Any] = json.loads(jwe.decrypt_compact(found["jwe"], key).plaintext or b"")
    except JoseError as error:
        message = "its secrets were sealed with another passphrase"
        raise BadArchive(message) from error
    except (ValueError, KeyError, TypeError) as error:
        message = "its secrets cannot be read"
        raise BadArchive(message) from error
    return content


def _key(passphrase: str, salt: bytes) -> OctKey:
    made = hashlib.scrypt(passphrase.encode(), salt=salt, n=_COST, r=_BLOCKS, p=1, maxmem=_MEMORY, dklen=32)
    return OctKey.import_key(made)
