/** The data and options of a small task of each kind: for create(), train() and predict(). Self-contained, so that a page can run its text. */
export function taskWorks(sg: {
  readonly data: { seriesOf(rows: readonly (readonly number[])[]): unknown };
}): Readonly<Record<string, readonly [create: readonly unknown[], examples: unknown, options: object, inputs: readonly unknown[]]>> {
  const texts = ["Iris is in the inn", "in the inn is a cat", "a cat is in Iris"];
  const recordings = texts.map((text, i) => ({ text: text.slice(0, 3), frames: Array.from({ length: 8 }, (_, t) => [(t + i) % 3, i]) }));
  const images = texts.map((caption, i) => ({
    caption,
    features: [
      [1, i],
      [i, 2],
    ],
  }));
  const sentences = texts.map((text) => ({
    words: text.split(" "),
    tags: text.split(" ").map((word) => (word === "Iris" ? "B-PER" : "O")),
  }));
  const series = sg.data.seriesOf(Array.from({ length: 90 }, (_, t) => [t % 5]));
  const points = Array.from({ length: 20 }, (_, i) => ({ series, at: 30 + i }));
  const usual = { epochs: 2, batch: 2, validation: 0.34 };
  return {
    LanguageModel: [[texts.join("\n"), { hidden: 8, context: 8 }], texts.join("\n"), { steps: 6, batch: 2 }, ["Iris", "a "]],
    TextClassifier: [
      [texts.map((text, i) => ({ text, label: i ? "a" : "b" })), { hidden: 8, minCount: 1 }],
      texts.map((text, i) => ({ text, label: i ? "a" : "b" })),
      usual,
      texts,
    ],
    EntityTagger: [[sentences, { hidden: 8, minCount: 1 }], sentences, usual, sentences.map(({ words }) => words)],
    SeriesForecaster: [[series, 60, { hidden: 8, history: 6, horizon: 2 }], points, usual, [series]],
    SpeechRecognizer: [[recordings, { hidden: 8 }], recordings, usual, recordings.map(({ frames }) => frames)],
    Translator: [
      [texts.map((text) => ({ source: text, target: text })), { hidden: 8, vocab: 270 }],
      texts.map((text) => ({ source: text, target: text })),
      usual,
      texts,
    ],
    ImageCaptioner: [[images, { hidden: 8, minCount: 1 }], images, usual, images.map(({ features }) => features)],
  };
}
