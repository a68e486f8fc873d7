"""Pages in headless Chromium: written into frames of a chosen width, measured and checked there, no driver between."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.bundle.model import Bundle
from reports.bundle.reading import make_bundle
from tests.reports.days import DAY, add_days
from tests.reports.published import META, MONTH, warehouse

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (390, 820, 1440)  # phone, tablet, desk

# A frame has the width that media queries see; a window of headless Chromium is never as narrow as a phone.
BENCH = """<!doctype html><meta charset="utf-8"><body><script>
const page = %(page)s, axe = %(axe)s, told = [];
async function check(width) {
  const frame = document.createElement("iframe");
  frame.width = width; frame.height = 900;
  const loaded = new Promise(done => frame.onload = done);
  frame.srcdoc = page;
  document.body.append(frame);
  await loaded;
  const doc = frame.contentDocument, root = doc.documentElement;
  const seen = {width, scroll: root.scrollWidth, scripts: doc.scripts.length};
  for (const folded of doc.querySelectorAll("details")) folded.open = true;
  seen.unfolded = root.scrollWidth;
  if (axe) {
    const script = doc.createElement("script");
    script.textContent = axe;
    doc.head.append(script);
    const found = await frame.contentWindow.axe.run(doc, {resultTypes: ["violations"]});
    seen.violations = found.violations.map(v => ({
      id: v.id, impact: v.impact, nodes: v.nodes.length, example: v.nodes[0].html.slice(0, 300)
    }));
  }
  told.push(seen);
  frame.remove();
}
(async () => {
  try { for (const width of %(widths)s) await check(width); } catch (error) { told.push({error: String(error)}); }
  const out = document.createElement("pre");
  out.id = "told"; out.textContent = JSON.stringify(told);
  document.body.append(out);
})();
</script></body>"""

Seen = list[dict[str, Any]]


@pytest.fixture(scope="session")
def issued() -> dict[str, Bundle]:
    """A bundle of each report."""
    with warehouse() as con:
        monthly = make_bundle(con, "service_quality", MONTH, META)
    with warehouse(()) as con:
        add_days(con)
        return {"service_quality": monthly, "daily_digest": make_bundle(con, "daily_digest", DAY, META)}


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser; a machine without one skips what needs it, and says so."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        pytest.skip("no Chromium on this machine: deploy/test-tools.sh installs it where it may")
    return found


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    if not AXE.is_file():
        pytest.skip("axe-core is not here: deploy/test-tools.sh, or npm ci in tests/browser")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def look(chromium: str, tmp_path: Path) -> Callable[..., Seen]:
    """Opens a page in frames of each width and tells what was measured there."""

    def looked(page: str, axe: str = "", widths: tuple[int, ...] = WIDTHS) -> Seen:
        def literal(text: str) -> str:
            return json.dumps(text).replace("</", "<\\/").replace("<!--", "<\\!--")

        bench = tmp_path / "bench.html"
        bench.write_text(
            BENCH % {"page": literal(page), "axe": literal(axe), "widths": json.dumps(widths)}, encoding="utf-8"
        )
        shown = subprocess.run(
            [
                chromium,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                f"--user-data-dir={tmp_path / 'profile'}",
                "--virtual-time-budget=300000",
                "--dump-dom",
                bench.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        found = re.search(r'<pre id="told">(.*?)</pre>', shown.stdout, flags=re.S)
        assert found, shown.stderr[-2000:]
        reported: Seen = json.loads(html.unescape(found.group(1)))
        return reported

    return looked
