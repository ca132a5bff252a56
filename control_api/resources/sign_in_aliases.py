"""Signing in by the addresses that other programs know: the same operations, with the same bodies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from control_api.resources.sign_in import (
    SignInForm,
    refresh_tokens,
    register,
    sign_in,
    sign_in_by_issuer,
    sign_out,
)

if TYPE_CHECKING:
    from control_api.operation import Operation


def _form(operation: Operation) -> Operation:
    """The same, by a form of OAuth 2.0 too."""
    return replace(operation, declared=replace(operation.declared, form=True), body_model=SignInForm)


OPERATIONS: Final = (
    sign_in.also_at("/api/login", "sign_in_at_login"),
    register.also_at("/api/register", "register_at_register"),
    _form(sign_in.also_at("/login", "sign_in_at_the_root")),
    register.also_at("/register", "register_at_the_root"),
    _form(sign_in.also_at("/auth/login", "sign_in_at_auth")),
    register.also_at("/auth/signup", "register_at_signup"),
    sign_in.also_at("/api/auth/login", "sign_in_unversioned"),
    register.also_at("/api/auth/register", "register_unversioned"),
    sign_in_by_issuer.also_at("/api/auth/social-login", "sign_in_by_issuer_unversioned"),
    refresh_tokens.also_at("/api/auth/refresh", "refresh_tokens_unversioned"),
    sign_out.also_at("/api/auth/logout", "sign_out_unversioned"),
)
