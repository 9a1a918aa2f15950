"""Breakpoints in the templates of Django and Jinja, options of debugpy: plain and through the proxy alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dap.client import over_stdio
from tests.dap.debugging import both, configured, finished, printed, top, written

Command = tuple[str, ...]

TEMPLATE = """\
<ul>
{% for item in items %}
  <li>{{ item }}</li>
{% endfor %}
</ul>
"""

JINJA = """\
from pathlib import Path

import jinja2

loader = jinja2.FileSystemLoader(Path(__file__).parent)
template = jinja2.Environment(loader=loader).get_template("page.html")
print(template.render(items=[4, 9]))
"""

DJANGO = """\
from pathlib import Path

import django
from django.conf import settings

engine = {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [Path(__file__).parent]}
settings.configure(DEBUG=True, TEMPLATES=[{**engine, "OPTIONS": {"debug": True}}])
django.setup()

from django.template.loader import get_template

print(get_template("page.html").render({"items": [4, 9]}))
"""


@both
@pytest.mark.parametrize(("option", "program"), [("jinja", JINJA), ("django", DJANGO)])
async def test_a_template_is_stopped_in(command: Command, option: str, program: str, tmp_path: Path) -> None:
    path = written(tmp_path, program)
    page = tmp_path / "page.html"
    page.write_text(TEMPLATE, encoding="utf-8")
    async with over_stdio(command=command) as client:
        await client.ask("initialize", adapterID="debugpy")
        start = client.post("launch", {"program": str(path), "console": "internalConsole", option: True})
        await configured(client, page, start, [{"line": 3}])
        thread = (await client.event("stopped"))["threadId"]
        here = await top(client, thread)
        assert (Path(here["source"]["path"]), here["line"]) == (page, 3)
        assert (await client.variables(here["id"]))["item"]["value"] == "4"
        await client.ask("setBreakpoints", source={"path": str(page)}, breakpoints=[])
        await finished(client, thread)
        assert "<li>9</li>" in printed(client)
