"""The languages that reports speak: the one list of them.

Each but the first has a catalogue of translations in locales/. The first is the one that texts are written in: in code,
templates, report.yml, the models' yml and the seeds.
"""

from __future__ import annotations

from typing import Literal, get_args

LanguageCode = Literal["en", "zh-CN"]
LANGUAGES: tuple[LanguageCode, ...] = get_args(LanguageCode)
SOURCE: LanguageCode = LANGUAGES[0]
