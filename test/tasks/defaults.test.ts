import { expect, test } from "vitest";
import { models, tasks } from "../../src/index.js";
import type { AnyFields } from "../../src/util/schema.js";

/** The value where an option is left out, and the whole numbers that it takes, where it takes such. */
const rows = (fields: AnyFields, arch: string) =>
  Object.entries(fields).map(([name, field]) => {
    const takes = (value: unknown) => field.fault(value) === undefined;
    const some = Array.from({ length: 1100 }, (_, i) => i - 1).filter(takes);
    const bounds = some.length > 0 ? ` ${some[0]}${takes(2 ** 31 - 1) ? "+" : `..${some.at(-1)}`}` : "";
    return `${name} ${JSON.stringify(field.fallback({ arch }))}${bounds}`;
  });

test("the default and the range of every option of the tasks", () => {
  const table = Object.entries(tasks).flatMap(([task, made]) => {
    if (!("options" in made)) return [];
    const all = models.archs.map((arch) => [arch, rows({ ...made.options.fields, ...made.training.fields }, arch)] as const);
    const first = all[0]![1];
    // What another architecture has otherwise.
    const others = all.slice(1).flatMap(([arch, own]) => {
      const changed = own.filter((row) => !first.includes(row));
      return changed.length > 0 ? [`${task}, ${arch}: ${changed.join("; ")}`] : [];
    });
    return [`${task}: ${first.join("; ")}`, ...others];
  });
  expect(table).toMatchInlineSnapshot(`
    [
      "EntityTagger: embed 64 1+; minCount 2 1+; spelling true; characterSize 32 1+; crf false; locale ""; arch "lstm"; hidden 64 1+; layers 1 1..1024; dropout 0.4 0..0; bidirectional true; heads 4 1+; epochs 12 1+; batch 16 1+; lr 0.003 0+; schedule "constant"; warmup 0 0+; minLr 0 0+; betas [0.9,0.999]; weightDecay 0 0+; clipNorm 5 0+; seed 1 0+; checkpoint undefined; signal undefined; control undefined; validation 0.1 0..0; best "f1"; patience 0 0+",
      "ImageCaptioner: arch "lstm"; hidden 128 1+; layers 1 1..1024; dropout 0.1 0..0; attention "additive"; window 0 0+; inputFeeding true; reduction "mean"; inject "state"; unit "words"; vocab 8000 1+; minCount 2 1+; locale ""; context 64 1+; embed 64 1+; tokenizer undefined; epochs 20 1+; batch 32 1+; lr 0.003 0+; schedule "constant"; warmup 0 0+; minLr 0 0+; betas [0.9,0.999]; weightDecay 0 0+; clipNorm 5 0+; seed 1 0+; checkpoint undefined; signal undefined; control undefined; validation 0.1 0..0; best "loss"; patience 0 0+",
      "LanguageModel: arch "lstm"; layers 1 1..1024; embed 64 1+; hidden 256 1+; tieWeights true; dropout 0 0..0; heads 4 1+; kvHeads 4 1+; feedForward 0 0+; norm "layer"; positions "learned"; activation "gelu"; unit "characters"; vocab 8000 1+; minCount 1 1+; locale ""; context 64 1+; tokenizer undefined; steps 2000 1+; batch 32 1+; lr 0.002 0+; schedule "constant"; warmup 0 0+; minLr 0 0+; betas [0.9,0.99]; weightDecay 0 0+; clipNorm 1 0+; seed 1 0+; checkpoint undefined; signal undefined; control undefined; validation 0.1 0..0; evaluateEvery 500 1+; best "perplexity"; patience 0 0+",
      "LanguageModel, transformer: layers 4 1..1024; hidden 128 1+; lr 0.001 0+",
      "SeriesForecaster: history 30 1+; horizon 1 1+; season 0 0+; quantiles [0.1,0.5,0.9]; arch "gru"; hidden 32 1+; layers 1 1..1024; dropout 0 0..0; bidirectional false; heads 4 1+; epochs 10 1+; batch 32 1+; lr 0.003 0+; schedule "constant"; warmup 0 0+; minLr 0 0+; betas [0.9,0.999]; weightDecay 0 0+; clipNorm 5 0+; seed 1 0+; checkpoint undefined; signal undefined; control undefined; validation 0.1 0..0; best "mae"; patience 0 0+",
      "SpeechRecognizer: tokenizer undefined; arch "lstm"; hidden 64 1+; layers 1 1..1024; dropout 0.1 0..0; bidirectional true; heads 4 1+; epochs 20 1+; batch 16 1+; lr 0.003 0+; schedule "constant"; warmup 0 0+; minLr 0 0+; betas [0.9,0.999]; weightDecay 0 0+; clipNorm 5 0+; seed 1 0+; checkpoint undefined; signal undefined; control undefined; validation 0.1 0..0; best "symbolErrorRate"; patience 0 0+",
      "TextClassifier: pooling "mean"; embed 64 1+; minCount 2 1+; context 256 1+; classWeights "none"; locale ""; tokenizer undefined; arch "gru"; hidden 32 1+; layers 1 1..1024; dropout 0.4 0..0; bidirectional true; heads 4 1+; epochs 5 1+; batch 32 1+; lr 0.002 0+; schedule "constant"; warmup 0 0+; minLr 0 0+; betas [0.9,0.999]; weightDecay 0 0+; clipNorm 5 0+; seed 1 0+; checkpoint undefined; signal undefined; control undefined; validation 0.1 0..0; best "f1"; patience 0 0+",
      "Translator: arch "gru"; hidden 128 1+; layers 1 1..1024; dropout 0.4 0..0; attention "additive"; window 0 0+; inputFeeding true; reduction "mean"; bidirectional true; reverse false; heads 4 1+; feedForward 0 0+; normFirst true; labelSmoothing 0.1 0..0; unit "bpe"; vocab 1500 1+; minCount 2 1+; locale ""; context 64 1+; embed 64 1+; sourceTokenizer undefined; targetTokenizer undefined; epochs 18 1+; batch 32 1+; lr 0.003 0+; schedule "cosine"; warmup 0 0+; minLr 0 0+; betas [0.9,0.999]; weightDecay 0 0+; clipNorm 5 0+; seed 1 0+; checkpoint undefined; signal undefined; control undefined; validation 0.1 0..0; best "loss"; patience 0 0+; teacherForcing 1 0..1; forcing "linear"",
    ]
  `);
});
