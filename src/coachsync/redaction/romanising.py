"""How a name sounds when it is written in another alphabet: one key for the ways in which English, French and German
write it.

The key is coarse, and only compared across alphabets: "Юрий" is Yuri, Iouri and Juri; two words in Latin letters are
never compared by it. Where a script writes no vowels (Arabic, Hebrew), or not all of them (Devanagari), consonants
alone are compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from anyascii import anyascii

_VARIANTS = 32  # readings of one word: each doubtful letter doubles them

# Letters by how they sound; of several sounds each is tried. X: sh, ch, zh... of all kinds; C: ts.
_UNITS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("schtsch", "shch", "chtch", "shtch", "tsch", "sch", "tch", "sh", "zh", "dzh", "dj"), ("X",)),
    "ch": ("X", "h", "k"), "kh": ("h", "k"), "gh": ("g",), "ph": ("f",), "th": ("t",), "dh": ("d",),
    "ts": ("C",), "tz": ("C",), "ck": ("k",), "q": ("k",), "x": ("ks",), "c": ("k", "C", "s"), "j": ("i", "X"),
    "w": ("v", "o"), "z": ("z", "C"), "y": ("i",), "e": ("i",), "u": ("o",), "gue": ("gi",), "gui": ("gi",),
}  # fmt: skip
_UNIT = re.compile("|".join(sorted(_UNITS, key=len, reverse=True)) + "|[a-z]")
_HARD_C = re.compile("(?<!s)c(?![eiyhzk])")
_DOUBLED = re.compile(r"(.)\1+")
_GLIDE = re.compile(r"(?<=[^aio])io")  # "Dyupon", "Liubov"
_VOWELS = re.compile(r"[aio]")

# How a name in Latin letters sounds in French and in German, as those write it who have heard it.
_FRENCH = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"e?aux?", "o"), (r"[ae]i", "e"), (r"oi", "ua"), (r"gn", "n"), (r"qu", "k"), (r"ch", "sh"), (r"ille", "iy"),
        (r"(?<=..)es?$", ""), (r"(?<=...)[tdspxz]$", ""),
    )
)  # fmt: skip
_GERMAN = ((re.compile("ei"), "ai"), (re.compile("eu|aeu"), "oi"), (re.compile("z"), "ts"))
_GREEK = (("ου", "u"), ("γγ", "ng"), ("γκ", "g"), ("μπ", "b"), ("ντ", "d"), ("ευ", "ev"), ("αυ", "av"))
# Korean surnames are written as their families do.
_SURNAMES = {
    "gim": ("kim",), "i": ("lee", "yi", "rhee"), "bag": ("park", "pak"), "choe": ("choi",), "jeong": ("jung", "chung"),
    "jo": ("cho",), "gang": ("kang",), "im": ("lim",), "sin": ("shin",), "no": ("roh",), "gwon": ("kwon",),
}  # fmt: skip
_KOREAN = ((re.compile("y?eo|you"), "o"), (re.compile("ui|ee"), "i"), (re.compile("eu|ae|oe"), "e"))
_SYLLABLE = re.compile("[A-Z][a-z']*")

_LATIN = re.compile("[A-Za-z\u00aa-\u024f\u1e00-\u1eff]+")
_GREEK_LETTER = re.compile("[\u0370-\u03ff]")
_BY_SYLLABLES = re.compile("[\u3400-\u9fff\uac00-\ud7a3]+")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_CONSONANTS = re.compile("[\u0590-\u06ff\u0900-\u097f]")


def is_latin(word: str) -> bool:
    """Whether a word is written in Latin letters alone."""
    return _LATIN.fullmatch(word) is not None


def is_by_syllables(word: str) -> bool:
    """Whether a word is written in Chinese characters or in Hangul, which have no spaces between names."""
    return _BY_SYLLABLES.fullmatch(word) is not None


def lacks_vowels(word: str) -> bool:
    """Whether the script of a word leaves vowels out."""
    return _CONSONANTS.search(word) is not None


@lru_cache(maxsize=1 << 14)
def keys(word: str) -> frozenset[str]:
    """How a word of any alphabet may sound."""
    if is_latin(word):
        latin = anyascii(word).lower()
        return frozenset(
            key for spoken in (latin, _said(latin, _FRENCH), _said(latin, _GERMAN)) for key in _keys(spoken)
        )
    spelt = (word, word.lower().replace("ё", "йо")) if "ё" in word.lower() else (word,)
    return frozenset(key for one in spelt for key in _keys(_ascii(one)))


@lru_cache(maxsize=1 << 14)
def skeletons(word: str) -> frozenset[str]:
    """The consonants of a word, without those that are vowels to others (y, w) and a last h."""
    latin = _ascii(word)
    spoken = re.sub("[yw]", "", latin)
    whole = not lacks_vowels(word)
    if word.startswith("ال"):  # the article
        return _bare(spoken, whole=whole) | _bare(spoken[1:], whole=whole)
    return _bare(spoken, whole=whole)


def syllables(word: str) -> tuple[str, ...]:
    """A run of Chinese characters or Hangul, syllable by syllable, lower case."""
    return tuple(syllable.lower().strip("'") for syllable in _SYLLABLE.findall(anyascii(word)))


def korean(word: str) -> frozenset[str]:
    """How a Korean name, or a part of one in Latin letters, may sound: what is voiced and what is not is one."""
    spoken = _said(anyascii(word).lower(), _KOREAN)
    return frozenset(key.translate(str.maketrans("gdbr", "ktpl")) for key in _keys(spoken))


def family(surname: str) -> tuple[str, ...]:
    """The ways in which Koreans of this surname (romanised letter by letter) write it."""
    return (surname, *_SURNAMES.get(surname, ()))


def is_hangul(word: str) -> bool:
    """Whether there is Hangul in a word."""
    return _HANGUL.search(word) is not None


def _ascii(word: str) -> str:
    word = word.lower()
    if _GREEK_LETTER.search(word):
        decomposed = unicodedata.normalize("NFD", word)
        word = "".join(sign for sign in decomposed if unicodedata.category(sign) != "Mn")
        for letters, sound in _GREEK:
            word = word.replace(letters, sound)
    return re.sub("[^a-z]", "", anyascii(word).lower())


def _said(latin: str, rules: Iterable[tuple[re.Pattern[str], str]]) -> str:
    for pattern, sound in rules:
        latin = pattern.sub(sound, latin)
    return latin


def _spoken(latin: str) -> list[str]:
    found = [""]
    for unit in _UNIT.findall(_HARD_C.sub("k", latin)):
        found = [start + sound for start in found for sound in _UNITS.get(unit, (unit,))][:_VARIANTS]
    return found


def _keys(latin: str) -> frozenset[str]:
    return frozenset(_GLIDE.sub("o", _DOUBLED.sub(r"\1", key)) for key in _spoken(latin))


def _bare(latin: str, *, whole: bool) -> frozenset[str]:
    """The consonants; where vowels are written (`whole`), a doubled one is one."""
    bare = {_VOWELS.sub("", key).replace("X", "s") for key in (_keys(latin) if whole else _spoken(latin))}
    return frozenset(key.removesuffix("h") for one in bare for key in (one, one.replace("v", "")))
