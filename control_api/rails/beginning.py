"""The rails of a station that has made none: they stand here until somebody changes anything, and in the database then.

Law: as long as the table is empty these are what is there, for who reads and for who edits.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from control_api.rails.kinds import RailKind, Source
from control_api.tables import Rail

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

STEP: Final = 10
"""From the place of one rail to that of the next."""
_EVER: Final = datetime(2026, 1, 1, tzinfo=UTC)
_FIRST: Final = (
    (Source.FEATURED, "Featured", "Im Blickpunkt", "Destacados", "À la une", "Destaques"),
    (Source.CONTINUE, "Continue watching", "Weiterschauen", "Seguir viendo", "Reprendre", "Continuar a ver"),
    (Source.LIVE, "Live now", "Jetzt live", "En directo", "En direct", "Em direto"),
    (Source.FOR_YOU, "For you", "Für dich", "Para ti", "Pour vous", "Para si"),
    (Source.TRENDING, "Everyone's watching", "Alle schauen", "Todos lo ven", "Tout le monde regarde", "Todos veem"),
    (Source.NEWEST, "New", "Neu", "Novedades", "Nouveautés", "Novidades"),
    (Source.TOP_MOVIES, "Top 10 films", "Top 10 Filme", "Top 10 películas", "Top 10 films", "Top 10 filmes"),
    (Source.TOP_SERIES, "Top 10 series", "Top 10 Serien", "Top 10 series", "Top 10 séries", "Top 10 séries"),
    (
        Source.BECAUSE,
        "Because you watched",
        "Weil du gesehen hast",
        "Porque has visto",
        "Parce que vous avez vu",
        "Porque viu",
    ),
    (Source.WATCHLIST, "My list", "Meine Liste", "Mi lista", "Ma liste", "A minha lista"),
    (Source.UPCOMING, "Coming soon", "Demnächst", "Próximamente", "Prochainement", "Brevemente"),
    (Source.GENRES, "Genres", "Genres", "Géneros", "Genres", "Géneros"),
)


def beginning() -> list[Rail]:
    """The rails of a station that has made none, in their order. None of them is in a session."""
    return [
        Rail(
            id=f"rl_{'0' * 12}70008{number:015x}",
            name=name,
            names=dict(zip(("de", "es", "fr", "pt"), others, strict=True)),
            kind=RailKind.NAMED.value,
            source=source.value,
            place=number * STEP,
            featured=source is Source.FEATURED,
            created_at=_EVER,
            updated_at=_EVER,
        )
        for number, (source, name, *others) in enumerate(_FIRST, start=1)
    ]


async def rails(session: AsyncSession) -> list[Rail]:
    """All rails, in their order."""
    rows = (await session.exec(select(Rail).order_by(col(Rail.place), col(Rail.id)))).all()
    return list(rows) or beginning()


async def settled(session: AsyncSession) -> list[Rail]:
    """The same, as rows that are held until the end of the transaction, for who changes any of them."""
    held = select(Rail).order_by(col(Rail.place), col(Rail.id)).with_for_update()
    rows = list((await session.exec(held)).all())
    if not rows:
        rows = beginning()
        session.add_all(rows)
        await session.flush()
    return rows
