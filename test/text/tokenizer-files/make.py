"""Makes cases.json: tokenizer.json files, one for each setting of the format, with the ids and texts that Hugging Face's tokenizers gives.

pip install tokenizers==0.23.2; python make.py
"""
import json
from pathlib import Path

from tokenizers import Tokenizer, pre_tokenizers

TEXTS = [
    "abc", "a\u200db", "users user", " user,user ", "ab ab  abab", "Zürich नमस्ते 日本語", "ΟΔΟΣ οδος", "İstanbul", "\ufeffa b\ufeff",
    "a\u0085b\u00a0c", "it's IT'S '\u017f K'\u212a don't", "12 345½ ²Ⅷ १२", "<m> a <m>b <mm>", "  <m>  x  ", "x<n>y <N>", "▁a ▁▁b a▁b",
    "😀 é e\u0301", "\ttab\nnew\r\n", "a,b!c?؟$+`", "Hello WORLD", "", "   ", "a ", "aaaa bbbb", "\u0000\ufffd\u00ad", "<0x41> <unk> </s>",
    "ﬁ ① Å ＡＢ हिन्दी", "a-b-c--d", "user_x éuser",
]
CHARACTERS = ["<unk>", *"abcdehlmnorsuwxyzé▁Ġ<>' 1289,中日"]
WORDS = ["ab", "abc", "user", "users", "hello", "##b", "##c", "##ab", "▁a", "▁ab", "Ġa", "Ġab", "Ġuser", "οδοσ", "οδος", "中文", "e\u0301",
         "##s", "zurich", "Zürich", "zu", "12", "##2", "it", "<0xC3>", "<0xA9>", "b</w>", "c</w>", "ab</w>", "x▁", "▁▁"]
VOCAB = {token: i for i, token in enumerate([*CHARACTERS, *WORDS])}
MERGES = [["a", "b"], ["ab", "c"], ["Ġ", "a"], ["Ġ", "ab"], ["▁", "a"], ["▁", "ab"], ["ab", "a"], ["Ġa", "b"], ["x", "▁"], ["▁", "▁"], ["1", "2"]]
MERGES = [[a, b] for a, b in MERGES if a + b in VOCAB]


def bpe(**settings):
    return {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None,
            "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": VOCAB, "merges": MERGES, **settings}


def word_piece(**settings):
    return {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": VOCAB, **settings}


def unigram(**settings):
    return {"type": "Unigram", "unk_id": 0, "byte_fallback": False, "vocab": [[t, -1 - (i * 7 % 11) / 4] for t, i in VOCAB.items()], **settings}


WORD_LEVEL = {"type": "WordLevel", "unk_token": "<unk>", "vocab": VOCAB}
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
BERT = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
BLANKS = {"type": "WhitespaceSplit"}


def added(content, at=0, **settings):
    return {"id": VOCAB.get(content, len(VOCAB) + at), "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": False, **settings}


def split(behavior, invert=False, **pattern):
    return {"type": "Split", "pattern": pattern or {"String": "a"}, "behavior": behavior, "invert": invert}


GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
cases = {}


def case(name, **parts):
    file = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
            "post_processor": None, "decoder": None, "model": bpe(), **parts}
    made = Tokenizer.from_str(json.dumps(file))
    rows = []
    for text in TEXTS:
        ids = made.encode(text, add_special_tokens=False).ids
        rows.append([text, ids, made.decode(ids, skip_special_tokens=False)])
    cases[name] = {"file": {k: v for k, v in parts.items()}, "rows": rows}


# Models
case("BPE")
for setting in [{"unk_token": None}, {"fuse_unk": True}, {"byte_fallback": True}, {"byte_fallback": True, "fuse_unk": True}, {"ignore_merges": True},
                {"continuing_subword_prefix": "##", "merges": [["a", "##b"], ["ab", "##c"]]}, {"end_of_word_suffix": "</w>", "merges": [["a", "b</w>"]]},
                {"dropout": 0.0}, {"merges": list(reversed(MERGES))}]:
    case(f"BPE {json.dumps(setting)}", model=bpe(**setting), pre_tokenizer=BLANKS)
BYTES = {character: i for i, character in enumerate([*sorted(pre_tokenizers.ByteLevel.alphabet()), "ab", "abc", "Ġa", "Ġab"])}
case("BPE of bytes", model=bpe(unk_token=None, vocab=BYTES, merges=[["a", "b"], ["ab", "c"], ["Ġ", "a"], ["Ġ", "ab"]]), pre_tokenizer=BYTE_LEVEL, decoder=BYTE_LEVEL)
for setting in [{}, {"max_input_chars_per_word": 2}, {"continuing_subword_prefix": "▁"}, {"continuing_subword_prefix": ""}]:
    case(f"WordPiece {json.dumps(setting)}", model=word_piece(**setting), pre_tokenizer=BLANKS)
case("WordLevel", model=WORD_LEVEL, pre_tokenizer=BLANKS)
for setting in [{}, {"byte_fallback": True}, {"unk_id": 3}]:
    case(f"Unigram {json.dumps(setting)}", model=unigram(**setting))

# Normalizers
for setting in [{}, {"clean_text": False}, {"handle_chinese_chars": False}, {"strip_accents": False}, {"strip_accents": True, "lowercase": False}, {"lowercase": False}]:
    case(f"BertNormalizer {json.dumps(setting)}", model=word_piece(), normalizer={**BERT, **setting}, pre_tokenizer={"type": "BertPreTokenizer"})
for name in ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel"]:
    case(name, normalizer={"type": name})
for left in [True, False]:
    for right in [True, False]:
        case(f"Strip {left} {right}", normalizer={"type": "Strip", "strip_left": left, "strip_right": right})
case("Replace a string", normalizer={"type": "Replace", "pattern": {"String": "."}, "content": "$1"})
case("Replace a pattern", normalizer={"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": "▁"})
case("Prepend", normalizer={"type": "Prepend", "prepend": "▁"})
case("Sequence of normalizers", normalizer={"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]})

# Pre-tokenizers
for prefix in [True, False]:
    for pattern in [True, False]:
        case(f"ByteLevel {prefix} {pattern}", model=unigram(), pre_tokenizer={**BYTE_LEVEL, "add_prefix_space": prefix, "use_regex": pattern})
for name in ["BertPreTokenizer", "Whitespace", "WhitespaceSplit"]:
    case(name, model=WORD_LEVEL, pre_tokenizer={"type": name})
case("CharDelimiterSplit", model=WORD_LEVEL, pre_tokenizer={"type": "CharDelimiterSplit", "delimiter": "-"})
for each in [True, False]:
    case(f"Digits {each}", model=WORD_LEVEL, pre_tokenizer={"type": "Digits", "individual_digits": each})
case("FixedLength", model=word_piece(), pre_tokenizer={"type": "FixedLength", "length": 2})
for scheme in ["always", "first", "never"]:
    for cut in [True, False]:
        case(f"Metaspace {scheme} {cut}", added_tokens=[added("<m>")],
             pre_tokenizer={"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": cut},
             decoder={"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": cut})
for behavior in ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]:
    case(f"Punctuation {behavior}", model=word_piece(), pre_tokenizer={"type": "Punctuation", "behavior": behavior})
    for invert in [True, False]:
        case(f"Split {behavior} {invert}", model=unigram(), pre_tokenizer=split(behavior, invert))
case("Split by GPT-4's pattern", model=unigram(), pre_tokenizer=split("Isolated", Regex=GPT4))
case("Sequence of pre-tokenizers", model=WORD_LEVEL,
     pre_tokenizer={"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}, {"type": "Digits", "individual_digits": True}, split("Isolated", Regex="[bc]")]})

# Added tokens
for setting in [{}, {"single_word": True}, {"lstrip": True}, {"rstrip": True}, {"lstrip": True, "rstrip": True}, {"normalized": True}, {"special": True}]:
    case(f"added tokens {json.dumps(setting)}", normalizer={"type": "Lowercase"}, pre_tokenizer=BLANKS,
         added_tokens=[added("user", **setting), added("<m>", **setting), added("<n>", 1, **setting), added("<mm>", 2, **setting)])

# Lengths
for direction in ["Left", "Right"]:
    case(f"truncation {direction}", truncation={"direction": direction, "max_length": 3, "strategy": "LongestFirst", "stride": 0})
    for strategy in ["BatchLongest", {"Fixed": 6}]:
        case(f"padding {direction} {strategy}", padding={"strategy": strategy, "direction": direction, "pad_to_multiple_of": 4, "pad_id": 2,
                                                         "pad_type_id": 0, "pad_token": "b"})

# Decoders
for decoder in [
    {"type": "WordPiece", "prefix": "##", "cleanup": True}, {"type": "WordPiece", "prefix": "##", "cleanup": False}, {"type": "BPEDecoder", "suffix": "</w>"},
    {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
    {"type": "CTC", "pad_token": "a", "word_delimiter_token": "b", "cleanup": True}, {"type": "CTC", "pad_token": "a", "word_delimiter_token": "b", "cleanup": False},
    {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
                                      {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
]:
    case(f"decoder {json.dumps(decoder, ensure_ascii=False)}", model=bpe(byte_fallback=True), decoder=decoder)

parts = {"vocab": VOCAB, "merges": MERGES}


def short(value):
    """The file without what all share."""
    if isinstance(value, dict):
        return {k: ("VOCAB" if v is VOCAB else "MERGES" if v is MERGES else short(v)) for k, v in value.items()}
    return [short(v) for v in value] if isinstance(value, list) else value


lines = [f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(short(made), ensure_ascii=False, separators=(',', ':'))}" for name, made in cases.items()]
out = Path(__file__).with_name("cases.json")
out.write_text("{" + f'"parts": {json.dumps(parts, ensure_ascii=False)},\n"cases": {{\n' + ",\n".join(lines) + "\n}}\n")
print(len(cases), "files,", out.stat().st_size, "bytes")
