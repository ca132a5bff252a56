"""An issuer of ID tokens for tests: a real server on this machine, with keys that it can replace."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_api.settings import Settings

AUDIENCE = "fastline-demo"


class _Ascii(json.JSONEncoder):
    """Writes what no text can hold, too: `\\ud800` is JSON."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": True})


@dataclass
class LocalIssuer:
    """What the issuer has, and what it was asked."""

    clock: Callable[[], datetime]
    root: str = ""
    keys: list[RSAKey | ECKey] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    is_down: bool = False
    codes: dict[str, tuple[dict[str, str], str]] = field(default_factory=dict)
    """What must be sent with a code, and the ID token for it."""
    redeemed: list[dict[str, str]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def rotate(self, kid: str, *, is_rsa: bool = True) -> None:
        """Sign with a new key from now on."""
        more: Any = {"kid": kid, "use": "sig"}
        self.keys.insert(0, RSAKey.generate_key(2048, more) if is_rsa else ECKey.generate_key("P-256", more))

    def token(self, key: Any = None, algorithm: str | None = None, **claims: Any) -> str:
        """An ID token; a claim that is None is left out."""
        key = key or self.keys[0]
        now = int(self.clock().timestamp())
        said = {"iss": self.root, "aud": AUDIENCE, "sub": "user-1", "iat": now, "exp": now + 3600} | claims
        said = {name: value for name, value in said.items() if value is not None}
        algorithm = algorithm or ("RS256" if isinstance(key, RSAKey) else "ES256")
        header = {"alg": algorithm, "kid": key.kid}
        return jwt.encode(header, said, key, algorithms=[algorithm], encoder_cls=_Ascii)

    def firebase(self, **claims: Any) -> str:
        """An ID token in the shape that Firebase's have."""
        now = int(self.clock().timestamp())
        more = {
            "auth_time": now, "user_id": "aBcDeF0123456789aBcDeF012345", "sub": "aBcDeF0123456789aBcDeF012345",
            "email": "ada@x.example", "email_verified": True, "name": "Ada Lovelace",
            "firebase": {"identities": {"google.com": ["1"]}, "sign_in_provider": "google.com"},
        }  # fmt: skip
        return self.token(**{**more, **claims})

    def settings(self, settings: Settings, **more: Any) -> Settings:
        """Settings in which it is believed, besides those who were before."""
        one = {"issuer": self.root, "audience": [AUDIENCE], **more}
        values = settings.model_dump()
        values |= {"oidc": [*values["oidc"], one], "outgoing_allow": ["127.0.0.0/8"]}
        values |= {"password_memory_kib": 64, "password_rounds": 1}
        return type(settings).model_validate(values)

    async def discovery(self, _request: web.Request) -> web.Response:
        self.asked["discovery"] += 1
        if self.is_down:
            raise web.HTTPServiceUnavailable
        return web.json_response(
            {"issuer": self.root, "jwks_uri": f"{self.root}/keys", "token_endpoint": f"{self.root}/token"}
        )

    async def jwks(self, _request: web.Request) -> web.Response:
        self.asked["keys"] += 1
        if self.is_down:
            raise web.HTTPServiceUnavailable
        strange = [{"kty": "XYZ", "kid": "odd"}, {"kty": "RSA", "kid": "broken"}, {"kty": "oct", "k": "c2VjcmV0"}]
        return web.json_response({"keys": [*KeySet(list(self.keys)).as_dict(private=False)["keys"], *strange]})

    async def redeem(self, request: web.Request) -> web.Response:
        fields = {name: str(value) for name, value in (await request.post()).items()}
        self.redeemed.append({**fields, "Authorization": request.headers.get("Authorization", "")})
        wanted, token = self.codes.pop(fields.get("code", ""), ({}, ""))
        if not token or any(fields.get(name) != value for name, value in wanted.items()):
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": token})


@asynccontextmanager
async def issuing(clock: Callable[[], datetime]) -> AsyncIterator[LocalIssuer]:
    """An issuer that runs."""
    issuer = LocalIssuer(clock)
    issuer.rotate("first")
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", issuer.discovery)
    app.router.add_get("/keys", issuer.jwks)
    app.router.add_post("/token", issuer.redeem)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        issuer.root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield issuer
    finally:
        await runner.cleanup()
