"""A third language is one .po and one entry of a list: shown with a made-up one, in a copy of the reports package."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

from foundation.declarations import metrics, models
from foundation.settings import DBT_PROJECT_DIR, REPOSITORY
from reports.bundle.model import Bundle
from reports.bundle.rows import Code, Warned
from reports.bundle.store import write_bundle
from reports.text.catalogue import messages
from reports.text.language import DATE_PATTERN, LARGE_CONTEXT

CODE = "eo"  # Babel knows its dates and numbers; every text is the English one in brackets
RENDER = f"""
import sys
from pathlib import Path
import reports
from orchestration.cli import report_diff
from foundation.settings import Mail
from reports.bundle.store import read_bundle
from reports.delivery.recipients import Recipient
from reports.page.archive import write_archive
from reports.page.render import render_html

home = Path(sys.argv[1])
assert Path(reports.__file__).is_relative_to(home), reports.__file__
(home / "page.html").write_text(render_html(read_bundle(home / "bundle.json"), "{CODE}"), encoding="utf-8")
print([path.name for path in write_archive(home / "issued")])
print(Mail(language="{CODE}").language, Recipient.model_fields["language"].annotation)
print([option.type.choices for option in report_diff.params if option.name == "language"])
"""


def run(home: Path, *arguments: str) -> str:
    """Runs Python in the copy and gives what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(home)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def bracketed(catalogue: Path) -> None:
    """Translates every message of a .po."""
    with catalogue.open("rb") as source:
        found = read_po(source, locale=CODE)
    for message in found:
        if message.id and message.context not in {DATE_PATTERN, LARGE_CONTEXT}:
            forms = message.id if isinstance(message.id, tuple) else (message.id,)
            said = tuple(f"⟨{form}⟩" for form in forms)
            message.string = said if isinstance(message.id, tuple) else said[0]
        elif message.id:
            message.string = message.id
    with catalogue.open("wb") as target:
        write_po(target, found)


@pytest.fixture
def home(bundle: Bundle, tmp_path: Path) -> Path:
    """A copy of the reports package and of the list with one more language; a bundle with names and a warning."""
    for package in ("foundation", "reports"):
        shutil.copytree(REPOSITORY / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "dbt_project").symlink_to(DBT_PROJECT_DIR)
    listed = tmp_path / "foundation" / "languages.py"
    text = listed.read_text(encoding="utf-8")
    listed.write_text(text.replace('Literal["en", "zh-CN"]', f'Literal["en", "zh-CN", "{CODE}"]'), encoding="utf-8")
    run(tmp_path, "-m", "reports.text.catalogue")  # lays the new .po
    bracketed(tmp_path / "reports" / "locales" / CODE / "LC_MESSAGES" / "kefu.po")
    reasons = [("reason 0", "Poor service", {}), ("reason 1", "Our own reason", {CODE: "Nia propra kialo"})]
    codes = tuple(
        Code(taxonomy="churn_reason_groups", dimension="reason", code=code, place=0, label=label, names=names)
        for code, label, names in reasons
    )
    message = next(m.text for m in messages() if m.context == "warning_messages" and "{first_month}" in m.text)
    warned = Warned(
        warning="months_not_kept",
        subject="orders",
        cases=3,
        message=str(message),
        first_month="2020-01",
        last_month="2021-03",
        months_kept=36,
    )
    declared = {metric["id"]: metric for _, model in models() for metric in metrics(model)}  # the very texts
    called = tuple(
        metric.model_copy(update={text: declared[metric.metric_id][text] for text in ("label", "definition")})
        for metric in bundle.metrics
    )
    reported = bundle.model_copy(update={"metrics": called, "codes": codes, "warnings": (warned,)})
    write_bundle(reported, tmp_path / "bundle.json")
    write_bundle(reported, tmp_path / "issued" / reported.folder / "bundle.json")
    return tmp_path


def test_a_third_language_is_one_catalogue_and_one_entry_of_a_list(bundle: Bundle, home: Path) -> None:
    archive, settings, option = run(home, "-c", RENDER, str(home)).splitlines()
    assert archive == f"['index.html', 'index.zh-CN.html', 'index.{CODE}.html']"
    assert settings == f"{CODE} typing.Literal['en', 'zh-CN', '{CODE}']"
    assert f"'{CODE}'" in option

    page = html.unescape((home / "page.html").read_text(encoding="utf-8"))
    text = re.sub(r"<[^>]+>", "|", page)
    assert f'<html lang="{CODE}"' in page
    said = {(message.context, message.text) for message in messages()}
    printed = {metric for metric in bundle.spec.metrics if bundle.figure(metric)}
    labels = {metric["label"] for _, model in models() for metric in metrics(model) if metric["id"] in printed}
    assert len(labels) > 50
    assert {label for label in labels if f"⟨{label}⟩" not in text} == set()
    assert "⟨Poor service⟩" in text
    assert "|Nia propra kialo|" in text  # as the company calls it
    assert "⟨Rows of 2020-01 to 2021-03, months before the 36 that are kept" in text

    # what is left outside the brackets is not English of ours
    while text != (text := re.sub(r"⟨[^⟨⟩]*⟩", "", text)):
        pass
    sentences = {str(text) for _, text in said if isinstance(text, str) and " " in text.strip() and "%(" not in text}
    assert len(sentences) > 700
    assert sorted(sentence for sentence in sentences if sentence.replace("%%", "%") in text) == []
