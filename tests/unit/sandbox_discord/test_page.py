"""The page is whole: what its files name exists, and nothing comes from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import dbsbm.sandbox.discord

PAGE = Path(dbsbm.sandbox.discord.__file__).parent / "page"
SCRIPTS = sorted(PAGE.glob("*.js"))
HTML = (PAGE / "index.html").read_text("utf-8")


def test_every_file_the_page_asks_for_is_there():
    named = set(re.findall(r'"/page/([\w.]+)"', HTML))
    for script in SCRIPTS:
        named |= set(re.findall(r'from "\./([\w.]+)"', script.read_text("utf-8")))

    assert {p.name for p in SCRIPTS} <= named
    assert all((PAGE / name).is_file() for name in named)


def test_every_element_a_script_looks_up_is_in_the_page():
    ids = set(re.findall(r'id="([\w-]+)"', HTML))
    for script in SCRIPTS:
        text = script.read_text("utf-8")
        looked_up = set(re.findall(r'(?:\$|getElementById)\("([\w-]+)"\)', text))
        assert looked_up <= ids, script.name


def test_every_name_a_script_imports_is_exported():
    for script in SCRIPTS:
        imports = re.findall(r'import \{([^}]+)\} from "\./([\w.]+)"', script.read_text("utf-8"))
        for names, source in imports:
            exported = (PAGE / source).read_text("utf-8")
            for name in map(str.strip, names.split(",")):
                pattern = rf"export (?:async )?(?:function|const|class) {re.escape(name)}(?!\w)"
                assert re.search(pattern, exported), f"{script.name}: {name} from {source}"


def test_nothing_is_loaded_from_another_server():
    for file in PAGE.iterdir():
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"""(?:src|href|url|import|from)\W{1,3}https?://""", text), file.name


def test_scripts_never_build_html_from_text():
    for script in SCRIPTS:
        text = script.read_text("utf-8")
        for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert unsafe not in text, script.name


def test_the_banner_says_what_this_is():
    assert "Local stand-in for Discord:" in HTML
    assert "nothing leaves this machine" in HTML
