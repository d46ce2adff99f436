import * as sg from "../../../src/index.js";
import type { Calls } from "./operations.js";

const ids = (shape: number[]) => sg.tensor(new Int32Array(shape.reduce((a, b) => a * b, 1)).fill(1), shape);
const steps = () => sg.ones([2, 3, 4]);
const wide = () => sg.ones([2, 4]);
const rows = () => ({ data: Int32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3], lengths: [3, 2] });
const frames = () => ({ data: new Float32Array(24), shape: [2, 3, 4], lengths: [3, 2] });
const pairs = () => ({ source: rows(), target: rows() });
const windows = () => ({ x: Int32Array.of(1, 2), y: Int32Array.of(2, 3), shape: [1, 2], continues: false });
const recurrent = { numLayers: 1, bidirectional: false, dropout: 0, bias: true };
const encoder = { arch: "gru", hidden: 4, layers: 1, bidirectional: false, dropout: 0 };
const layer = {
  ...{ dimFeedforward: 4, dropout: 0, attentionDropout: 0, hiddenDropout: 0, activation: "relu", normFirst: true, norm: "layer" },
  ...{ eps: 1e-5, bias: true, keyValueHeads: 1, rotary: false, rotaryBase: 1e4 },
};
const decoder = {
  ...{ targetVocab: 9, arch: "gru", embed: 4, hidden: 4, layers: 1, dropout: 0, attention: "additive", window: 1 },
  ...{ inputFeeding: true, reduction: "mean" },
};
const transformerLM = { vocab: 9, context: 6, layers: 1, heads: 2, hidden: 4 };
const maskedLM = { ...transformerLM, hidden: 4, segments: 2, dropout: 0, attentionDropout: 0, classifierDropout: 0, eps: 1e-5 };
const seq2seq = {
  ...{ sourceVocab: 9, targetVocab: 9, hidden: 4, heads: 2, layers: 1, feedForward: 4, dropout: 0, normFirst: true },
  ...{ labelSmoothing: 0.1, context: 6 },
};
const greedy = { sos: 1, eos: 2, maxTokens: 3 };
const state = () => ({ h: sg.ones([1, 2, 4]) });
const lstmState = () => ({ ...state(), c: sg.ones([1, 2, 4]) });
const call = () => ({ causal: true, lengths: [3, 2], mask: sg.ones([3, 3]), bias: sg.ones([3]) });
const memoryCall = () => ({ ...call(), memoryLengths: [3, 2], memoryMask: sg.ones([3, 3]) });
const attended = () => [sg.ones([2, 3, 4]), steps(), { lengths: [3, 2], window: 1, positions: 1 }];
const decoding = () => ({ h: sg.ones([1, 1, 4]), c: sg.ones([1, 1, 4]), feed: sg.ones([1, 4]), position: 0 });
const cache = () => new sg.nn.KeyValueCache({ layers: 1, rows: 1, capacity: 6, width: 4, device: sg.defaultDevice() });
const sparse = () => sg.text.SparseRows.from([[[0, 1]], [[1, 1]]], 2);
const parameters = () => new sg.nn.Linear(2, 2).parameters();
const optimizer = { lr: 0.1, weightDecay: 0, clipNorm: 1 };

const recurrentCalls = (kind: string, options: object, options2: () => object): Calls => ({
  [`new nn.${kind}`]: () => [4, 4, { ...recurrent, ...options }],
  [`nn.${kind}.forward`]: () => [steps(), { lengths: [3, 2], ...options2() }],
  [`nn.${kind}.weight`]: () => ["weight_ih_l0"],
});

const optimizerCalls = (kind: string, options: object): Calls => ({
  [`new optim.${kind}`]: () => [parameters(), { ...optimizer, ...options }],
});

/** A state to load, of a layer or an optimizer that is in place. */
const linearState = () =>
  new Map([
    ["weight", { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
    ["bias", { dtype: "float32", shape: [2], data: Float32Array.of(1, 2) }],
  ]);

/** Calls that work, for each layer, model and optimizer. */
export const layerCalls: Calls = {
  "nn.Module.loadStateDict": () => [linearState()],
  "nn.Module.to": () => [sg.defaultDevice()],
  "nn.Module.place": () => [sg.defaultDevice().backend],
  "nn.Module.train": () => [true],
  "nn.Module.capture": () => [["output"], () => {}, { every: 2 }],
  "new nn.ParameterTable": () => [[["a", sg.ones([1])]]],
  "new nn.Linear": () => [4, 4, { bias: true }],
  "nn.Linear.forward": () => [wide()],
  "new nn.Embedding": () => [9, 4, { paddingIndex: 0, init: sg.nn.init.zeros }],
  "nn.Embedding.forward": () => [ids([2, 3])],
  "nn.Embedding.fromVectors": () => [
    { dimension: 2, data: Float32Array.of(1, 2, 3, 4) },
    { frozen: true, paddingIndex: 0 },
  ],
  "new nn.Dropout": () => [0.5],
  "nn.Dropout.forward": () => [wide()],
  "new nn.Sequential": () => [new sg.nn.Linear(4, 4), sg.relu],
  "nn.Sequential.forward": () => [wide()],
  "new nn.Pooling": () => ["attention", 4],
  "nn.Pooling.forward": () => [steps(), { lengths: [3, 2], mask: sg.ones([3]), bias: sg.ones([2, 1]) }],
  "new nn.SinusoidalPositionalEncoding": () => [4],
  "nn.SinusoidalPositionalEncoding.forward": () => [steps(), { offset: 1 }],
  "new nn.LearnedPositionalEmbedding": () => [5, 4],
  "nn.LearnedPositionalEmbedding.forward": () => [steps(), { offset: 1 }],
  "new nn.AdditiveAttention": () => [4, 4, 3, { bias: true }],
  "nn.AdditiveAttention.project": () => [steps()],
  "nn.AdditiveAttention.forward": attended,
  "new nn.DotAttention": () => [{ scale: 1 }],
  "nn.DotAttention.project": () => [steps()],
  "nn.DotAttention.forward": attended,
  "new nn.GeneralAttention": () => [4, 4, { scale: 1 }],
  "nn.GeneralAttention.project": () => [steps()],
  "nn.GeneralAttention.forward": attended,
  ...recurrentCalls("RNN", { nonlinearity: "relu" }, () => ({ state: state() })),
  ...recurrentCalls("GRU", { resetAfter: false }, () => ({ state: state() })),
  ...recurrentCalls("LSTM", { projSize: 0 }, () => ({ state: lstmState() })),
  "nn.LSTM.setForgetBias": () => [1],
  "nn.identityRNN": () => [4, 4, { ...recurrent, scale: 1 }],
  "new nn.RNNCell": () => [4, 4, { bias: true, nonlinearity: "relu" }],
  "nn.RNNCell.forward": () => [wide(), { h: wide() }],
  "new nn.GRUCell": () => [4, 4, { bias: true, resetAfter: false }],
  "nn.GRUCell.forward": () => [wide(), { h: wide() }],
  "new nn.LSTMCell": () => [4, 4, { bias: true }],
  "nn.LSTMCell.forward": () => [wide(), { h: wide(), c: wide() }],
  "new nn.KeyValueCache": () => [{ layers: 1, rows: 1, capacity: 6, width: 4, device: sg.defaultDevice() }],
  "nn.KeyValueCache.check": () => [2],
  "nn.KeyValueCache.at": () => [0],
  "nn.KeyValueCache.read": () => [0],
  "nn.KeyValueCache.advance": () => [1],
  "nn.KeyValueCache.select": () => [[0, 0]],
  "new nn.MultiheadAttention": () => [4, 2, { dropout: 0, bias: true, kdim: 4, vdim: 4, keyValueHeads: 2, rotary: false, rotaryBase: 1e4 }],
  "nn.MultiheadAttention.forward": () => [steps(), { ...call(), key: steps(), value: steps() }],
  "nn.MultiheadAttention.forwardWithWeights": () => [steps(), { ...call(), key: steps(), value: steps() }],
  "nn.MultiheadAttention.project": () => [steps(), steps()],
  "new nn.FeedForward": () => [4, 4, { activation: "swiglu", dropout: 0, bias: true }],
  "nn.FeedForward.forward": () => [steps()],
  "new nn.TransformerEncoderLayer": () => [4, 2, layer],
  "nn.TransformerEncoderLayer.forward": () => [steps(), call()],
  "new nn.TransformerDecoderLayer": () => [4, 2, layer],
  "nn.TransformerDecoderLayer.forward": () => [steps(), steps(), memoryCall()],
  "nn.TransformerDecoderLayer.project": () => [steps()],
  "new nn.TransformerEncoder": () => [4, 2, { ...layer, numLayers: 1, finalNorm: true }],
  "nn.TransformerEncoder.forward": () => [steps(), call()],
  "new nn.TransformerDecoder": () => [4, 2, { ...layer, numLayers: 1, finalNorm: true }],
  "nn.TransformerDecoder.forward": () => [steps(), steps(), memoryCall()],
  "nn.TransformerDecoder.project": () => [steps()],
  "new nn.Transformer": () => [4, 2, { ...layer, numEncoderLayers: 1, numDecoderLayers: 1 }],
  "nn.Transformer.forward": () => [
    steps(),
    steps(),
    {
      ...{ sourceLengths: [3, 2], targetLengths: [3, 2], memoryLengths: [3, 2], causal: true },
      ...{ sourceMask: sg.ones([3, 3]), targetMask: sg.ones([3, 3]), memoryMask: sg.ones([3, 3]) },
    },
  ],
  ...Object.fromEntries(
    ["ReLU", "Tanh", "Sigmoid", "SiLU", "Softplus", "SELU", "Mish", "LogSigmoid"].flatMap((name) => [
      [`new nn.${name}`, () => []],
      [`nn.${name}.forward`, () => [wide()]],
    ]),
  ),
  ...Object.fromEntries(
    ["GLU", "Softmax", "LogSoftmax"].flatMap((name) => [
      [`new nn.${name}`, () => [{ axis: 1 }]],
      [`nn.${name}.forward`, () => [wide()]],
    ]),
  ),
  "new nn.GELU": () => [{ approximate: true }],
  "nn.GELU.forward": () => [wide()],
  "new nn.LeakyReLU": () => [{ slope: 0.1 }],
  "nn.LeakyReLU.forward": () => [wide()],
  "new nn.ELU": () => [{ alpha: 1 }],
  "nn.ELU.forward": () => [wide()],
  "new nn.EmbeddingBag": () => [9, 4, { mode: "sum", paddingIndex: 0, init: sg.nn.init.zeros }],
  "nn.EmbeddingBag.forward": () => [ids([2, 3]), sg.ones([2, 3])],
  "new nn.GroupNorm": () => [2, 4, { eps: 1e-5, affine: true }],
  "nn.GroupNorm.forward": () => [wide()],
  "new nn.ModuleDict": () => [{ a: new sg.nn.Linear(2, 2) }],
  "nn.ModuleDict.set": () => ["b", new sg.nn.Linear(2, 2)],
  "nn.ModuleDict.get": () => ["a"],
  "nn.ModuleDict.has": () => ["a"],
  "optim.cyclic": () => [5, { floor: 0.1, fall: 5, mode: "triangular", gamma: 0.9 }],
  "optim.multiStep": () => [[2, 4], 0.1],
  "optim.warmRestarts": () => [5, { growth: 2, floor: 0 }],
  "new nn.LayerNorm": () => [4, { eps: 1e-5, affine: true, bias: true }],
  "nn.LayerNorm.forward": () => [steps()],
  "new nn.RMSNorm": () => [4, { eps: 1e-5, affine: true }],
  "nn.RMSNorm.forward": () => [steps()],
  "new nn.BatchNorm": () => [4, { eps: 1e-5, momentum: 0.1, affine: true, bias: true, trackRunningStats: true }],
  "nn.BatchNorm.forward": () => [steps()],
  "new nn.CRF": () => [4],
  "nn.CRF.loss": () => [steps(), [[0, 1], [2]], { reduction: "mean" }],

  "new models.RecurrentLM": () => [{ vocab: 9, arch: "lstm", embed: 4, hidden: 4, layers: 1, dropout: 0, tieWeights: true }],
  "models.RecurrentLM.forward": () => [ids([2, 3]), { state: lstmState() }],
  "models.RecurrentLM.loss": () => [windows(), { h: sg.ones([1, 1, 4]), c: sg.ones([1, 1, 4]) }],
  "models.RecurrentLM.step": () => [[1, 2], { h: sg.ones([1, 1, 4]), c: sg.ones([1, 1, 4]) }],
  "models.RecurrentLM.stepRows": () => [[1, 2], lstmState(), [0, 1]],
  "models.RecurrentLM.release": () => [lstmState()],
  "new models.TransformerLM": () => [
    {
      ...{ ...transformerLM, kvHeads: 1, feedForward: 4, dropout: 0, attentionDropout: 0, embeddingDropout: 0, norm: "rms" },
      ...{ positions: "rotary", eps: 1e-5, rotaryBase: 1e4, activation: "swiglu", bias: true, tieWeights: true },
    },
  ],
  "models.TransformerLM.forward": () => [ids([1, 3]), { state: undefined }],
  "models.TransformerLM.loss": () => [windows()],
  "models.TransformerLM.step": () => [[1, 2]],
  "models.TransformerLM.stepRows": () => [[1], cache(), [0]],
  "models.TransformerLM.release": () => [cache()],
  "models.TransformerLM.fromHuggingFace": () => [{ model_type: "gpt2", n_layer: 1, n_head: 2, n_embd: 4, vocab_size: 9 }, new Map()],
  "new models.MaskedLM": () => [{ ...maskedLM, classes: 2, pools: true, fillsMasks: true }],
  "models.MaskedLM.forward": () => [ids([2, 3]), { segments: ids([2, 3]), lengths: [3, 2] }],
  "models.MaskedLM.encode": () => [ids([2, 3]), { segments: ids([2, 3]), lengths: [3, 2] }],
  "models.MaskedLM.pool": () => [ids([2, 3]), { segments: ids([2, 3]), lengths: [3, 2] }],
  "models.MaskedLM.classify": () => [ids([2, 3]), { segments: ids([2, 3]), lengths: [3, 2] }],
  "models.MaskedLM.loss": () => [{ tokens: Int32Array.of(1, 2), targets: Int32Array.of(-100, 2), shape: [1, 2], lengths: [2] }],
  "models.MaskedLM.fromHuggingFace": () => [{ model_type: "bert", num_hidden_layers: 1, hidden_size: 4, vocab_size: 9 }, new Map()],
  "new models.SequenceEncoder": () => [4, encoder],
  "models.SequenceEncoder.forward": () => [steps(), [3, 2]],
  "new models.SequenceClassifier": () => [{ ...encoder, vocab: 9, classes: 2, embed: 4, pooling: "attention", classWeights: [1, 2] }],
  "models.SequenceClassifier.forward": () => [ids([2, 3]), [3, 2]],
  "models.SequenceClassifier.loss": () => [{ tokens: new Int32Array(6), shape: [2, 3], lengths: [3, 2], labels: Int32Array.of(0, 1) }],
  "new models.SequenceTagger": () => [{ ...encoder, vocab: 9, tags: 3, embed: 4, characters: 5, characterSize: 3, crf: true }],
  "models.SequenceTagger.forward": () => [tagged()],
  "models.SequenceTagger.loss": () => [
    {
      ...tagged(),
      tags: [
        [0, 1, 2],
        [0, 1],
      ],
    },
  ],
  "new models.Forecaster": () => [{ ...encoder, channels: 2, horizon: 2, quantiles: [0.1, 0.5, 0.9] }],
  "models.Forecaster.forward": () => [sg.ones([1, 3, 2])],
  "models.Forecaster.loss": () => [{ past: new Float32Array(6), future: new Float32Array(4), batch: 1 }],
  "new models.Recognizer": () => [{ ...encoder, features: 4, classes: 3 }],
  "models.Recognizer.forward": () => [frames()],
  "models.Recognizer.loss": () => [{ frames: frames(), targets: [[1], [2]] }],
  "new models.RecurrentSeq2Seq": () => [{ ...decoder, sourceVocab: 9, bidirectional: true, reverse: false }],
  "models.RecurrentSeq2Seq.encode": () => [rows()],
  "models.RecurrentSeq2Seq.decoder": () => [[1, 2]],
  "models.RecurrentSeq2Seq.decode": () => [
    ids([2, 3]),
    new sg.models.RecurrentSeq2Seq({ sourceVocab: 9, targetVocab: 9, embed: 4, hidden: 4 }).encode(rows() as never),
  ],
  "models.RecurrentSeq2Seq.forward": () => [pairs()],
  "models.RecurrentSeq2Seq.loss": () => [pairs()],
  "models.RecurrentSeq2Seq.greedy": () => [rows(), greedy],
  "models.RecurrentSeq2Seq.release": () => [{ h: sg.ones([1, 1, 4]), position: 0 }],
  "new models.Captioner": () => [{ ...decoder, features: 4, places: 3, inject: "state" }],
  "models.Captioner.encode": () => [frames()],
  "models.Captioner.decoder": () => [[[1, 2, 3, 4]], { scaler: undefined }],
  "models.Captioner.decode": () => [
    ids([2, 3]),
    new sg.models.Captioner({ targetVocab: 9, features: 4, places: 3, embed: 4, hidden: 4 }).encode(frames() as never),
  ],
  "models.Captioner.forward": () => [{ source: frames(), target: rows() }],
  "models.Captioner.loss": () => [{ source: frames(), target: rows() }],
  "models.Captioner.greedy": () => [frames(), greedy],
  "models.Captioner.release": () => [{ h: sg.ones([1, 1, 4]), position: 0 }],
  "new models.RecurrentDecoding": () => {
    const model = new sg.models.RecurrentSeq2Seq({ sourceVocab: 9, targetVocab: 9, embed: 4, hidden: 4 });
    return [model, model.encode({ ...rows(), shape: [1, 3], data: Int32Array.of(1, 2, 3), lengths: [3] })];
  },
  "models.RecurrentDecoding.step": () => [[1], decoding()],
  "models.RecurrentDecoding.stepRows": () => [[1], decoding(), [0]],
  "models.RecurrentDecoding.release": () => [decoding()],
  "new models.TransformerSeq2Seq": () => [seq2seq],
  "models.TransformerSeq2Seq.forward": () => [pairs()],
  "models.TransformerSeq2Seq.loss": () => [pairs()],
  "models.TransformerSeq2Seq.greedy": () => [rows(), greedy],
  "models.TransformerSeq2Seq.decoder": () => [[1, 2]],
  "models.TransformerSeq2Seq.encode": () => [rows()],
  "models.TransformerSeq2Seq.next": () => {
    const model = new sg.models.TransformerSeq2Seq(seq2seq);
    return [ids([2, 1]), model.encode(rows() as never), model.emptyCache(2)];
  },
  "models.TransformerSeq2Seq.emptyCache": () => [2],
  "new models.TransformerDecoding": () => [new sg.models.TransformerSeq2Seq(seq2seq), [1, 2]],
  "models.TransformerDecoding.step": () => [[1]],
  "models.TransformerDecoding.stepRows": () => [[1], cache(), [0]],
  "models.TransformerDecoding.release": () => [cache()],
  "models.LogisticRegression.fit": () => [sparse(), ["a", "b"], { c: 1, iterations: 3, tolerance: 1e-3 }],
  "models.LogisticRegression.fitAsync": () => [sparse(), ["a", "b"], { c: 1, iterations: 3, tolerance: 1e-3 }],
  "models.LogisticRegression.probabilities": () => [sparse()],
  "models.LogisticRegression.predict": () => [sparse()],

  ...optimizerCalls("SGD", { momentum: 0.9, dampening: 0, nesterov: true }),
  ...optimizerCalls("Adam", { betas: [0.9, 0.99], eps: 1e-8 }),
  ...optimizerCalls("AdamW", { betas: [0.9, 0.99], eps: 1e-8, clipValue: 1, clipNorm: undefined }),
  ...optimizerCalls("RMSprop", { alpha: 0.9, eps: 1e-8, momentum: 0.1, centered: true }),
  ...optimizerCalls("Adagrad", { eps: 1e-8, lrDecay: 0.1 }),
  ...optimizerCalls("Lion", { betas: [0.9, 0.99] }),
  ...optimizerCalls("Muon", {
    momentum: 0.9,
    nesterov: true,
    nsCoefficients: [3, -4, 2],
    nsSteps: 2,
    adjustLr: "original",
    method: "auto",
    betas: [0.9, 0.95],
    eps: 1e-7,
  }),
  ...optimizerCalls("NAdam", { betas: [0.9, 0.99], eps: 1e-8, momentumDecay: 0.004, decoupledWeightDecay: true }),
  ...optimizerCalls("RAdam", { betas: [0.9, 0.99], eps: 1e-8, decoupledWeightDecay: true }),
  ...optimizerCalls("ScheduleFreeAdamW", { betas: [0.9, 0.99], eps: 1e-8, warmupSteps: 2, r: 0, weightLrPower: 2 }),
  "optim.defineRule": () => [{ state: ["m"], update: ({ p }: { p: sg.Tensor }) => ({ p }) }],
  "optim.Optimizer.step": () => [() => sg.sum(sg.parameter([1], sg.nn.init.ones))],
  "optim.Optimizer.loadStateDict": () => [{ steps: 1, lr: [0.1], tensors: new Map() }],
  "optim.Optimizer.to": () => [sg.defaultDevice()],
  "optim.Optimizer.place": () => [sg.defaultDevice().backend],
  "optim.clipGradNorm": () => [parameters(), 1],
  "optim.clipGradValue": () => [parameters(), 1],
  "optim.constant": () => [1],
  "optim.linearWarmup": () => [5, 0],
  "optim.linearDecay": () => [5, 0],
  "optim.cosine": () => [5, 0],
  "optim.inverseSigmoid": () => [5, 0],
  "optim.stepDecay": () => [5, 0.5],
  "optim.oneCycle": () => [5, { rise: 0.3, startDivisor: 25, endDivisor: 1e4, anneal: "linear" }],
  "optim.sequence": () => [
    [sg.optim.constant(1), 5],
    [sg.optim.cosine(5), 5],
  ],
  "new optim.Plateau": () => [{ mode: "max", factor: 0.1, patience: 1, threshold: 0.1, thresholdMode: "absolute", cooldown: 1, floor: 0 }],
  "optim.Plateau.observe": () => [1],
  "optim.Plateau.restore": () => [[1, 2, 0, 0]],
  "new optim.Scheduler": () => [new sg.optim.SGD(parameters(), { lr: 0.1 }), sg.optim.cosine(5)],
  "optim.Scheduler.apply": () => [1],
  "new RunControl": () => [],
  "RunControl.resume": () => [2],
  "RunControl.setLearningRate": () => [0.1],
  fit: () => {
    const model = new sg.nn.Linear(2, 2);
    const loader = [{ x: sg.keep(sg.ones([2, 2])), y: sg.keep(sg.tensor(Int32Array.of(0, 1))) }];
    const steps = { optimizer: new sg.optim.SGD(model.parameters(), { lr: 0.1 }), epochs: 1, steps: 2, carryState: false, readEvery: 1 };
    // A batch is whatever the loader holds, also undefined: the layer refuses it, and not this function.
    const loss = (batch?: { x: sg.Tensor; y: sg.Tensor }) => ({ loss: sg.crossEntropy(model.forward(batch?.x as sg.Tensor), batch!.y) });
    const evaluate = { every: 1, run: () => 1 };
    const checkpoint = { store: sg.io.memoryStore(), every: 2, resume: false };
    const ends = {
      keepBest: true,
      earlyStopping: { patience: 1 },
      snapshot: { steps: 5, seconds: 5 },
      signal: new AbortController().signal,
      control: new sg.RunControl(),
    };
    return [model, loader, { ...steps, loss, evaluate, checkpoint, ...ends, schedule: sg.optim.constant(1) }];
  },
};

function tagged() {
  const spelling = { shape: [5, 2], lengths: [2, 1, 1, 1, 1], index: Int32Array.of(0, 1, 2, 3, 4, 0), characters: new Int32Array(10) };
  return { words: new Int32Array(6), shape: [2, 3], lengths: [3, 2], spelling };
}
