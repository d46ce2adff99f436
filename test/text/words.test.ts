import { describe, expect, test } from "vitest";
import { readProbes } from "../../src/text/dictionary.js";
import { BagOfWords, tokenizerFromJSON, WordSplitter, WordTokenizer } from "../../src/text/index.js";
import { wordSegments } from "../../src/text/word-break.js";
import { expectError } from "../helpers/errors.js";

/** Segments between bars; the rules of Unicode alone, without a dictionary. */
const rules: readonly (readonly [rule: string, segments: string])[] = [
  ["WB3, WB3a, WB3b", "a|\r\n|\n|\u0085|\u0301|b"],
  ["WB3c", "👨‍👩‍👧‍👦|👍🏽|❤️‍🔥|☎️"],
  ["WB3d", "a|  |b| \u0308| |c"],
  ["WB4", "e\u0301te\u0301|,|nai\u0308ve| |soft\u00adhyphen|-\u0301|a"],
  ["WB5", "straße|،|عربية|،|हिन्दी|।|한국어|,|தமிழ்|—|ﬁﬂ"],
  ["WB6, WB7", "node.js|,|l·l|,|don't|,|aujourd’hui|,|a:b|,|a.\u0301b|,|a|.|.|b|,|a|:|1"],
  ["WB7a", "ג'|\"|א|,|ג'ירפה|,|a|'|\""],
  ["WB7b, WB7c", 'צה"ל|,|a|"|b|,|א|"|1'],
  ["WB8 to WB10", "192|,|v1.2|.|a3b4c|,|2024년|,|½|,|٣"],
  ["WB11, WB12", "3.14|;|a|,|1,234.56| |1'000| |10|:|30| |1;2| |1|.|.|2"],
  ["WB13", "コンピューター|,|ﾊﾟﾝ"],
  ["WB13a, WB13b", "snake_case|-|_1_|-|カナ_b"],
  ["WB15, WB16", "🇫🇷|🇩🇪|🇮|a|🇫🇷|,|🇩🇪"],
  ["WB999", "a|-|b|/|c|@|x.y|#|tag| |C|+|+|,|今|天|,|ไ|ท|ย"],
];

describe("the rules of Unicode", () => {
  test.each(rules)("%s", (_, bars) => {
    const segments = bars.split("|");
    expect(wordSegments(segments.join(""))).toEqual(segments);
  });

  test("take the text apart and lose nothing, whatever it is", () => {
    for (let c = 0; c < 0x110000; c += 97) {
      const text = `a${String.fromCodePoint(c)}\u0301${String.fromCodePoint(c)}1`;
      expect(wordSegments(text).join("")).toBe(text);
    }
    expect(wordSegments("")).toEqual([]);
    expect(wordSegments("\ud800a\udc00\ud83d")).toEqual(["\ud800", "a", "\udc00", "\ud83d"]);
  });

  test("ask the dictionary about runs of one script, with their marks, and about nothing else", () => {
    const runs: string[] = [];
    const halves = (run: string) => {
      runs.push(run);
      return [2, run.length];
    };
    const text = "abc東京タワーです, ภาษาລາວກ 한국 カ_x 人";
    expect(wordSegments(text, halves)).toEqual("abc|東京|タワーです|,| |ภา|ษา|ລາ|ວກ| |한국| |カ_x| |人".split("|"));
    expect(runs).toEqual(["東京タワーです", "ภาษา", "ລາວກ"]);
  });
});

describe("WordSplitter", () => {
  const { split } = new WordSplitter();

  test("finds addresses, versions and names as every host does", () => {
    expect(new WordSplitter().split("Mail a.b@c.org: node.js 3.14, ASP.NET C# x:y 10:30")).toEqual(
      "mail|a.b|@|c.org|:|node.js|3.14|,|asp.net|c|#|x:y|10|:|30".split("|"),
    );
    expect(split).toBe(WordSplitter.prototype.split);
  });

  test("takes a zero-width space for a blank", () => {
    expect(new WordSplitter().split("word\u200bword \u200b x")).toEqual(["word", "word", "x"]);
  });

  test("keeps what holds a letter or a digit of any script, where signs are dropped", () => {
    const splitter = new WordSplitter({ punctuation: "drop" });
    expect(splitter.split("½ ² Ⅳ №5 °C x — … 👍 𝒳 ๕ _ __x")).toEqual(["½", "²", "ⅳ", "5", "c", "x", "𝒳", "๕", "__x"]);
  });

  test.each([
    ["tr", "İSTANBUL IŞIK", ["istanbul", "ışık"]],
    ["az-Latn-AZ", "Bakı I", ["bakı", "ı"]],
    ["en", "İI", ["i\u0307i"]],
    [undefined, "İI ΟΔΟΣ", ["i\u0307i", "οδος"]],
  ])("lower case of %s", (locale, text, words) => {
    const options = locale === undefined ? {} : { locale };
    expect(new WordSplitter(options).split(text)).toEqual(words);
    expect(BagOfWords.fit([text], options).terms.toSorted()).toEqual(words.toSorted());
    const tokenizer = WordTokenizer.fromTexts([text], { special: [], ...options });
    const again = WordTokenizer.fromJSON(JSON.parse(JSON.stringify(tokenizer)));
    expect(again.split(text)).toEqual(words);
  });

  test("refuses what is not an option, by name", () => {
    const make = (options: object) => () => new WordSplitter(options);
    expectError("value", make({ lowerCase: true }), '"lowerCase" is not an option', 'Did you mean "lowercase"?');
    expectError("value", make({ lowercase: "no" }), 'lowercase is "no"');
    expectError("value", make({ punctuation: Symbol("p") }), "Symbol(p)");
    for (const locale of ["no such", "", 3, null, ["tr"]]) expectError("range", make({ locale }), "the locale");
    expectError("value", () => WordTokenizer.fromTexts(["a"], { mincount: 2 } as object), 'Did you mean "minCount"?');
    expectError("value", () => new WordTokenizer(["a"] as never), "the vocabulary is an array");
  });
});

test("a long text without a blank loses nothing, and no word ends where a window of the dictionary does", () => {
  for (const [unit, count] of [
    ["!", 2 ** 17],
    ["a", 2 ** 20],
    ["a.", 2 ** 19],
    ["人", 2 ** 15],
  ] as const) {
    expect(new WordSplitter().split(unit.repeat(count)).join("")).toBe(unit.repeat(count));
  }
  const sentence = "今天天气很好我们去公园散步";
  const long = new WordSplitter().split(`${sentence}`.repeat(300));
  // Of one sentence in an endless row, the words around its seam may be others; these few are all there are.
  expect(new Set(long).size).toBeLessThan(12);
  expect(long.join("")).toBe(sentence.repeat(300));
});

describe("the file of a tokenizer of words", () => {
  const texts = ["今天天气很好。", "hello node.js", "ภาษาไทย"];
  const file = () => JSON.parse(JSON.stringify(WordTokenizer.fromTexts(texts)));

  test("holds the version of Unicode, and how the dictionary cuts texts in its scripts", async () => {
    const { unicode, dictionary } = file();
    expect(unicode).toBe("17.0.0");
    expect(Object.keys(dictionary).toSorted()).toEqual(["Kanji", "Thai"]);
    for (const text of Object.values(dictionary as Record<string, string[][]>).flat())
      expect(new WordSplitter().split(text.join(""))).toEqual(text);
    expect((await tokenizerFromJSON(file())).warnings).toEqual([]);
    expect(WordTokenizer.fromTexts(["a b"]).toJSON()).not.toHaveProperty("dictionary");
  });

  test("warns where this host cuts otherwise, once a script, and keeps what it was made with", () => {
    const json = file();
    const broken = {
      ...json,
      unicode: "15.0.0",
      dictionary: {
        ...json.dictionary,
        Kanji: [
          ["今天天", "气"],
          ["他", "们"],
        ],
      },
    };
    const tokenizer = WordTokenizer.fromJSON(broken);
    expect(tokenizer.warnings).toHaveLength(2);
    expect(tokenizer.warnings[0]).toContain("Unicode 15.0.0");
    expect(tokenizer.warnings[1]).toMatch(/Chinese and Japanese.*"今天 ?天 ?气".*"今天天 气"/);
    expect(tokenizer.toJSON()).toEqual(broken);
  });

  test.each([{ unicode: 17 }, { dictionary: "Kanji" }, { dictionary: { Kanji: [[1]] } }, { spacing: {} }, { spacing: { before: "," } }])(
    "refuses %j",
    (change) => {
      expectError("format", () => WordTokenizer.fromJSON({ ...file(), ...change }), Object.keys(change)[0]!);
    },
  );
});

describe("decoded words", () => {
  test.each([
    ["Chinese", ["我喜欢苹果。", "你好，世界！"]],
    ["Japanese", ["東京都は日本の首都です。コンピューターを使う"]],
    ["Thai", ["ภาษาไทยไม่มีช่องว่าง"]],
    ["Chinese with numbers and names", ["我有3个iPhone手机。"]],
    ["Chinese with blanks around names", ["我有 3 个 iPhone 手机。"]],
    ["dashes without blanks", ["rock-and-roll, (yes) no!"]],
    ["dashes with blanks", ["rock - and - roll ( yes ) no !"]],
    ["guillemets with blanks", ["dit « oui » !"]],
    ["Spanish", ["¿qué? ¡sí!"]],
    ["Korean", ["한국어 문장입니다."]],
  ])("%s come back as they stood", (_, texts) => {
    const tokenizer = WordTokenizer.fromTexts(texts, { lowercase: false });
    const again = WordTokenizer.fromJSON(JSON.parse(JSON.stringify(tokenizer)));
    for (const text of texts) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      expect(again.decode(again.encode(text))).toBe(text);
    }
  });

  test("words that stood beside signs alone have a blank between them elsewhere", () => {
    const tokenizer = WordTokenizer.fromTexts(["(yes)no (no)yes"], { lowercase: false });
    expect(tokenizer.decode(tokenizer.encode("yes no yes"))).toBe("yes no yes");
  });

  test("a sign that stood with a blank as often as without has what is usual", () => {
    const tokenizer = WordTokenizer.fromTexts(["a, b (c)", "a , b ( c )"]);
    expect(tokenizer.decode(tokenizer.encode("a,b(c)"))).toBe("a, b (c)");
  });

  test("a file without spacing has what is usual", () => {
    const { spacing: _, ...old } = WordTokenizer.fromTexts(["a , b ( c ) 我喜欢"]).toJSON();
    const tokenizer = WordTokenizer.fromJSON(old);
    expect(tokenizer.decode(tokenizer.encode("a,b (c) 我喜欢 a"))).toBe("a, b (c) 我喜欢 a");
  });
});

test.each([
  ["a list", []],
  ["a script without a list", { Thai: 3 }],
  ["one bad script among good ones", { Thai: [["a", "b"]], Lao: "a" }],
  ["one text without words among good ones", { Thai: [["a", "b"], []] }],
  ["one text that is not a list", { Thai: [["a", "b"], "ab"] }],
  ["one word that is not a text", { Thai: [["a", 7]] }],
  ["a first word that is not a text", { Thai: [[7, "a"]] }],
])("probes of a dictionary that are not lists of words for each script are refused: %s", (_, probes) => {
  expectError("format", () => readProbes("WordTokenizer", probes), "WordTokenizer", "Is the file whole?");
  const good = { Thai: [["a", "b"]], Lao: [] };
  expect(readProbes("WordTokenizer", good)).toBe(good);
});
