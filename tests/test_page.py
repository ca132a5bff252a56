from __future__ import annotations

import base64
import hashlib
import io
import re
import tarfile
from html.parser import HTMLParser

import pytest

from playout.npm import NotBuilt, Package, unpacked
from playout.page.build import HLS, PACKAGES, main
from playout.page.load import load
from playout.page.page import POLICY, Sources, site

TEMPLATE = '<link href="{{ style }}">{% for s in scripts %}<script src="{{ s }}"></script>{% endfor %}'


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def page() -> tuple[str, list[tuple[str, dict[str, str | None]]]]:
    text = load()[""].body.decode()
    return text, Elements(text).found


def test_every_link_of_the_page_is_relative() -> None:
    _, elements = page()
    links = [value for _, attrs in elements for name in ("href", "src") if (value := attrs.get(name))]
    assert links
    assert [link for link in links if not link.startswith("data:") and re.match(r"[a-z]+:|/", link)] == []


def test_nothing_in_the_page_needs_the_policy_to_be_loosened() -> None:
    text, elements = page()
    assert "unsafe" not in POLICY
    assert [tag for tag, attrs in elements if any(name.startswith("on") or name == "style" for name in attrs)] == []
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)", text)


def test_the_page_refers_only_to_files_that_are_served() -> None:
    files = load()
    _, elements = page()
    scripts = [attrs["src"] for tag, attrs in elements if tag == "script"]
    styles = [attrs["href"] for tag, attrs in elements if attrs.get("rel") == "stylesheet"]
    assert {*scripts, *styles} == {name for name in files if name}


def test_the_script_asks_for_relative_addresses_only() -> None:
    script = next(file.body.decode() for name, file in load().items() if re.match(r"page/page\..*\.js", name))
    assert 'fetch("now.json"' in script
    assert not re.search(r"""["'`]/|https?:""", script)


def test_every_element_that_the_script_looks_up_is_in_the_page() -> None:
    script = next(file.body.decode() for name, file in load().items() if re.match(r"page/page\..*\.js", name))
    _, elements = page()
    ids = {attrs["id"] for _, attrs in elements if "id" in attrs}
    assert set(re.findall(r'(?:at|stamp)\("([a-z-]+)"\)', script)) <= ids


def test_without_hls_js_the_page_is_whole_and_has_one_script() -> None:
    with_player = site(Sources(TEMPLATE, "a{}", "1", b"player"))
    without = site(Sources(TEMPLATE, "a{}", "1", None))
    assert with_player[""].body.count(b"<script") == 2
    assert without[""].body.count(b"<script") == 1
    assert len(without) == 3


def test_a_url_changes_with_its_content_and_may_then_be_cached_for_ever() -> None:
    one, two = (site(Sources(TEMPLATE, style, "1", None)) for style in ("a{}", "b{}"))
    assert {name for name, file in one.items() if file.lasting} != {name for name, file in two.items() if file.lasting}
    assert [name for name, file in one.items() if not file.lasting] == [""]


def colour(style: str, name: str) -> float:
    """The relative luminance of a custom property (WCAG 2.2)."""
    found = re.search(rf"--{name}: #([0-9a-f]{{6}})", style)
    assert found is not None
    parts = [int(found[1][at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", ["ground", "panel", "raised"])
@pytest.mark.parametrize("text", ["text", "soft", "accent", "alarm"])
def test_text_stands_out_from_its_ground(text: str, ground: str) -> None:
    style = next(file.body.decode() for name, file in load().items() if name.endswith(".css"))
    assert (colour(style, text) + 0.05) / (colour(style, ground) + 0.05) >= 4.5


def archive(member: str, content: bytes) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return data.getvalue()


def integrity(data: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def test_the_wanted_file_is_taken_out_of_a_package_with_the_right_digest() -> None:
    data = archive("package/dist/x.js", b"content")
    assert unpacked(data, Package("x", "1.0.0", integrity(data), "package/dist/x.js")) == b"content"


def test_a_package_with_another_digest_is_not_even_opened() -> None:
    data = archive("package/dist/x.js", b"content")
    with pytest.raises(NotBuilt, match=r"x 1\.0\.0 has integrity sha512-.* was expected"):
        unpacked(data, Package("x", "1.0.0", integrity(b"other"), "package/dist/x.js"))


def test_a_package_without_the_wanted_file_is_refused() -> None:
    data = archive("package/other.js", b"content")
    with pytest.raises(NotBuilt, match="has no file"):
        unpacked(data, Package("x", "1.0.0", integrity(data), "package/dist/x.js"))


def test_an_unknown_package_is_a_mistake_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jquery"]) == 2
    assert "hls.js | shaka-player" in capsys.readouterr().err


def test_versions_and_digests_are_pinned() -> None:
    for package in PACKAGES.values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", package.version)
        assert len(base64.b64decode(package.integrity.removeprefix("sha512-"))) == 64
    assert HLS.built.parent.name == f"hls.js-{HLS.version}"
