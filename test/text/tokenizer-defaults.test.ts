import { expect, test } from "vitest";
import { tokenizerFromJSON } from "../../src/text/index.js";

// What a setting of tokenizer.json is where the file leaves it out: as in Hugging Face's tokenizers 0.23.2.

type Parts = Readonly<Record<string, unknown>>;

const model = (settings: Parts) => ({
  model: { type: "WordLevel", unk_token: "[UNK]", vocab: { "[UNK]": 0, a: 1, b: 2, "a ": 3, " b": 4, Ġb: 5, "▁a": 6, "▁b": 7 } },
  ...settings,
});
const added = (settings: Parts) =>
  model({ normalizer: { type: "Lowercase" }, added_tokens: [{ id: 9, content: "<M>", special: true, normalized: true, ...settings }] });
const bpe = (settings: Parts) => ({
  model: { type: "BPE", unk_token: "<unk>", vocab: { "<unk>": 0, a: 1, b: 2, ab: 3, "<0xC3>": 4, "<0xA9>": 5 }, merges: [], ...settings },
});

const cases: [name: string, fallback: boolean, file: (settings: Parts) => Parts, text: string][] = [
  ["lstrip", false, added, "a <m>b"],
  ["rstrip", false, added, "a<m> b"],
  ["single_word", false, added, "a<m>b"],
  ["normalized", false, added, "a<m>b"],
  ["normalized", true, (settings) => added({ special: false, ...settings }), "a<m>b"],
  ["special", false, added, "a<m>b"],
  ["fuse_unk", false, bpe, "aéé"],
  ["byte_fallback", false, bpe, "aé"],
  ["ignore_merges", false, bpe, "ab"],
  ["invert", false, (s) => model({ pre_tokenizer: { type: "Split", pattern: { String: " " }, behavior: "Removed", ...s } }), "a b"],
  ["use_regex", true, (s) => model({ pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, ...s } }), "a b"],
  ["split", true, (s) => model({ pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", ...s } }), "a b"],
];

test.each(cases)("%s is %s where it is left out", async (name, fallback, file, text) => {
  const read = async (settings: Parts) => {
    const tokenizer = await tokenizerFromJSON({ version: "1.0", added_tokens: [], ...file(settings) });
    const ids = Array.from(tokenizer.encode(text));
    return [ids, tokenizer.decode(ids)];
  };
  const expected = await read({ [name]: fallback });
  for (const absent of [undefined, null]) expect(await read({ [name]: absent })).toEqual(expected);
  expect(await read({ [name]: !fallback }), "the text shows the setting").not.toEqual(expected);
});
