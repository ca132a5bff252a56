"""The pure core of recommendations: what tastes weigh, what is near, what is chosen; and that ours beats popularity.

Rows C53, C54, C81.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_api.demo.audience import Audience, Offered
from control_api.recommending.content import Content
from control_api.recommending.judging import judge
from control_api.recommending.model import Unknown, named
from control_api.recommending.packed import packed, unpacked
from control_api.recommending.ranking import Candidate, Suited, Taste, chosen, suited, tastes
from control_api.recommending.ratings import NotRatings, read
from control_api.recommending.suggestions import Why
from control_api.recommending.taste import STRONGEST, Said, weight
from control_api.recommending.together import Together
from control_api.recommending.works import Library, Plays, Work

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 1, tzinfo=UTC)
_ago = st.floats(0, 2000).map(lambda days: NOW - timedelta(days=days))
_said = st.builds(
    Said, at=_ago, share=st.floats(0, 1), ends=st.integers(0, 9), score=st.none() | st.integers(1, 10),
    is_favorite=st.booleans(), is_wanted=st.booleans(),
)  # fmt: skip
_likes = st.lists(st.tuples(st.integers(0, 9), st.floats(0.0, 1.5)), max_size=9, unique_by=lambda one: one[0])


@given(_said, st.floats(0, 1))
def test_what_more_was_seen_of_says_no_less_and_time_only_fades(said: Said, share: float) -> None:
    plain = replace(said, share=max(min(said.share, share), 0.001))
    assert weight(replace(plain, share=max(said.share, share, 0.001)), NOW) >= weight(plain, NOW)
    assert weight(replace(plain, ends=plain.ends + 1), NOW) >= weight(plain, NOW)
    assert -1 <= weight(said, NOW) <= 1.5
    old = replace(said, at=min(said.at, NOW - timedelta(days=3)))
    assert weight(old, NOW + timedelta(days=180)) == pytest.approx(weight(old, NOW) / 2)


@given(_said.filter(lambda said: said.score is not None))
def test_a_rating_counts_more_than_what_was_seen(said: Said) -> None:
    assert weight(replace(said, score=10), NOW) > 0 > weight(replace(said, score=2), NOW)
    assert weight(replace(said, score=9), NOW) <= weight(replace(said, score=10), NOW)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.floats(0, 1)), max_size=60))
def test_neighbours_are_unpacked_as_they_were_packed(near: list[tuple[int, float]]) -> None:
    found = unpacked(packed(near))
    assert [place for place, _ in found] == [place for place, _ in near]
    assert all(abs(one - other) <= 1 / 65_535 for (_, one), (_, other) in zip(found, near, strict=True))


@given(st.lists(_likes, max_size=30), st.integers(0, 9))
def test_who_is_watched_together_is_symmetric_and_one_viewer_makes_no_neighbours(
    all_likes: list[list[tuple[int, float]]], place: int
) -> None:
    plays = Plays()
    for likes in all_likes:
        plays.add(likes)
    library = Library([Work(f"t{number}") for number in range(10)], plays)
    model = Together(library)
    near = dict(model.near(place, 10))
    assert place not in near
    for other, how in near.items():
        assert 0 < how <= 1
        assert dict(model.near(other, 10))[place] == pytest.approx(how, rel=1e-6)
        together = sum({place, other} <= {one for one, value in likes if value >= 0.1} for likes in all_likes)
        assert together > 1


def test_nobody_speaks_louder_for_watching_all_day() -> None:
    plays = Plays()
    plays.add([(number, 1.0 - number / 1000) for number in range(500)])
    assert list(plays.places) == list(range(STRONGEST))


def test_titles_are_alike_by_what_they_are() -> None:
    works = [
        Work("a", "movie", 1950, "en", ("noir",), ("rain",), (("p1", "director"),), "", ("detective", "shadow")),
        Work("b", "movie", 1952, "en", ("noir",), (), (("p1", "director"),), "", ("detective", "train")),
        Work("c", "movie", 1951, "en", ("noir",), (), (("p2", "actor"),), "", ("ship", "train")),
        Work("d", "movie", 2001, "fr", ("musical",), (), (), "", ("song", "dance")),
        Work("e", "movie", 0, "fr", ("musical",), (), (), "", ("song",)),
    ]
    model = Content(Library(works, Plays()))
    assert [place for place, _ in model.near(0, 9)][:2] == [1, 2]
    assert model.near(3, 1)[0][0] == 4
    for place in range(5):
        near = model.near(place, 9)
        assert all(0 < how <= 1.0001 and dict(model.near(other, 9))[place] == pytest.approx(how) for other, how in near)
    assert Content(Library(works[:1], Plays())).near(0, 9) == []


def test_what_was_not_liked_counts_against_what_is_like_it() -> None:
    near = {"good": [(1, 0.5), (2, 0.4)], "bad": [(1, 0.9), (3, 0.9)]}
    found = suited([Taste("good", 1.0), Taste("bad", -1.0)], near)
    assert list(found) == [2]
    assert found[2].because.title_id == "good"
    said = {"seen": Said(NOW, 1.0, 1), "rated": Said(NOW, score=9), "none": Said(NOW)}
    assert {one.title_id: one.why for one in tastes(said, NOW)} == {"seen": Why.WATCHED, "rated": Why.LIKED}


@given(st.lists(st.tuples(st.floats(0.1, 1), st.sampled_from("abc"), st.sampled_from("xyz")), max_size=30))
def test_the_best_come_first_each_once_and_not_all_of_one_kind(some: list[tuple[float, str, str]]) -> None:
    candidates = [
        Candidate(f"t{number:02}", Suited(score, Taste(cause, 1.0)), 0.0, genre)
        for number, (score, genre, cause) in enumerate(some)
    ]
    found = chosen(candidates, 10)
    assert chosen(reversed(candidates), 10) == found
    assert len({one.title_id for one in found}) == len(found) == min(len(some), 10)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    if some:
        assert found[0].score == max(score for score, _, _ in some)


def test_of_equals_those_of_another_genre_go_before_more_of_the_same() -> None:
    candidates = [Candidate(f"t{n}", Suited(1.0, Taste("x", 1.0)), 0.0, "a" if n < 8 else "b") for n in range(10)]
    assert [one.title_id for one in chosen(candidates, 4)] == ["t0", "t8", "t1", "t9"]


def test_ours_beats_popularity_clearly_on_an_audience_with_known_tastes() -> None:
    """C81: what was watched last is hidden, and found among ten more than twice as often."""
    genres = [f"g{number}" for number in range(8)]
    works = [Work(f"t{number:03}", "movie", genres=(genres[number * 7 % 8],)) for number in range(240)]
    audience = Audience([Offered(work.id, work.genres) for work in works], 1)
    told = [
        [
            (one.place, weight(Said(NOW, one.share, int(one.share > 0.95), one.score, one.is_favorite), NOW))
            for one in audience.viewer(number, 22)
        ]
        for number in range(300)
    ]
    verdict = judge(works, told, named("blend"), 200)
    assert verdict.profiles == 200
    assert verdict.ours.hit_rate > 2 * verdict.popularity.hit_rate > 0
    assert verdict.ours.ndcg > 2 * verdict.popularity.ndcg
    assert judge(works, told, named("blend"), 200) == verdict


def test_ratings_of_movielens_format_are_judged_in_the_same_way() -> None:
    """C81: users by time, films by what stands beside them; and what is no such file is refused with its line."""
    audience = Audience([Offered(str(number), (f"g{number % 6}",)) for number in range(90)], 2)
    lines = ["userId,movieId,rating,timestamp"]
    for user in range(60):
        watched = [one for one in audience.viewer(user, 14) if one.share > 0.5]
        lines += [f"{user},{one.place},4.5,{1_700_000_000 - round(one.ago * 86_400)}" for one in reversed(watched)]
    movies = ["movieId,title,genres", *(f"{number},Film {number} (1999),g{number % 6}|x" for number in range(90))]
    works, told = read(lines, movies)
    assert (works[0].year, works[0].genres, works[0].words) == (1999, ("g0", "x"), ("film", "0"))
    assert [works[place].id for place, _ in told[0]] == [
        str(one.place) for one in audience.viewer(0, 14) if one.share > 0.5
    ]
    assert all(0 < value <= 1.5 for some in told for _, value in some)
    verdict = judge(works, told, named("together"))
    assert verdict.ours.hit_rate > verdict.popularity.hit_rate
    assert [work.genres for work in read(lines)[0]] == [()] * len(works)
    with pytest.raises(NotRatings, match="line 1: the columns userId, movieId, rating, timestamp are expected"):
        read(["user,film", "1,2"])
    with pytest.raises(NotRatings, match="line 3: rating and timestamp are no numbers"):
        read([lines[0], "1,2,3.5,4", "1,2,good,4"])


def test_the_same_audience_is_made_each_time_and_fewer_are_the_beginning_of_more() -> None:
    titles = [Offered(f"t{number}", (f"g{number % 5}",)) for number in range(50)]
    one, other = Audience(titles, 3), Audience(titles, 3)
    assert [one.viewer(number, 9) for number in range(20)] == [other.viewer(number, 9) for number in range(20)]
    assert Audience(titles, 4).viewer(0, 9) != one.viewer(0, 9)
    watched = one.viewer(7, 9)
    assert len({view.place for view in watched}) == len(watched)
    assert [view.ago for view in watched] == sorted((view.ago for view in watched), reverse=True)


def test_a_model_of_a_package_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """B12: a package declares it, a setting names it."""
    (tmp_path / "nearest_model.py").write_text(
        "class Nearest:\n    def __init__(self, library):\n        self.l = library\n"
    )
    metadata = tmp_path / "nearest_model-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: nearest-model\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[fastline.models]\nnearest = nearest_model:Nearest\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert type(named("nearest")(Library([], Plays()))).__name__ == "Nearest"
    with pytest.raises(Unknown, match="no model is called 'nearer'; there are blend, content, nearest, together"):
        named("nearer")
