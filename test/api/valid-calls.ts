import * as sg from "../../src/index.js";

/** How to call a function or class of the API rightly: its arguments, made anew for each call. */
export interface ValidCall {
  readonly args: () => unknown[];
  /** Of a class: the arguments of its methods, where they are not tried with junk alone. */
  readonly methods?: Readonly<Record<string, () => unknown[]>>;
}

const int32 = { dtype: "int32" } as const;
const x = () => sg.ones([2, 3]);
const index = () => sg.tensor([1, 0], [2], int32);
const sequence = () => sg.ones([2, 3, 4]);
const tokens = () => sg.tensor([1, 2, 0, 1, 1, 1], [2, 3], int32);
const square = () => sg.ones([3, 3]);
const source = () => sg.padRows([[4, 5, 6], [7]]);
const target = () =>
  sg.padRows([
    [1, 6, 5, 2],
    [1, 7, 2],
  ]);
const frames = () =>
  sg.padFrames([
    [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ],
    [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ],
  ]);
const parameters = () => new sg.nn.Linear(3, 2).parameters();
const lm = () => new sg.models.RecurrentLM({ vocabularySize: 5, cell: "gru", embed: 3, hidden: 4 }).eval();
const scores = () => ({ transitions: sg.zeros([3, 3]), starts: sg.zeros([3]), ends: sg.zeros([3]) });
const state = () => ({ h: sg.zeros([1, 2, 5]), c: sg.zeros([1, 2, 5]) });
const cellState = () => ({ h: sg.zeros([2, 5]), c: sg.zeros([2, 5]) });
const small = { dimFeedforward: 8, numLayers: 1 };
const cache = () => new sg.nn.KeyValueCache({ layers: 1, capacity: 8, width: 4 });
const windows = () => ({ x: Int32Array.of(1, 2, 0), y: Int32Array.of(2, 0, 1), shape: [1, 3] });
const device = () => sg.defaultDevice();
const rows = () => sg.TfIdf.fit(["good film", "bad film"]).transform(["good film", "bad film"]);

const call = (args: () => unknown[], methods?: ValidCall["methods"]): ValidCall => ({ args, ...(methods && { methods }) });
const all = (names: string, valid: ValidCall) => Object.fromEntries(names.split(" ").map((name) => [name, valid]));

const lists = {
  decoder: { step: () => [[1, 2]], stepRows: () => [[1], undefined, [0]] },
  module: { to: () => [device()], train: () => [true], place: () => [device().backend] },
};
const layer = (args: () => unknown[], ...forward: (() => unknown)[]) =>
  call(args, { ...lists.module, forward: () => forward.map((make) => make()) });

/** Every function and class that the API exports, by its dotted name. */
export const validCalls: Readonly<Record<string, ValidCall>> = {
  // tensors and devices
  ...all(
    "arange",
    call(() => [0, 6, 2, {}]),
  ),
  ...all(
    "zeros ones rand randn",
    call(() => [[2, 3], {}]),
  ),
  full: call(() => [[2, 3], 1, {}]),
  tensor: call(() => [[1, 2], [2], {}]),
  fromArray: call(() => [[[1, 2]], {}]),
  parameter: call(() => [[2, 3], sg.nn.init.zeros, device()]),
  buffer: call(() => [[2, 3], sg.nn.init.zeros, {}]),
  createDevice: call(() => [{ device: "wasm" }]),
  init: call(() => [{ device: "wasm" }]),
  defaultDevice: call(() => []),
  memory: call(() => [device()]),
  withDevice: call(() => [device(), () => 1]),
  manualSeed: call(() => [3]),
  keep: call(() => [x()]),
  scope: call(() => [() => 1]),
  leaks: call(() => []),
  setDebug: call(() => [false]),
  noGrad: call(() => [() => 1]),
  retainGrad: call(() => [x()]),
  SeqgradError: call(() => ["value", "message", {}]),
  Generator: call(() => [1], { next: () => [4], integer: () => [4], shuffle: () => [[1, 2]], restore: () => [new sg.Generator(1).state] }),
  GradientProbe: call(() => [], { start: () => [3], record: () => [0, x()] }),
  Tensor: call(() => [x().storage, [2, 3], "float32"]),

  // operations
  ...all(
    "add sub mul div pow maximum minimum equal notEqual less lessEqual greater greaterEqual",
    call(() => [x(), x()]),
  ),
  ...all(
    "abs cos exp floor log neg reciprocal relu sigmoid sign silu sin softplus sqrt square tanh toFloat toInt contiguous",
    call(() => [x()]),
  ),
  affine: call(() => [x(), 2, 1]),
  clamp: call(() => [x(), 0, 1]),
  gelu: call(() => [x(), {}]),
  leakyRelu: call(() => [x(), 0.1]),
  ...all(
    "sum mean max min logSumExp norm variance",
    call(() => [x(), {}]),
  ),
  ...all(
    "softmax logSoftmax argmax",
    call(() => [x(), 1]),
  ),
  where: call(() => [x(), x(), x()]),
  matmul: call(() => [x(), square()]),
  linear: call(() => [x(), sg.ones([4, 3]), sg.ones([4])]),
  ...all(
    "concat stack",
    call(() => [[x(), x()], 0]),
  ),
  copyOf: call(() => [x(), [6]]),
  reshape: call(() => [x(), [6]]),
  expand: call(() => [sg.ones([1, 3]), [2, 3]]),
  permute: call(() => [x(), [1, 0]]),
  transpose: call(() => [x(), 0, 1]),
  flatten: call(() => [x(), 0, 1]),
  flip: call(() => [x(), 0]),
  select: call(() => [x(), 0, 1]),
  slice: call(() => [x(), 0, 0, 1, 1]),
  split: call(() => [x(), 1, 0]),
  squeeze: call(() => [sg.ones([1, 3]), 0]),
  unsqueeze: call(() => [x(), 0]),
  gather: call(() => [x(), 1, tokens()]),
  indexSelect: call(() => [x(), 0, index()]),
  embedding: call(() => [index(), x(), {}]),
  oneHot: call(() => [index(), 3]),
  crossEntropy: call(() => [x(), index(), {}]),
  nllLoss: call(() => [x(), index(), {}]),
  ...all(
    "mseLoss l1Loss huberLoss binaryCrossEntropyWithLogits",
    call(() => [x(), x(), {}]),
  ),
  ctcLoss: call(() => [sg.ones([1, 4, 3]), [[1, 2]], {}]),
  crfLoss: call(() => [sg.ones([1, 2, 3]), [[0, 1]], scores(), {}]),
  dropout: call(() => [x(), 0.1, true]),
  layerNorm: call(() => [x(), sg.ones([3]), sg.ones([3]), 1e-5]),
  batchNorm: call(() => [x(), sg.ones([3]), sg.ones([3]), {}]),
  rmsNorm: call(() => [x(), sg.ones([3]), 1e-5]),
  swiglu: call(() => [sg.ones([2, 4])]),
  rotary: call(() => [sequence(), { heads: 2 }]),
  rnn: call(() => [sequence(), sg.ones([5, 4]), sg.ones([5, 5]), {}]),
  gru: call(() => [sequence(), sg.ones([15, 4]), sg.ones([15, 5]), {}]),
  lstm: call(() => [sequence(), sg.ones([20, 4]), sg.ones([20, 5]), {}]),
  ...all(
    "attention attentionWithWeights scaledDotProductAttention",
    call(() => [sequence(), sequence(), sequence(), { heads: 2 }]),
  ),
  scaledDotProductAttention: call(() => [sequence(), sequence(), sequence(), {}]),
  attentionWeights: call(() => [sequence(), sequence(), { heads: 2 }]),
  selfAttention: call(() => [sg.ones([2, 3, 12]), { heads: 2 }]),
  additiveAttention: call(() => [sequence(), sequence(), sg.ones([4]), sequence(), {}]),

  // layers
  "nn.Linear": layer(() => [3, 2, {}], x),
  "nn.Embedding": call(() => [5, 3, {}], {
    ...lists.module,
    forward: () => [index()],
    fromVectors: () => [{ dimension: 1, data: Float32Array.of(1, 2) }, {}],
  }),
  "nn.Dropout": layer(() => [0.5], x),
  "nn.Sequential": layer(() => [new sg.nn.Linear(3, 2), sg.relu, sg.tanh], x),
  "nn.ParameterTable": call(() => [[["weight", sg.parameter([1], sg.nn.init.zeros)]]]),
  "nn.Module": call(() => []),
  ...all(
    "nn.LayerNorm nn.RMSNorm nn.BatchNorm",
    layer(() => [3, {}], x),
  ),
  "nn.RNN": layer(
    () => [4, 5, {}],
    sequence,
    () => ({ lengths: [3, 2] }),
  ),
  "nn.GRU": layer(
    () => [4, 5, {}],
    sequence,
    () => ({ lengths: [3, 2] }),
  ),
  "nn.LSTM": layer(
    () => [4, 5, {}],
    sequence,
    () => ({ state: state() }),
  ),
  "nn.identityRNN": call(() => [4, 5, {}]),
  ...all(
    "nn.RNNCell nn.GRUCell",
    layer(
      () => [3, 5, {}],
      x,
      () => ({ h: sg.zeros([2, 5]) }),
    ),
  ),
  "nn.LSTMCell": layer(() => [3, 5, {}], x, cellState),
  "nn.AdditiveAttention": layer(
    () => [4, 4, 3, {}],
    sequence,
    sequence,
    () => ({ lengths: [3, 2] }),
  ),
  "nn.DotAttention": layer(
    () => [{}],
    sequence,
    sequence,
    () => ({}),
  ),
  "nn.GeneralAttention": layer(
    () => [4, 4, {}],
    sequence,
    sequence,
    () => ({}),
  ),
  "nn.CRF": call(() => [3], { ...lists.module, loss: () => [sg.ones([1, 2, 3]), [[0, 1]], {}] }),
  "nn.FeedForward": layer(() => [3, 4, {}], x),
  "nn.KeyValueCache": call(() => [{ layers: 1, capacity: 8, width: 4 }], {
    check: () => [1],
    at: () => [0],
    read: () => [0],
    advance: () => [1],
    select: () => [[0]],
  }),
  "nn.MultiheadAttention": call(() => [4, 2, {}], {
    ...lists.module,
    forward: () => [sequence(), {}],
    forwardWithWeights: () => [sequence(), {}],
    project: () => [sequence(), sequence()],
  }),
  "nn.Pooling": layer(
    () => ["mean", 4],
    sequence,
    () => [3, 2],
  ),
  "nn.LearnedPositionalEmbedding": layer(
    () => [8, 4],
    sequence,
    () => ({}),
  ),
  "nn.SinusoidalPositionalEncoding": layer(
    () => [4],
    sequence,
    () => ({}),
  ),
  ...all(
    "nn.TransformerEncoderLayer",
    layer(
      () => [4, 2, { dimFeedforward: 8 }],
      sequence,
      () => ({}),
    ),
  ),
  "nn.TransformerDecoderLayer": call(() => [4, 2, { dimFeedforward: 8 }], {
    ...lists.module,
    forward: () => [sequence(), sequence(), {}],
    project: () => [sequence()],
  }),
  "nn.TransformerEncoder": layer(
    () => [4, 2, small],
    sequence,
    () => ({}),
  ),
  "nn.TransformerDecoder": call(() => [4, 2, small], {
    ...lists.module,
    forward: () => [sequence(), sequence(), {}],
    project: () => [sequence()],
  }),
  "nn.Transformer": layer(
    () => [4, 2, { dimFeedforward: 8, numEncoderLayers: 1, numDecoderLayers: 1 }],
    sequence,
    sequence,
    () => ({}),
  ),
  "nn.init.gain": call(() => ["relu", 0.1]),
  ...all(
    "nn.init.uniform nn.init.normal",
    call(() => [x(), 0, 1]),
  ),
  ...all(
    "nn.init.constant nn.init.xavierUniform nn.init.xavierNormal nn.init.kaimingUniform nn.init.kaimingNormal nn.init.identity nn.init.orthogonal",
    call(() => [x(), 1]),
  ),
  ...all(
    "nn.init.zeros nn.init.ones",
    call(() => [x()]),
  ),

  // optimizers and schedules
  ...all(
    "optim.SGD optim.Adam optim.AdamW optim.RMSprop optim.Adagrad",
    call(() => [parameters(), { lr: 0.1 }], {
      step: () => [() => sg.ones([1])],
      loadStateDict: () => [{ steps: 0, lr: [0.1], tensors: new Map() }],
      to: () => [device()],
      place: () => [device().backend],
    }),
  ),
  "optim.Optimizer": call(() => []),
  "optim.clipGradNorm": call(() => [parameters(), 1]),
  "optim.clipGradValue": call(() => [parameters(), 1]),
  "optim.constant": call(() => [0.5]),
  ...all(
    "optim.linearWarmup optim.linearDecay optim.cosine optim.inverseSigmoid optim.stepDecay",
    call(() => [10, 0.5]),
  ),
  "optim.oneCycle": call(() => [10, {}]),
  "optim.sequence": call(() => [
    [sg.optim.constant(1), 3],
    [sg.optim.constant(2), 3],
  ]),
  "optim.Plateau": call(() => [{}], { observe: () => [1], restore: () => [[1, 2, 3, 4]] }),
  "optim.Scheduler": call(() => [new sg.optim.SGD(parameters()), sg.optim.constant(1)], { apply: () => [3] }),

  // models
  "models.RecurrentLM": call(() => [{ vocabularySize: 5, cell: "lstm", embed: 3, hidden: 4 }], {
    ...lists.module,
    ...lists.decoder,
    forward: () => [tokens(), {}],
    loss: () => [windows(), undefined],
  }),
  "models.TransformerLM": call(() => [{ vocabularySize: 5, contextLength: 8, layers: 1, heads: 2, embed: 4 }], {
    ...lists.module,
    ...lists.decoder,
    forward: () => [tokens(), {}],
    loss: () => [windows()],
    release: () => [cache()],
  }),
  "models.MaskedLM": call(() => [{ vocabularySize: 5, contextLength: 8, layers: 1, heads: 2, embed: 4, classes: 2 }], {
    ...lists.module,
    forward: () => [tokens(), {}],
    encode: () => [tokens(), {}],
    pool: () => [tokens(), {}],
    classify: () => [tokens(), {}],
    loss: () => [{ tokens: Int32Array.of(1, 2), targets: Int32Array.of(1, -100), shape: [1, 2], lengths: [2] }],
  }),
  "models.SequenceClassifier": call(() => [{ vocabularySize: 5, classes: 2, embed: 3, hidden: 4 }], {
    ...lists.module,
    forward: () => [tokens(), [3, 2]],
    loss: () => [{ tokens: Int32Array.of(1, 2), shape: [1, 2], lengths: [2], labels: Int32Array.of(1) }],
  }),
  "models.SequenceTagger": call(() => [{ vocabularySize: 5, tags: 2, embed: 3, hidden: 4 }], {
    ...lists.module,
    forward: () => [{ words: Int32Array.of(1, 2), shape: [1, 2], lengths: [2] }],
    loss: () => [{ words: Int32Array.of(1, 2), shape: [1, 2], lengths: [2], tags: [[0, 1]] }],
  }),
  "models.SequenceEncoder": layer(
    () => [4, { hidden: 4 }],
    sequence,
    () => [3, 2],
  ),
  "models.Forecaster": call(() => [{ channels: 1, horizon: 2, hidden: 4 }], {
    ...lists.module,
    forward: () => [sg.ones([2, 3, 1])],
    loss: () => [{ past: new Float32Array(3), future: new Float32Array(2), batchSize: 1 }],
  }),
  "models.Recogniser": call(() => [{ features: 2, classes: 3, hidden: 4 }], {
    ...lists.module,
    forward: () => [frames()],
    loss: () => [{ frames: frames(), targets: [[1], [2]] }],
  }),
  "models.Captioner": call(() => [{ features: 2, places: 4, targetVocabulary: 9, embed: 3, hidden: 4 }], {
    ...lists.module,
    forward: () => [{ source: frames(), target: target() }],
    loss: () => [{ source: frames(), target: target() }],
    encode: () => [frames()],
    about: () => [
      [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ],
      {},
    ],
    greedy: () => [frames(), { sos: 1, eos: 2, maxTokens: 3 }],
  }),
  "models.RecurrentSeq2Seq": call(() => [{ sourceVocabulary: 9, targetVocabulary: 9, embed: 3, hidden: 4 }], {
    ...lists.module,
    forward: () => [{ source: source(), target: target() }],
    loss: () => [{ source: source(), target: target() }],
    encode: () => [source()],
    about: () => [[4, 5]],
    greedy: () => [source(), { sos: 1, eos: 2, maxTokens: 3 }],
  }),
  "models.TransformerSeq2Seq": call(() => [{ sourceVocabulary: 9, targetVocabulary: 9, embed: 4, heads: 2, layers: 1 }], {
    ...lists.module,
    forward: () => [{ source: source(), target: target() }],
    loss: () => [{ source: source(), target: target() }],
    encode: () => [source()],
    about: () => [[4, 5]],
    greedy: () => [source(), { sos: 1, eos: 2, maxTokens: 3 }],
    emptyCache: () => [1],
  }),
  "models.RecurrentDecoding": call(() => {
    const model = new sg.models.RecurrentSeq2Seq({ sourceVocabulary: 9, targetVocabulary: 9, embed: 3, hidden: 4 }).eval();
    return [model, model.encode(source())];
  }, lists.decoder),
  "models.TransformerDecoding": call(
    () => [new sg.models.TransformerSeq2Seq({ sourceVocabulary: 9, targetVocabulary: 9, embed: 4, heads: 2, layers: 1 }).eval(), [4, 5]],
    lists.decoder,
  ),
  "models.LogisticRegression": call(() => [["a", "b"], new Float64Array(8)], {
    fit: () => [rows(), ["a", "b"], { iterations: 3 }],
    probabilities: () => [rows()],
    predict: () => [rows()],
  }),

  // decoding and training
  generate: call(() => [lm(), [1, 2], { maxTokens: 2 }]),
  beamSearch: call(() => [lm(), [1, 2], { maxTokens: 2 }]),
  ctcDecode: call(() => [Float32Array.of(-1, -2, -2, -1), 2, {}]),
  greedy: call(() => [[1, 2]]),
  penalizeRepetition: call(() => [[1, 2], [0], 1.2]),
  sampleToken: call(() => [[1, 2], {}, new sg.Generator(1)]),
  viterbi: call(() => [sg.ones([1, 2, 3]), scores(), [2]]),
  fit: call(() => {
    const model = new sg.nn.Linear(3, 2);
    const batch = () => ({ x: x(), y: index() });
    return [model, { batch }, { optimizer: new sg.optim.SGD(model.parameters()), steps: 1 }];
  }),
};
