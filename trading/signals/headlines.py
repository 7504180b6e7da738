"""How a headline reads for a company: negative, neutral or positive, by a small linear model that needs no network.

    features   one, two or three words in a row, and pieces of 3 to 5 letters inside words, each hashed (CRC-32) into
               2**16 places; the company's own name is one word, whatever it is, and so is every number
    weights    soft-max regression, trained by ``evals/sentiment/train.py``, a byte each, in ``headlines.npz``

It was trained on SEntFiN 1.0 (A. Sinha et al., 2022, MIT licence): Indian headlines of one line. It knows words and no
facts, reads no irony and no arithmetic, and nothing in Sage trades on it. Texts must have been cleaned before; letters
of other alphabets that look like Latin ones are folded here, because only a reader of English may do so.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from math import log1p
from typing import Literal, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Label = Literal["negative", "neutral", "positive"]
LABELS: tuple[Label, ...] = ("negative", "neutral", "positive")
PLACES = 2**16
_NAME = "xname"
_WORD = re.compile(r"[a-z0]+|[%$&]")
_LOOKS_LIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u0432\u043a\u043c\u043d\u0442"
    "\u03b1\u03b5\u03bf\u03c1\u03b9\u03bd\u03c4\u03ba\u0131\u0261",
    "aeopcyxijshdqwbkmhtaeopivtkig",
)


class Reading(NamedTuple):
    """The likeliest label, and the share given to each, in the order of ``LABELS``."""

    label: Label
    shares: tuple[float, float, float]


class Model(NamedTuple):
    """``weights`` is (labels, places) and ``bias`` (labels,)."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]


@lru_cache(maxsize=1)
def shipped() -> Model:
    """The model that ships with the code."""
    with resources.files("trading.signals").joinpath("headlines.npz").open("rb") as file:
        # Arrays alone: a pickle in the file would run as code.
        kept = np.load(file, allow_pickle=False)
        weights = kept["weights"].astype(np.float32) * kept["step"]
        return Model(weights.astype(np.float32), kept["bias"].astype(np.float32))


def read(headline: str, name: str = "", model: Model | None = None) -> Reading:
    """How a cleaned headline reads for the company called ``name`` in it; for nobody in particular without a name."""
    weights, bias = model or shipped()
    places, counts = features(headline, name)
    shares = softmax(weights[:, places] @ counts + bias)
    label = LABELS[int(shares.argmax())]
    return Reading(label, (float(shares[0]), float(shares[1]), float(shares[2])))


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares of one that grow with the scores, along the first axis."""
    # The largest is taken off first, because exp of a large score is infinite.
    raised = np.exp(scores - scores.max(axis=0))
    shares: NDArray[np.float32] = raised / raised.sum(axis=0)
    return shares


def features(headline: str, name: str = "") -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Places and their weights, the vector of length 1."""
    words = words_of(headline, name)
    names = [f"w {word}" for word in words]
    names += [f"p {first} {second}" for first, second in zip(("^", *words), (*words, "$"), strict=True)]
    names += [f"t {a} {b} {c}" for a, b, c in zip(words, words[1:], words[2:], strict=False)]
    names += [f"c {piece}" for word in words if word != _NAME for piece in _pieces(f"<{word}>")]
    found: dict[int, int] = {}
    for each in names:
        # Not ``hash``, which is salted anew in every process: the places are those of the training.
        place = crc32(each.encode()) % PLACES
        found[place] = found.get(place, 0) + 1
    places = np.fromiter(found, dtype=np.int64, count=len(found))
    counts = np.array([log1p(count) for count in found.values()], dtype=np.float32)
    return places, counts / max(float(np.linalg.norm(counts)), 1e-9)


def words_of(headline: str, name: str = "") -> list[str]:
    """The words of a headline in small Latin letters, with the company's name as one word of its own."""
    text = headline.lower().translate(_LOOKS_LIKE)
    wanted = name.lower().translate(_LOOKS_LIKE).strip()
    if wanted:
        text = text.replace(wanted, f" {_NAME} ")
    text = re.sub(r"\d+(?:[.,]\d+)*", "0", text.replace("'", "").replace("\u2019", ""))
    return _WORD.findall(text)


def _pieces(word: str) -> list[str]:
    return [word[start : start + size] for size in (3, 4, 5) for start in range(len(word) - size + 1)]
