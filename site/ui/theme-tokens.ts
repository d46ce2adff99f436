/** The value of a design token now, such as `token("--accent")`. The event `themechange` of the window reports that it may differ. */
export const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

type Rgb = readonly [number, number, number];

function rgbOf(hex: string): Rgb {
  const n = Number.parseInt(hex.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

/** 256 colors from the tokens of a scale, as bytes r, g, b, a. */
export function colorTable(scale: "sequential" | "diverging"): Uint8ClampedArray {
  const names = scale === "sequential" ? [0, 1, 2, 3, 4, 5].map((i) => `--seq-${i}`) : [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => `--div-${i}`);
  const stops = names.map((name) => rgbOf(token(name)));
  const table = new Uint8ClampedArray(4 * 256);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (stops.length - 1);
    const below = Math.min(Math.floor(place), stops.length - 2);
    const [from, to] = [stops[below], stops[below + 1]];
    if (!from || !to) continue;
    for (const c of [0, 1, 2] as const) table[4 * i + c] = from[c] + (place - below) * (to[c] - from[c]);
    table[4 * i + 3] = 255;
  }
  return table;
}
