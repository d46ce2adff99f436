import { Draw } from "./random.js";

export const shapes: Readonly<Record<string, string>> = { ring: "####.####", square: "#########", cross: ".#.###.#.", arrow: "#..##.###" };
export const colors: Readonly<Record<string, readonly [number, number, number]>> = {
  red: [1, 0, 0],
  green: [0, 1, 0],
  blue: [0, 0, 1],
  yellow: [1, 1, 0],
};
const rows = ["top", "middle", "bottom"];
const columns = ["left", "center", "right"];
export const SIDE = 3;

export interface Scene {
  readonly features: readonly (readonly number[])[];
  readonly caption: string;
}

/** Red, green and blue of 3 by 3 pixels, with noise. */
function pixels(draw: Draw, shape: string | undefined, color: string | undefined): number[] {
  const form = (shape && shapes[shape]) || ".........";
  const [r, g, b] = (color && colors[color]) || [0, 0, 0];
  return [...form].flatMap((dot) => [r, g, b].map((channel) => (dot === "#" ? channel : 0) + 0.075 * draw.noise()));
}

/** Grids of nine places with one or two things, and what a reader would say. */
export function scenes(most = 2): Scene[] {
  const draw = new Draw(41);
  return Array.from({ length: 2400 }, () => {
    const places = draw.random.shuffle([0, 1, 2, 3, 4, 5, 6, 7, 8]).slice(0, draw.between(1, most)).sort();
    const things = places.map((place) => ({ place, shape: draw.of(Object.keys(shapes)), color: draw.of(Object.keys(colors)) }));
    const features = Array.from({ length: 9 }, (_, place) => {
      const thing = things.find((other) => other.place === place);
      return pixels(draw, thing?.shape, thing?.color);
    });
    const say = ({ place, shape, color }: (typeof things)[number]) =>
      `a ${color} ${shape} ${rows[Math.floor(place / SIDE)]} ${columns[place % SIDE]}`;
    return { features, caption: things.map(say).join(" and ") };
  });
}
