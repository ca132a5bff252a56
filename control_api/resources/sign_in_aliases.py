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


def _alias(operation: Operation, path: str, name: str) -> Operation:
    """The same operation at another address."""
    said = operation.declared
    words = f"The same as `{said.method} {said.path}`."
    return replace(operation, declared=replace(said, path=path, name=name, description=words))


def _form(operation: Operation) -> Operation:
    """The same, by a form of OAuth 2.0 too."""
    return replace(operation, declared=replace(operation.declared, form=True), body_model=SignInForm)


OPERATIONS: Final = (
    _alias(sign_in, "/api/login", "sign_in_at_login"),
    _alias(register, "/api/register", "register_at_register"),
    _form(_alias(sign_in, "/login", "sign_in_at_the_root")),
    _alias(register, "/register", "register_at_the_root"),
    _form(_alias(sign_in, "/auth/login", "sign_in_at_auth")),
    _alias(register, "/auth/signup", "register_at_signup"),
    _alias(sign_in, "/api/auth/login", "sign_in_unversioned"),
    _alias(register, "/api/auth/register", "register_unversioned"),
    _alias(sign_in_by_issuer, "/api/auth/social-login", "sign_in_by_issuer_unversioned"),
    _alias(refresh_tokens, "/api/auth/refresh", "refresh_tokens_unversioned"),
    _alias(sign_out, "/api/auth/logout", "sign_out_unversioned"),
)
