"""Writing mail: what is said in each language, as text and as HTML. Pure.

Law: whatever somebody has typed stands in a mail as text. It makes no header, no markup and no link of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, StrictUndefined

from control_api.notices.languages import Language

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Words:
    """What a form says, with `{names}` of what is put in."""

    subject: str
    lines: tuple[str, ...]
    action: str = ""
    """What the link is called."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom, to whom, and what else a mail has beside its words."""

    id: str
    sender: str
    address: str
    at: datetime
    link: str = ""
    """Whole, or none."""
    unsubscribe: str = ""
    """Where one POST keeps such mail away (RFC 8058)."""


_EN: Final[Mapping[str, Words]] = {
    "notice": Words("{title}", ("{text}",), "Open"),
    "verify": Words(
        "Is this your address?",
        (
            "Somebody, most likely you, has given this address for the account {name} of {station}.",
            "If it is yours, open the link within {hours} hours, or enter this code: {code}",
            "If you know of no such account, do nothing: the address is not used then.",
        ),
        "Yes, it is mine",
    ),
    "reset": Words(
        "A new password",
        (
            "Somebody, most likely you, wants to set a new password for the account {name} of {station}.",
            "Open the link within {minutes} minutes, or enter this code: {code}",
            "If it was not you, do nothing: your password stays as it is. Give the code to nobody.",
        ),
        "Set a new password",
    ),
    "moved": Words(
        "Your address was changed",
        (
            "The account {name} of {station} has another e-mail address from now on, and no mail goes to this one.",
            "If it was not you, write to us at once.",
        ),
    ),
    "ticket": Words("Re: {subject}", ("You have asked us something. This is our answer:", "{text}"), "Open"),
    "trial": Words("Mail arrives", ("{station} can send mail, and it comes to you.",)),
}
_ES: Final[Mapping[str, Words]] = {
    "notice": Words("{title}", ("{text}",), "Abrir"),
    "verify": Words(
        "¿Es tuya esta dirección?",
        (
            "Alguien, probablemente tú, ha dado esta dirección para la cuenta {name} de {station}.",
            "Si es tuya, abre el enlace antes de {hours} horas o escribe este código: {code}",
            "Si no conoces esa cuenta, no hagas nada: la dirección no se usará.",
        ),
        "Sí, es mía",
    ),
    "reset": Words(
        "Una contraseña nueva",
        (
            "Alguien, probablemente tú, quiere poner una contraseña nueva a la cuenta {name} de {station}.",
            "Abre el enlace antes de {minutes} minutos o escribe este código: {code}",
            "Si no has sido tú, no hagas nada: tu contraseña sigue siendo la misma. No des el código a nadie.",
        ),
        "Poner una contraseña nueva",
    ),
    "moved": Words(
        "Tu dirección ha cambiado",
        (
            "La cuenta {name} de {station} tiene desde ahora otra dirección de correo, y a esta ya no se escribe.",
            "Si no has sido tú, escríbenos enseguida.",
        ),
    ),
    "ticket": Words("Re: {subject}", ("Nos has preguntado algo. Esta es nuestra respuesta:", "{text}"), "Abrir"),
    "trial": Words("El correo llega", ("{station} puede enviar correo, y te llega.",)),
}
FORMS: Final[Mapping[Language, Mapping[str, Words]]] = {Language.EN: _EN, Language.ES: _ES}
"""Every form in every language."""

_LONGEST_SUBJECT: Final = 200
_PAGE: Final = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(
    """<!doctype html>
<html lang="{{ language }}">
<meta charset="utf-8">
<title>{{ subject }}</title>
<body style="margin:0;padding:24px;font:16px/1.5 sans-serif;color:#1a1a1a;background:#fff">
<div style="max-width:36em;margin:0 auto">
{% for line in lines %}
<p style="white-space:pre-line">{{ line }}</p>
{% endfor %}
{% if link %}
<p><a href="{{ link }}" style="color:#0b57d0">{{ action }}</a></p>
{% endif %}
<p style="color:#5f6368">{{ station }}</p>
</div>
</body>
</html>
"""
)


def written(envelope: Envelope, form: str, language: Language, said: Mapping[str, str]) -> EmailMessage:
    """The mail, as text and as HTML (RFC 2046, section 5.1.4)."""
    words = FORMS[language][form]
    station = named(envelope.sender)
    values = {**said, "station": station}
    subject = _line(words.subject.format_map(values))[:_LONGEST_SUBJECT]
    lines = [line.format_map(values) for line in words.lines]
    message = EmailMessage()
    name, sender = parseaddr(envelope.sender)
    message["From"] = _address(name, sender)
    message["To"] = _address("", envelope.address)
    message["Subject"] = subject
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = f"<{envelope.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    if envelope.unsubscribe:
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    link = [f"{words.action}: {envelope.link}"] if envelope.link and words.action else []
    message.set_content("\n\n".join([*lines, *link, f"-- \n{station}"]) + "\n")
    page = _PAGE.render(
        language=language,
        subject=subject,
        lines=lines,
        link=envelope.link if words.action else "",
        action=words.action,
        station=station,
    )
    message.add_alternative(page, subtype="html")
    message["Content-Language"] = language  # last: what a message says of its content goes with the parts of that
    return message


def named(sender: str) -> str:
    """What the station calls itself in its mail: the name before its address, or the host of that."""
    name, address = parseaddr(sender)
    return _line(name) or address.rpartition("@")[2]


def whole(link: str, pages: str) -> str:
    """Where a link of a notice leads from a mail, where the pages are at `pages`; empty where that is nowhere."""
    if link.startswith(("https://", "http://")):
        return link
    return pages + link if pages and link.startswith("/") else ""


def _line(text: str) -> str:
    """One line, for a header: whatever parts lines in any alphabet becomes a space."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(_line(name), local, domain)
