"""Makes charsmap.json: a map that SentencePiece compiles from rules, and what Hugging Face's Precompiled normalizer makes of texts by it.

pip install tokenizers==0.23.2 sentencepiece==0.2.2; python charsmap.py
"""

import base64
import json
import pathlib
import random
import tempfile

import sentencepiece
from tokenizers import normalizers

RULES = [
    ("A", "a"), ("①", "1"), ("ﬁ", "fi"), ("e\u0301", "é"), ("\u00ad", ""), ("ab", "X"), ("abc", "Y"), ("가", "ga"), ("\u3000", " "),
    ("ｶﾞ", "ガ"), ("👍🏽", "up"), ("😀", ":)"), ("\u0300", ""), ("n\u0303", "ñ"), ("q\u0323\u0307", "Q"), ("\t", " "), ("न", "na"),
    ("Ⅳ", "IV"), ("z", "zz"), ("𝒳", "X"),
]
OTHERS = list("abceqzn xyzé\u0301\u0303\u0307\u0323\u200d🏽가나0\n\r") + ["e\u0301\u0300", "👩\u200d👩\u200d👧", "한", "\u1100\u1161", "क्षि"]


def fields(data):
    """The fields of a message of protocol buffers."""
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = number()
        size = {1: 8, 5: 4}.get(key & 7)
        if key & 7 == 0:
            yield key >> 3, number()
            continue
        size = number() if size is None else size
        yield key >> 3, data[at : at + size]
        at += size


def compiled():
    """SentencePiece's map of the rules: field 2 of the normalizer, which is field 3 of a model."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        spell = lambda text: " ".join(f"{ord(c):X}" for c in text)
        (folder / "rules.tsv").write_text("".join(f"{spell(a)}\t{spell(b)}\n" for a, b in RULES))
        (folder / "text").write_text("".join(f"the quick brown fox {i} jumps\n" for i in range(99)))
        sentencepiece.SentencePieceTrainer.train(
            input=str(folder / "text"), model_prefix=str(folder / "m"), vocab_size=50, hard_vocab_limit=False, minloglevel=2,
            normalization_rule_tsv=str(folder / "rules.tsv"),
        )  # fmt: skip
        model = dict(fields((folder / "m.model").read_bytes()))
        return dict(fields(model[3]))[2]


charsmap = compiled()
normalizer = normalizers.Precompiled(charsmap)
random.seed(3)
parts = [text for text, _ in RULES] + OTHERS
texts = parts + ["".join(random.choice(parts) for _ in range(random.randint(2, 8))) for _ in range(200)]
cases = [[text, normalizer.normalize_str(text)] for text in texts]
out = {"charsmap": base64.b64encode(charsmap).decode(), "cases": cases}
pathlib.Path(__file__).with_name("charsmap.json").write_text(json.dumps(out, ensure_ascii=False) + "\n")
