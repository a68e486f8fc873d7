"""Names that companies write in two scripts ("青岛海滨店 Qingdao Seaside"): a reader gets the part in theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from babel import Locale

LONGEST = 120  # characters of a name that is looked into
_HAN = "\u3400-\u9fff\uf900-\ufaff"
_LATIN = "A-Za-z\u00c0-\u024f"
_HAN_PART = f"(?P<han>[{_HAN}][^{_LATIN}]*[{_HAN}][^{_LATIN}]*?)"
_LATIN_PART = f"(?P<latin>[{_LATIN}][^{_HAN}]*[{_LATIN}][^{_HAN}]*?)"
_BETWEEN = r"\s*[\s/|·(（]\s*"
_TWO_SCRIPTS = tuple(
    re.compile(rf"{first}{_BETWEEN}{second}[)）]?")
    for first, second in ((_HAN_PART, _LATIN_PART), (_LATIN_PART, _HAN_PART))
)


def own_part(names: Iterable[str], locale: Locale) -> dict[str, str]:
    """Each name as a reader of that language reads it: in part, where most of the names are written in two scripts and
    their parts in the reader's tell all of them apart; else whole."""
    known = list(dict.fromkeys(names))
    script = _script(locale)
    parts = {name: found.group(script) for name in known if script and (found := _two(name))}
    read = {name: parts.get(name, name) for name in known}
    is_custom = 2 * len(parts) >= len(known) and len(set(read.values())) == len(known)
    return read if is_custom else {name: name for name in known}


def _two(name: str) -> re.Match[str] | None:
    if len(name) > LONGEST or not (re.search(f"[{_HAN}]", name) and re.search(f"[{_LATIN}]", name)):
        return None
    return next((found for pattern in _TWO_SCRIPTS if (found := pattern.fullmatch(name))), None)


def _script(locale: Locale) -> str:
    """Of a language, by how it writes its own name; empty where that is neither."""
    name = locale.get_language_name() or ""
    if re.search(f"[{_HAN}]", name):
        return "han"
    return "latin" if re.search(f"[{_LATIN}]", name) else ""
