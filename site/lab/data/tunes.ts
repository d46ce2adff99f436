import { Draw } from "./random.js";

const scale = "CDEFGABcdefgab";

/** Tunes that are made up: parts that return, in bars that are whole. */
export function tunes(): string {
  const draw = new Draw(43);
  return Array.from({ length: 320 }, () => {
    const isJig = draw.chance(0.4);
    const [meter, length, lengths] = isJig ? (["6/8", 6, [1, 1, 2, 3]] as const) : (["4/4", 8, [1, 1, 2, 2, 4]] as const);
    let note = 4 + draw.between(0, 4);
    const bar = () => {
      let text = "";
      for (let left: number = length; left > 0; ) {
        const long = Math.min(left, draw.of<number>(lengths));
        note = Math.max(0, Math.min(scale.length - 1, note + draw.of([-2, -1, -1, 0, 1, 1, 2])));
        text += scale[note] + (long > 1 ? String(long) : "");
        left -= long;
      }
      return text;
    };
    const close = isJig ? "c6" : "c8";
    const [a, b] = [
      [bar(), bar(), bar()],
      [bar(), bar(), bar()],
    ];
    const line = (bars: readonly string[], end: string) => `${[...bars, end].join("|")}|`;
    return `M:${meter}\nK:C\n${line(a, bar())}\n${line(a, close)}\n${line(b, bar())}\n${line(a, close)}\n\n`;
  }).join("");
}
