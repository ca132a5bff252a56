"""The OpenAPI document: valid, whole, and about the API that runs; and the pages that show it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from clients import running
from openapi_spec_validator import OpenAPIV31SpecValidator
from things import Bench

from control_api import openapi, swagger
from control_api.app import OPERATIONS
from control_api.problems import KINDS
from control_api.resources import RESOURCES
from control_api.scopes import Scope

if TYPE_CHECKING:
    from pathlib import Path

    from clients import Client

    from control_api.operation import Operation
    from control_api.settings import Settings


def test_the_document_is_valid() -> None:
    document = openapi.document((*RESOURCES, *Bench().operations()))
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert document["openapi"] == "3.1.0"


async def test_the_document_has_every_operation_and_no_other(client: Client) -> None:
    found = {
        (method.upper(), path, operation["operationId"])
        for path, methods in client.document["paths"].items()
        for method, operation in methods.items()
    }
    operations = client.app[OPERATIONS]
    assert found == {(one.declared.method, one.template, one.declared.name) for one in operations}
    assert len({name for _, _, name in found}) == len(operations)


async def test_every_operation_names_its_right_and_documents_what_may_go_wrong(client: Client) -> None:
    for operation in client.app[OPERATIONS]:
        said = client.document["paths"][operation.template][operation.declared.method.lower()]
        closed = [{"bearer": rights(operation)}, {"session": rights(operation)}]
        assert said["security"] in ([], closed)
        assert said["security"] == [] or {"401", "403"} <= said["responses"].keys()
        assert {"400", "500", "503"} <= said["responses"].keys()
        assert said["summary"][0].isupper()
        assert not said["summary"].endswith(".")


def rights(operation: Operation) -> list[str]:
    return [operation.declared.scope] if isinstance(operation.declared.scope, Scope) else []


async def test_no_model_of_input_takes_what_nobody_knows(client: Client) -> None:
    for methods in client.document["paths"].values():
        for operation in methods.values():
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                schema = content["schema"]
                while "$ref" in schema:
                    schema = client.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
                closed = schema.get("additionalProperties") is False or "else" in schema  # each way is closed by itself
                is_alias = kind == "multipart/form-data" and operation["tags"] == ["Aliases"]
                assert is_alias or closed or schema["type"] == "string"


async def test_nothing_in_the_document_is_left_over(client: Client) -> None:
    text = json.dumps(client.document)
    used = set(re.findall(r"#/components/schemas/([A-Za-z_0-9]+)", text))
    named = set(client.document["components"]["schemas"])
    parameters = {name for name in named if name.endswith(("Query", "Path", "Headers"))}
    assert named - used <= parameters


async def test_the_page_of_the_reference_needs_no_other_server(client: Client) -> None:
    for path in ("/docs", "/api-docs"):
        found = await client.get(path)
        text = found.body.decode()
        links = re.findall(r"""(?:src|href)=["']([^"']+)["']""", text)
        assert links, path
        for link in links:
            assert "//" not in link, path
            await client.get(f"/{link}")
        assert "script-src 'self';" in found.headers["Content-Security-Policy"], path


def test_where_the_page_was_not_built_it_says_so(tmp_path: Path) -> None:
    text = swagger.page(tmp_path).decode()
    assert "was not fetched" in text
    assert "href='openapi.json'" in text
    assert swagger.file(swagger.SCRIPT.built.name, tmp_path) is None
    assert swagger.file("start.js", tmp_path) is not None
    for package in (swagger.SCRIPT, swagger.STYLE):
        package.at(tmp_path).parent.mkdir(exist_ok=True)
        package.at(tmp_path).write_bytes(b"built")
    assert "was not fetched" not in swagger.page(tmp_path).decode()
    found = swagger.file(swagger.SCRIPT.built.name, tmp_path)
    assert found == swagger.File(b"built", "text/javascript")


async def test_the_page_can_be_switched_off(settings: Settings) -> None:
    async with running(settings.model_copy(update={"docs": False})) as client:
        await client.get("/docs", 404)
        await client.get("/openapi.json")


async def test_every_type_of_problem_explains_itself(client: Client) -> None:
    for kind in KINDS.values():
        page = (await client.get(kind.uri)).body.decode()
        assert kind.title in page
    await client.get("/problems/unheard-of", 404)
