/** Codes of the elementwise families are positions in these lists, here and in assembly/elementwise. */
export const unaryOps = [
  "affine", // a x + b
  "abs",
  "sign",
  "exp",
  "log",
  "sqrt",
  "square",
  "reciprocal",
  "power", // x^a
  "sin",
  "cos",
  "tanh",
  "sigmoid",
  "relu",
  "leakyRelu", // x if x > 0, else a x
  "gelu", // x Phi(x), exact
  "geluTanh", // the tanh approximation
  "silu",
  "softplus", // log(1 + e^x)
  "clamp", // to [a, b]
  "floor",
  "toInt32", // reads float32, writes int32, toward zero
  "toFloat32", // reads int32, writes float32
] as const;
export type UnaryOp = (typeof unaryOps)[number];

export const binaryOps = [
  ...["add", "sub", "mul", "div", "pow", "maximum", "minimum"],
  ...["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"], // comparisons write float32 1 or 0
  // Of int32 operands, exact: sums, differences and products wrap around.
  ...["addInt32", "subInt32", "mulInt32", "maximumInt32", "minimumInt32"],
  ...["equalInt32", "notEqualInt32", "lessInt32", "lessEqualInt32", "greaterInt32", "greaterEqualInt32"],
] as const;
export type BinaryOp = (typeof binaryOps)[number];

/** Functions of one number that a page which trains one LSTM does without. */
export const specialOps = ["round", "ceil", "trunc", "rsqrt", "log1p", "expm1", "erf"] as const;
export type SpecialOp = (typeof specialOps)[number];

export const reduceOps = ["sum", "mean", "max", "min", "addSum", "sumInt32", "maxInt32", "minInt32"] as const;
export type ReduceOp = (typeof reduceOps)[number];

/** Epilogues of gemm. */
export const activations = ["none", "relu", "tanh", "sigmoid", "gelu"] as const;
export type Activation = (typeof activations)[number];

export const reductions = ["none", "mean", "sum"] as const;
export type Reduction = (typeof reductions)[number];

/** The cell that `recurrentGradient` serves: it decides which columns of `gates` the recurrent weights saw, and what they multiplied. */
export const recurrentCells = ["plain", "gruResetAfter", "gruResetBefore"] as const;
