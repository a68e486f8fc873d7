"""Which encoding a text is in that states none and is no UTF-8: by what its writing would look like in each.

Statistics of languages err on the few words of a small export: they took Chinese for Korean. What is asked here instead
is whether nearly all characters are such as that writing is made of: the common half of the Chinese characters, kana,
the syllables of the Korean standard, letters with accents within words. Where none fits, or several do, a person is
asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

_FITS = 0.9  # share of what is not ASCII that must look as it should
_TELLING = 8  # different characters: so many are no accident
_SOME = 3  # usual syllables: so many are none either
_KOREAN, _NOT_KOREAN = 0.25, 0.1  # of different syllables in a text, the share that are usual ones
_USUAL_SYLLABLES = frozenset(
    "이다는을의에가고하지한로기사서도은를자어리해수나일정그시대인아보으있게장전부제상들구주니과거여스것라오우원안성면비할동"
    "년문조만습요세드합관연입되처화결품문불신내"
)
_RUN = re.compile(r"[^\x00-\x7f]+")
_WITHIN_WORDS = frozenset("’‘·´`\xad")  # signs that may stand between letters
_LONGEST_RUN = 3  # letters with accents, one after the other


@dataclass(frozen=True)
class _Run:
    """Characters that are not ASCII, between what is."""

    before: str
    text: str
    after: str

    @property
    def is_in_a_word(self) -> bool:
        return self.before.isalpha() or self.after.isalpha()


def likely_encodings(sample: bytes) -> list[str]:
    """The encodings that the sample may be in, of those that are known here: one if all is well."""
    found = [encoding for encoding, looks in _WRITINGS.items() if _share(sample, encoding, looks) >= _FITS]
    if "cp949" in found and len(found) > 1:
        # by their bytes, all syllables of Korean are common characters of Chinese, and half of those are syllables
        syllables = {character for run in _runs(sample.decode("cp949")) for character in run.text}
        usual = len(syllables & _USUAL_SYLLABLES)
        if usual >= _SOME and usual >= _KOREAN * len(syllables):
            return ["cp949"]
        if len(syllables) >= _TELLING and usual <= _NOT_KOREAN * len(syllables):
            found.remove("cp949")
    return found


def _share(sample: bytes, encoding: str, looks: Callable[[_Run], int]) -> float:
    """The share of the characters beyond ASCII that look as they should; 0 where the bytes are not in the encoding."""
    try:
        runs = list(_runs(sample.decode(encoding)))
    except UnicodeDecodeError:
        return 0
    total = sum(len(run.text) for run in runs)
    return sum(looks(run) for run in runs) / total if total else 0


def _runs(text: str) -> Iterator[_Run]:
    for found in _RUN.finditer(text):
        yield _Run(text[max(found.start() - 1, 0) : found.start()], found[0], text[found.end() : found.end() + 1])


def _western(run: _Run) -> int:
    """Signs between words, letters with accents within them or one alone."""
    letters = [character for character in run.text if character.isalpha()]
    if not letters:
        is_between_letters = run.before.isalpha() and run.after.isalpha()
        return len(run.text) if not is_between_letters or set(run.text) <= _WITHIN_WORDS else 0
    is_shouted = run.before.islower() and any(letter.isupper() for letter in letters)
    is_short = len(letters) <= _LONGEST_RUN and (run.is_in_a_word or len(letters) == 1)
    return len(run.text) if is_short and not is_shouted else 0


def _of(standard: str, *rows: tuple[int, int]) -> Callable[[_Run], int]:
    """Characters that a standard of two bytes has in some ranges of them."""

    def looks(run: _Run) -> int:
        if len(run.text) == 1 and run.before.islower():
            return 0  # a letter with an accent and the one after it, taken for one character
        return sum(_is_common(character) for character in run.text)

    @cache
    def _is_common(character: str) -> bool:
        try:
            code = int.from_bytes(character.encode(standard), "big")
        except UnicodeEncodeError:
            return False
        return any(first <= code <= last for first, last in rows)

    return looks


def _with_kana(looks: Callable[[_Run], int]) -> Callable[[_Run], int]:
    """Of Japanese, of which hardly a run of characters has no kana; without any, it may as well be Chinese."""

    def with_kana(run: _Run) -> int:
        return looks(run) if any("\u3041" <= character <= "\u30fe" for character in run.text) else 0

    return with_kana


_WRITINGS: dict[str, Callable[[_Run], int]] = {
    "gb18030": _of(
        "gb2312", (0xA1A1, 0xA3FE), (0xB0A1, 0xD7F9)
    ),  # signs; the common half, in the order of their sounds
    "big5": _of("big5", (0xA140, 0xA3BF), (0xA440, 0xC67E)),
    "cp932": _of("shift_jis", (0x8140, 0x8396), (0x889F, 0x9872)),  # signs and kana; the common half
    "euc_jp": _with_kana(_of("euc_jp", (0xA1A1, 0xA5F6), (0xB0A1, 0xCFD3))),
    "cp949": _of("euc_kr", (0xA1A1, 0xA3FE), (0xB0A1, 0xC8FE)),  # signs; all syllables of the standard
    "cp1252": _western,
}
