import * as sg from "../../../src/index.js";
import type { Calls } from "./operations.js";

const reviews = () => [
  { text: "a good film", label: "good" },
  { text: "a bad film", label: "bad" },
];
const sentences = () => [
  { words: ["Ann", "reads"], tags: ["B-person", "O"], line: 1 },
  { words: ["in", "Oslo"], tags: ["O", "B-place"], line: 4 },
];
const pairs = () => [
  { source: "go on", target: "va" },
  { source: "come in", target: "entre" },
];
const series = () => sg.data.seriesOf([[1], [2], [3], [2], [1], [2], [3], [4]], { names: ["a"] });
const recordings = () => [
  {
    frames: [
      [1, 0],
      [0, 1],
      [1, 1],
    ],
    text: "a",
  },
  {
    frames: [
      [0, 1],
      [1, 1],
      [0, 0],
    ],
    text: "b",
  },
];
const images = () => [
  { features: [[1, 0]], caption: "a dot" },
  { features: [[0, 1]], caption: "a bar" },
];
const small = { hidden: 4, dropout: 0, layers: 1 };
const texts = () => ["a good film", "a bad film"];
const tagRows = () => [
  ["B-a", "O"],
  ["O", "B-b"],
];
const stored = () => new Map([["a", { dtype: "float32", shape: [2], data: Float32Array.of(1, 2) }]]);
const bytes = () => sg.io.writeSafetensors(stored() as never, { a: "b" });
/** A zip of a file `a`, which is empty. */
const zip = () => {
  const bytes = new Uint8Array(100);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of [
    [0, 0x04034b50],
    [31, 0x02014b50],
    [78, 0x06054b50],
    [90, 47],
    [94, 31],
  ] as const)
    view.setUint32(at, value, true);
  for (const [at, value] of [
    [26, 1],
    [59, 1],
    [88, 1],
  ] as const)
    view.setUint16(at, value, true);
  bytes[30] = bytes[77] = 97;
  return bytes;
};
const stepModel = () => ({
  context: 9,
  step: () => ({ logits: [0, 1, 2], state: 1 }),
  stepRows: (tokens: ArrayLike<number>) => ({ logits: Array.from({ length: 3 * tokens.length }, (_, i) => i), state: 1 }),
  release: () => undefined,
});
const bag = { lowercase: true, punctuation: "drop", locale: "en", ngrams: [1, 2], stopWords: ["the"], minTexts: 1, maxTerms: 9 };
const vocabulary = { special: ["<unk>"], minCount: 1, vocab: 99 };
const words = { lowercase: true, punctuation: "drop", locale: "en" };
const vectors = { dimension: 4, window: 2, epochs: 1, lr: 0.1, minCount: 1, vocab: 99, seed: 1, onProgress: () => undefined };
const bleu = { lowercase: true, tokenize: "13a", smooth: "exp", effectiveOrder: true };
const labels = () => [
  ["a", "b"],
  ["a", "a"],
];
const numbers = () => [
  [1, 2],
  [2, 2],
];
const padded = () => sg.data.padRows([[5, 6], [7]]);
const saved = () => ({
  config: { model_type: "x" },
  tensors: stored(),
  vocabulary: { a: 0 },
  tokenizer: {},
  tokenizerConfig: {},
  generationConfig: {},
});
const tokenizerCalls = (name: string): Calls => ({
  [`${name}.encode`]: () => ["a good film", { sos: false, eos: false }],
  [`${name}.decode`]: () => [[0, 1]],
  [`${name}.idOf`]: () => ["a"],
  [`${name}.tokenOf`]: () => [0],
});
const novel = "the cat sat on the mat. the dog sat on the log. ".repeat(3);
const run = () => ({
  ...{ lr: 0.01, clipNorm: 1, weightDecay: 0, seed: 1 },
  checkpoint: { store: sg.io.memoryStore(), every: 1, resume: false },
  signal: new AbortController().signal,
  control: new sg.RunControl(),
});
const training = () => ({ ...run(), epochs: 1, batch: 2, validation: 0 });
const tokenizer = () => sg.text.CharTokenizer.fromText("a good film");

/** Calls that work, for each function and class on texts, data, files and tasks. */
export const textCalls: Calls = {
  "new text.BagOfWords": () => [],
  "text.BagOfWords.fit": () => [texts(), bag],
  "text.BagOfWords.fitAsync": () => [texts(), bag],
  "text.BagOfWords.fitting": () => [texts(), bag],
  "text.BagOfWords.transform": () => [texts()],
  "text.BagOfWords.transformAsync": () => [texts()],
  "text.BagOfWords.transforming": () => [texts()],
  "text.TfIdf.fit": () => [texts(), { ...bag, sublinear: true, norm: "l1" }],
  "text.TfIdf.fitAsync": () => [texts(), { ...bag, sublinear: true, norm: "l1" }],
  "text.TfIdf.transform": () => [texts()],
  "text.TfIdf.transformAsync": () => [texts()],
  "text.SparseRows.from": () => [[[[0, 1]], [[1, 2]]], 2],
  "text.SparseRows.assembling": () => [[[[0, 1]], [[1, 2]]], 2],
  "new text.SparseRows": () => [[1, 2], Int32Array.of(0, 1), Int32Array.of(0), Float64Array.of(1)],
  "text.SparseRows.row": () => [0],
  "text.ngrams": () => [["a", "b", "c"], 1, 2],
  "text.BpeTokenizer.train": () => [texts(), { vocab: 260, special: ["<eos>"], minCount: 1 }],
  "text.BpeTokenizer.trainAsync": () => [texts(), { vocab: 260, special: ["<eos>"], minCount: 1 }],
  "text.BpeTokenizer.training": () => [texts(), { vocab: 260, special: ["<eos>"], minCount: 1 }],
  "text.BpeTokenizer.reads": () => [sg.text.BpeTokenizer.train(texts(), { vocab: 257 }).toJSON()],
  "text.BpeTokenizer.fromJSON": () => [sg.text.BpeTokenizer.train(texts(), { vocab: 257 }).toJSON()],
  ...tokenizerCalls("text.BpeTokenizer"),
  "text.WordPieceTokenizer.train": () => [texts(), { vocab: 40, special: ["[UNK]"], minCount: 1, lowercase: true, stripAccents: true }],
  "text.WordPieceTokenizer.trainAsync": () => [
    texts(),
    { vocab: 40, special: ["[UNK]"], minCount: 1, lowercase: true, stripAccents: true },
  ],
  "text.WordPieceTokenizer.reads": () => [sg.text.WordPieceTokenizer.train(texts(), { vocab: 40 }).toJSON()],
  "text.WordPieceTokenizer.fromJSON": () => [sg.text.WordPieceTokenizer.train(texts(), { vocab: 40 }).toJSON()],
  ...tokenizerCalls("text.WordPieceTokenizer"),
  "text.CharTokenizer.fromText": () => ["abc", { special: ["<eos>"] }],
  "text.CharTokenizer.fromTextAsync": () => ["abc", { special: ["<eos>"] }],
  "text.CharTokenizer.training": () => ["abc", { special: ["<eos>"] }],
  "text.CharTokenizer.fromJSON": () => [{ a: 0, b: 1 }],
  ...tokenizerCalls("text.CharTokenizer"),
  "new text.WordTokenizer": () => [sg.text.Vocabulary.fromTokens(["a"]), words],
  "text.WordTokenizer.fromTexts": () => [texts(), { ...words, ...vocabulary }],
  "text.WordTokenizer.fromTextsAsync": () => [texts(), { ...words, ...vocabulary }],
  "text.WordTokenizer.training": () => [texts(), { ...words, ...vocabulary }],
  "text.WordTokenizer.fromJSON": () => [sg.text.WordTokenizer.fromTexts(texts()).toJSON()],
  "text.WordTokenizer.split": () => ["a b"],
  ...tokenizerCalls("text.WordTokenizer"),
  "new text.WordSplitter": () => [words],
  "text.WordSplitter.split": () => ["a b"],
  "text.WordSplitter.splitting": () => ["a b"],
  "text.WordSplitter.wordsOf": () => ["a"],
  "text.Vocabulary.fromTokens": () => [["a", "b"], vocabulary],
  "text.Vocabulary.fromCounts": () => [new Map([["a", 1]]), vocabulary],
  "text.Vocabulary.ofTokens": () => [["a", "b"], vocabulary],
  "text.Vocabulary.ofCounts": () => [new Map([["a", 1]]), vocabulary],
  "text.Vocabulary.fromJSON": () => [{ a: 0, b: 1 }],
  "text.Vocabulary.idOf": () => ["a"],
  "text.Vocabulary.tokenOf": () => [0],
  "text.Vocabulary.countOf": () => ["a"],
  "new text.TextStream": () => [tokenizer(), [0]],
  "text.TextStream.push": () => [0],
  "new text.WordVectors": () => [["a"], 2, Float32Array.of(1, 2), []],
  "text.WordVectors.fromText": () => ["a 1 2\n", { dimension: 2, name: "x" }],
  "text.WordVectors.read": () => [new TextEncoder().encode("a 1 2\n"), { format: "text", dimension: 2, name: "x" }],
  "text.WordVectors.toText": () => [{ header: true }],
  "text.WordVectors.chunks": () => [{ format: "text", header: true }],
  "text.WordVectors.has": () => ["a"],
  "text.WordVectors.vectorOf": () => ["a"],
  "text.WordVectors.similarity": () => ["a", "b"],
  "text.WordVectors.nearest": () => ["a", 1, ["b"]],
  "text.WordVectors.analogy": () => ["a", "b", "c", 1],
  cosineSimilarity: () => [sg.ones([2, 2]), sg.ones([2, 2])],
  "text.cosineOf": () => [
    [1, 2],
    [2, 1],
  ],
  "text.trainGlove": () => [[["a", "b", "a"]], { ...vectors, xMax: 10, alpha: 0.5 }],
  "text.trainWord2Vec": () => [[["a", "b", "a"]], { ...vectors, mode: "cbow", negatives: 2, subsample: 0, lrEnd: 0.01 }],
  "text.trainTokenizer": () => [texts(), { unit: "bpe", vocab: 260, minCount: 1, special: [], locale: "en" }],
  "text.trainTokenizerAsync": () => [texts(), { unit: "words", vocab: 260, minCount: 1, special: [], locale: "en" }],
  "text.tokenizerFromJSON": () => [
    sg.text.WordTokenizer.fromTexts(texts()).toJSON(),
    { config: {}, tokenizerConfig: {}, generationConfig: {} },
  ],
  "text.decodeText": () => [Uint8Array.of(97), "a name"],

  "data.parseConll": () => ["a\tO\n", { name: "x", tokenColumn: 1, tagColumn: 2 }],
  "data.parseTsv": () => ["a\tb\n", { name: "x", delimiter: "\t", columns: { a: 1, b: 2 } }],
  "data.parseCsv": () => ["a,b\n", { name: "x", delimiter: ",", columns: { a: 1, b: 2 } }],
  "data.parseSeries": () => [
    "t,a\n2021-01-01,1\n2021-01-02,3\n",
    { columns: ["a"], time: "t", delimiter: ",", fill: "none", name: "x", decimal: ".", thousands: ",", strip: ["$"] },
  ],
  "data.parseFrames": () => ["1 0; 0 1", "x"],
  "new data.DataLoader": () => [
    [1, 2, 3],
    { batch: 2, collate: (items: unknown) => items, shuffle: true, seed: 1, bucketBy: () => 1, dropLast: true },
  ],
  "data.DataLoader.epoch": () => [0, 0],
  "data.splitItems": () => [[1, 2, 3, 4], { validation: 0.25, test: 0.25, seed: 1 }],
  "data.splitTokens": () => [Int32Array.of(1, 2, 3, 4), 0.5],
  "data.lengthStatistics": () => [["a", "bc"]],
  "data.seriesOf": () => [[[1], [2]], { names: ["a"] }],
  "data.seriesWindows": () => [series(), { history: 2, horizon: 1, from: 0, to: 8, stride: 1, scaler: sg.data.SeriesScaler.fit(series()) }],
  "new data.SeriesScaler": () => [[0], [1]],
  "data.SeriesScaler.fitting": () => [series(), 4],
  "data.SeriesScaler.fit": () => [series(), 4],
  "data.SeriesScaler.fromJSON": () => [{ means: [0], deviations: [1] }],
  "data.SeriesScaler.scaled": () => [1, 0],
  "data.SeriesScaler.apply": () => [[1, 2], 0],
  "data.SeriesScaler.undo": () => [[1, 2], 0],
  "data.padFrames": () => [
    [
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
    ],
    {
      scaler: sg.data.frameScaler([
        [
          [1, 2],
          [3, 5],
        ],
      ]),
    },
  ],
  "data.frameScaler": () => [[[[1, 2]], [[3, 4]]]],
  "data.padRows": () => [[[1, 2], [3]], { value: 0, truncate: 2 }],
  "data.maskTokens": () => [padded(), { vocab: 12, mask: 4, from: 5, share: 0.5 }, new sg.RandomGenerator(1)],
  "new data.RandomWindows": () => [Int32Array.of(1, 2, 3, 4, 5, 6), { batch: 2, context: 2, seed: 1 }],
  "data.RandomWindows.batch": () => [0],
  "new data.ContinuousWindows": () => [Int32Array.of(1, 2, 3, 4, 5, 6), { batch: 2, context: 2 }],
  "data.ContinuousWindows.batch": () => [0],
  "data.consecutiveWindows": () => [Int32Array.of(1, 2, 3, 4, 5, 6), { batch: 2, context: 2 }],

  "decode.beamSearch": () => [
    stepModel(),
    [1],
    { beam: 2, lengthPenalty: 1, nBest: 1, maxTokens: 3, minTokens: 1, stop: [0], repetitionPenalty: 1.1 },
  ],
  generate: () => [stepModel(), [1], { maxTokens: 3, stop: [0], repetitionPenalty: 1.1, seed: 1, temperature: 1, topK: 2, topP: 0.9 }],
  "decode.ctcDecode": () => [[0, -1, -1, 0], 2, { blank: 0, beam: 2 }],
  "decode.greedy": () => [[1, 2]],
  "decode.sampleToken": () => [[1, 2], { temperature: 1, topK: 2, topP: 0.9 }, new sg.RandomGenerator(1)],
  "decode.penalizeRepetition": () => [[1, 2], [0], 1.2],

  "metrics.accuracy": labels,
  "metrics.confusionMatrix": () => [...labels(), ["a", "b"]],
  "metrics.classificationReport": () => [...labels(), ["a", "b"]],
  "metrics.bitsPerCharacter": () => [1, 2],
  "metrics.perplexity": () => [1],
  "metrics.bleu": () => [texts(), texts(), bleu],
  "metrics.sentenceBleu": () => ["a b", ["a b"], bleu],
  "metrics.bleuByLength": () => [texts(), texts(), [3, 3], { ...bleu, width: 5 }],
  "metrics.chrf": () => [texts(), texts(), { characterOrder: 6, wordOrder: 2, beta: 2, whitespace: false }],
  "metrics.editDistance": () => ["ab", "ac"],
  "metrics.entityF1": () => [tagRows(), tagRows()],
  "metrics.entitySpans": () => [["B-a", "I-a", "O"]],
  "metrics.mase": () => [[1, 2], [1, 2], [1, 2, 3], 1],
  "metrics.meanAbsoluteError": numbers,
  "metrics.rootMeanSquareError": numbers,
  "metrics.smape": numbers,
  "metrics.rouge": () => [texts(), texts()],
  "metrics.symbolErrorRate": () => [["ab"], ["ac"]],
  "metrics.wordErrorRate": () => [texts(), texts()],
  "metrics.tokenize13a": () => ["a b."],

  "io.loadModel": () => [sg.io.memoryStore()],
  "io.opfsStore": () => ["my-model"],
  "io.indexedDbStore": () => ["my-model"],
  "io.httpStore": () => ["https://example.com/my-model"],
  "io.storeOf": () => [{ kind: "opfs", at: "my-model" }],
  "io.toZip": () => [sg.io.memoryStore(), { names: [] }],
  "io.fromZip": () => [zip(), { into: sg.io.memoryStore(), maxBytes: 100 }],
  "io.saveModel": () => [sg.io.memoryStore(), saved()],
  "io.parseSafetensors": () => [bytes()],
  "io.readSafetensorsMetadata": () => [bytes()],
  "io.writeSafetensors": () => [stored(), { a: "b" }],
  "io.toTensorValue": () => ["a", { dtype: "int64", shape: [1], data: BigInt64Array.of(1n) }],

  "tasks.load": () => [sg.io.memoryStore()],
  toHuggingFace: () => [new sg.models.TransformerLM({ vocab: 9, context: 6, layers: 1, heads: 2, hidden: 4 }), { maxShard: 256 }],
  toOnnx: () => [
    new sg.models.SequenceClassifier({ vocab: 9, classes: 2, embed: 2, hidden: 2, arch: "gru" }),
    { opset: 17, externalData: 64 },
  ],
  ...Object.fromEntries(
    ["EntityTagger", "ImageCaptioner", "LanguageModel", "SeriesForecaster", "SpeechRecognizer", "TextClassifier", "Translator"].map(
      (name) => [`tasks.${name}.save`, () => [sg.io.memoryStore()]],
    ),
  ),
  "tasks.TextClassifier.train": () => [reviews(), training()],
  "tasks.EntityTagger.train": () => [sentences(), training()],
  "tasks.ImageCaptioner.train": () => [images(), training()],
  "tasks.SeriesForecaster.train": () => [[{ series: series(), at: 2 }], training()],
  "tasks.SpeechRecognizer.train": () => [recordings(), training()],
  "tasks.Translator.train": () => [pairs(), training()],
  "tasks.LanguageModel.create": () => [novel, { arch: "gru", hidden: 4, embed: 4, layers: 1, context: 4, dropout: 0, unit: "characters" }],
  "tasks.LanguageModel.of": () => [
    new sg.models.RecurrentLM({ vocab: tokenizer().size, arch: "gru", embed: 4, hidden: 4 }),
    tokenizer(),
    4,
  ],
  "tasks.LanguageModel.fromSaved": () => [saved()],
  "tasks.LanguageModel.train": () => [novel, { ...run(), steps: 1, batch: 2, validation: 0.2, evaluateEvery: 1 }],
  "tasks.LanguageModel.evaluate": () => [novel],
  "tasks.LanguageModel.search": () => ["the cat", { beam: 2, maxTokens: 3 }],
  "tasks.LanguageModel.lossOf": () => [Int32Array.from({ length: 20 }, (_, i) => i % 5), 4, 2],
  "tasks.LanguageModel.generate": () => ["the cat", { maxTokens: 3, temperature: 1, seed: 1 }],
  "tasks.LanguageModel.predict": () => [["the cat"], { maxTokens: 3, temperature: 1, seed: 1 }],
  "tasks.TextClassifier.create": () => [
    reviews(),
    { ...small, arch: "gru", bidirectional: true, embed: 4, pooling: "max", classWeights: "balanced", minCount: 1, context: 9 },
  ],
  "tasks.TextClassifier.fromSaved": () => [saved()],
  "tasks.TextClassifier.loader": () => [reviews(), { batch: 2, seed: 1 }],
  "tasks.TextClassifier.evaluate": () => [reviews()],
  "tasks.TextClassifier.report": () => [reviews()],
  "tasks.TextClassifier.predict": () => [texts()],
  "tasks.EntityTagger.create": () => [sentences(), { ...small, embed: 4, minCount: 1, spelling: true, characterSize: 3, crf: true }],
  "tasks.EntityTagger.fromSaved": () => [saved()],
  "tasks.EntityTagger.split": () => ["Ann reads."],
  "tasks.EntityTagger.loader": () => [sentences(), { batch: 2, seed: 1 }],
  "tasks.EntityTagger.evaluate": () => [sentences()],
  "tasks.EntityTagger.report": () => [sentences()],
  "tasks.EntityTagger.predict": () => [[["Ann", "reads"]]],
  "tasks.ImageCaptioner.create": () => [
    images(),
    { ...small, embed: 4, arch: "gru", attention: "additive", unit: "words", minCount: 1, context: 9, inject: "state", locale: "en" },
  ],
  "tasks.ImageCaptioner.fromSaved": () => [saved()],
  "tasks.ImageCaptioner.loader": () => [images(), { batch: 2, seed: 1 }],
  "tasks.ImageCaptioner.evaluate": () => [images(), { beam: 2, lengthPenalty: 1 }],
  "tasks.ImageCaptioner.report": () => [images(), { beam: 2, lengthPenalty: 1 }],
  "tasks.ImageCaptioner.predict": () => [[[[1, 0]]], { beam: 2, lengthPenalty: 1 }],
  "tasks.SeriesForecaster.create": () => [series(), 6, { ...small, history: 2, horizon: 1, season: 2, quantiles: [0.1, 0.5, 0.9] }],
  "tasks.SeriesForecaster.fromSaved": () => [saved()],
  "tasks.SeriesForecaster.points": () => [series(), { from: 0, to: 8 }],
  "tasks.SeriesForecaster.loader": () => [[{ series: series(), at: 2 }], { batch: 2, seed: 1 }],
  "tasks.SeriesForecaster.evaluate": () => [[{ series: series(), at: 2 }]],
  "tasks.SeriesForecaster.report": () => [[{ series: series(), at: 2 }]],
  "tasks.SeriesForecaster.predict": () => [[series()]],
  "tasks.SpeechRecognizer.create": () => [recordings(), { ...small, arch: "gru" }],
  "tasks.SpeechRecognizer.fromSaved": () => [saved()],
  "tasks.SpeechRecognizer.loader": () => [recordings(), { batch: 2, seed: 1 }],
  "tasks.SpeechRecognizer.check": () => [recordings()[0], "x"],
  "tasks.SpeechRecognizer.unknownSymbols": () => ["abc"],
  "tasks.SpeechRecognizer.evaluate": () => [recordings(), { beam: 2 }],
  "tasks.SpeechRecognizer.report": () => [recordings(), { beam: 2 }],
  "tasks.SpeechRecognizer.predict": () => [[recordings()[0]!.frames], { beam: 2 }],
  "tasks.Translator.create": () => [
    pairs(),
    { ...small, embed: 4, arch: "gru", attention: "general", unit: "words", minCount: 1, context: 9, vocab: 99, locale: "en" },
  ],
  "tasks.Translator.fromSaved": () => [saved()],
  "tasks.Translator.loader": () => [pairs(), { batch: 2, seed: 1 }],
  "tasks.Translator.evaluate": () => [pairs(), { beam: 2, lengthPenalty: 1 }],
  "tasks.Translator.report": () => [pairs(), { beam: 2, lengthPenalty: 1 }],
  "tasks.Translator.predict": () => [["go on"], { beam: 2, lengthPenalty: 1 }],
  "tasks.Translator.bleuByLength": () => [pairs(), ["va", "entre"], { width: 5 }],
  ...Object.fromEntries(
    ["EntityTagger", "ImageCaptioner", "LanguageModel", "SeriesForecaster", "SpeechRecognizer", "TextClassifier", "Translator"].map(
      (task) => [`tasks.${task}.capture`, () => [["output"], () => {}, { every: 2 }]],
    ),
  ),
};

/** Makes what has methods, where a constructor does not. */
export const subjects: Readonly<Record<string, () => unknown>> = {
  Tensor: () => sg.square(sg.ones([2, 2], { requiresGrad: true })),
  "nn.Module": () => new sg.nn.Linear(2, 2),
  "optim.Optimizer": () => new sg.optim.Adam(new sg.nn.Linear(2, 2).parameters()),
  "text.BagOfWords": () => sg.text.BagOfWords.fit(texts()),
  "text.TfIdf": () => sg.text.TfIdf.fit(texts()),
  "text.SparseRows": () => sg.text.SparseRows.from([[[0, 1]]], 2),
  "text.BpeTokenizer": () => sg.text.BpeTokenizer.train(texts(), { vocab: 258 }),
  "text.WordPieceTokenizer": () => sg.text.WordPieceTokenizer.train(texts(), { vocab: 40 }),
  "text.CharTokenizer": tokenizer,
  "text.Vocabulary": () => sg.text.Vocabulary.fromTokens(["a", "b"]),
  "text.WordVectors": () => sg.text.WordVectors.fromText("a 1 2\nb 2 1\nc 3 4\n"),
  "models.LogisticRegression": () =>
    sg.models.LogisticRegression.fit(sg.text.SparseRows.from([[[0, 1]], [[1, 1]]], 2), ["a", "b"], { iterations: 3 }),
  "models.Captioner": () => new sg.models.Captioner({ targetVocab: 9, features: 4, places: 3, embed: 4, hidden: 4 }),
  "models.TransformerLM": () => new sg.models.TransformerLM({ vocab: 9, context: 6, layers: 1, heads: 2, hidden: 4 }),
  "tasks.TextClassifier": () => sg.tasks.TextClassifier.create(reviews(), { ...small, embed: 4, minCount: 1 }),
  "tasks.LanguageModel": () => sg.tasks.LanguageModel.create(novel, { arch: "gru", hidden: 4, embed: 4, context: 4, unit: "characters" }),
  "tasks.EntityTagger": () => sg.tasks.EntityTagger.create(sentences(), { ...small, embed: 4, minCount: 1, characterSize: 3 }),
  "tasks.ImageCaptioner": () => sg.tasks.ImageCaptioner.create(images(), { ...small, embed: 4, unit: "words", minCount: 1 }),
  "tasks.SeriesForecaster": () => sg.tasks.SeriesForecaster.create(series(), 6, { ...small, history: 2, horizon: 1 }),
  "tasks.SpeechRecognizer": () => sg.tasks.SpeechRecognizer.create(recordings(), small),
  "tasks.Translator": () => sg.tasks.Translator.create(pairs(), { ...small, embed: 4, unit: "words", minCount: 1 }),
};
