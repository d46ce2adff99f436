import { Draw } from "./random.js";

/** Sums, written out: `12+7=19`. */
export function sums(): string {
  const draw = new Draw(3);
  return Array.from({ length: 3000 }, () => {
    const [a, b] = [draw.between(0, 49), draw.between(0, 49)];
    return `${a}+${b}=${a + b}\n`;
  }).join("");
}

/** Brackets that are closed as they were opened. */
export function brackets(): string {
  const draw = new Draw(5);
  const pairs = ["()", "[]", "{}"] as const;
  const nest = (depth: number): string => {
    const pair = draw.of(pairs);
    const inner = depth > 0 && draw.chance(0.7) ? nest(depth - 1) : "";
    return `${pair[0]}${inner}${pair[1]}${depth > 0 && draw.chance(0.4) ? nest(depth - 1) : ""}`;
  };
  return Array.from({ length: 1500 }, () => `${nest(4)}\n`).join("");
}
