import type { Graph, Value } from "./graph.js";

/**
 * Adds sines and cosines of its position to each vector of x `[B, T, D]`. The angles are of double precision and taken modulo a turn, as a
 * product of a late position and a frequency would be off in float32.
 *
 * @param first the position of the first vector, int64 `[1]`; default 0
 */
export function sinusoidal(g: Graph, x: Value, D: number, first?: Value): Value {
  const pairs = Math.ceil(D / 2);
  const frequencies = Array.from({ length: pairs }, (_, i) => 10000 ** ((-2 * i) / D));
  const steps = g.unsqueeze(g.cast(g.counting(g.size(x, 1), first), "double"), 1);
  const angles = g.node("Mod", [g.mul(steps, g.constant("double", frequencies)), g.constant("double", [2 * Math.PI], [])], { fmod: 1 });
  const turned = g.cast(angles, "float");
  const waves = ["Sin", "Cos"].map((op) => g.unsqueeze(g.node(op, [turned]), 2));
  const encoding = g.reshape(g.concat(waves, 2), -1, 2 * pairs);
  return g.add(x, 2 * pairs === D ? encoding : g.node("Slice", [encoding, g.ints(0), g.ints(D), g.ints(1)]));
}

/** Cosines and sines of the angles by which pairs of a head of D elements turn: tables `[positions, D / 2]`. */
export function rotaryTables(g: Graph, positions: number, D: number, base: number): { readonly cos: Value; readonly sin: Value } {
  const half = D / 2;
  const angles = Array.from({ length: positions * half }, (_, i) => Math.floor(i / half) * base ** ((-2 * (i % half)) / D));
  const table = (name: string, of: (angle: number) => number) =>
    g.initializer(`rotary.${name}`, [positions, half], Float32Array.from(angles, of));
  return { cos: table("cos", Math.cos), sin: table("sin", Math.sin) };
}

/** Turns x `[B, N, T, D]` by its positions, int64 `[T]`. */
export function rotary(g: Graph, x: Value, tables: { readonly cos: Value; readonly sin: Value }, positions: Value, D: number): Value {
  const [cos, sin] = [g.node("Gather", [tables.cos, positions]), g.node("Gather", [tables.sin, positions])];
  if (g.opset >= 23) {
    // The node needs the angles of each row.
    const shape = g.concat([g.size(x, 0), g.ints(1, 1)], 0);
    return g.node("RotaryEmbedding", [x, g.node("Expand", [cos, shape]), g.node("Expand", [sin, shape])]);
  }
  const [a = "", b = ""] = g.split(x, [D / 2, D / 2], 3);
  const first = g.node("Sub", [g.mul(a, cos), g.mul(b, sin)]);
  return g.concat([first, g.add(g.mul(b, cos), g.mul(a, sin))], 3);
}
