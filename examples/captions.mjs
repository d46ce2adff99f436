// Vector -> sequence: a picture -> "a red ring top left and a blue square bottom center".
//
// A scene is a grid of places, each given by the vector of its pixels. The decoder, an LSTM, starts from their mean and looks at the places
// again for every word, by attention (Xu et al. 2015): below, where it looked is drawn beside each word. It is asked for pairs of things
// that it has never seen together.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

await sg.init();
sg.manualSeed(1);
const random = new sg.RandomGenerator(1);

const shapes = { ring: "### #.# ###", square: "### ### ###", cross: ".#. ### .#.", arrow: "#.. ##. ###" };
const colors = { red: [1, 0, 0], green: [0, 1, 0], blue: [0, 0, 1], yellow: [1, 1, 0] };
const things = Object.keys(shapes).flatMap((shape) => Object.keys(colors).map((color) => ({ shape, color })));
const [rows, columns] = [
  ["top", "middle", "bottom"],
  ["left", "center", "right"],
];
const side = columns.length;

/** Two things at two places, in the order in which one reads. */
function scene(first, second) {
  const [a, b] = random
    .shuffle(Array.from({ length: rows.length * side }, (_, place) => place))
    .slice(0, 2)
    .sort((x, y) => x - y);
  const at = new Map([
    [a, first],
    [b, second],
  ]);
  const features = Array.from({ length: rows.length * side }, (_, place) => pixels(at.get(place)));
  const parts = Array.from(
    at,
    ([place, { color, shape }]) => `a ${color} ${shape} ${rows[Math.floor(place / side)]} ${columns[place % side]}`,
  );
  return { at, features, caption: parts.join(" and ") };
}

/** Red, green and blue of 3 by 3 pixels, with noise. */
function pixels(thing) {
  const drawn = (thing ? shapes[thing.shape] : "... ... ...").replaceAll(" ", "");
  return [...drawn].flatMap((dot) =>
    [0, 1, 2].map((channel) => (dot === "#" ? colors[thing.color][channel] : 0) + 0.2 * (random.uniform() - 0.5)),
  );
}

const pairs = random.shuffle(things.flatMap((first) => things.map((second) => [first, second])));
const scenes = (some, each) => some.flatMap(([first, second]) => Array.from({ length: each }, () => scene(first, second)));
const held = pairs.splice(0, 50); // of 256
const [train, unseen] = [scenes(pairs, 12), scenes(held, 6)];

const task = sg.tasks.ImageCaptioner.create(train, { arch: "lstm", hidden: 64, embed: 24, dropout: 0 });
const loader = task.loader(train, { batch: 48 });
const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 6e-3, clipNorm: 1 });
const epochs = 9;
for await (const event of sg.fit(task.model, loader, { optimizer, epochs, schedule: sg.optim.cosine(epochs * loader.length, 0.02) }))
  if (event.type === "epoch") console.log(`epoch ${event.epoch}  loss of a word ${event.loss.toFixed(4)}`);

/** The scene, and for each word of its caption the grid as the decoder looks at it. */
async function draw({ at, features }) {
  const [caption] = await task.predict([features]);
  const tokens = Int32Array.of(task.target.special.sos, ...task.target.encode(caption));
  const source = sg.data.padFrames([features], { scaler: task.scaler });
  const decode = () => task.model.decode(sg.tensor(tokens, [1, tokens.length]), task.model.encode(source)).weights.dataSync();
  const weights = sg.scope(() => sg.noGrad(decode));
  const places = rows.length * side;
  const letters = Array.from({ length: places }, (_, place) => (at.has(place) ? (at.get(place) === [...at.values()][0] ? "1" : "2") : "."));
  const shades = (word) =>
    Array.from(weights.slice(word * places, (word + 1) * places), (w) => " .:-=+*#@"[Math.min(8, Math.floor(9 * w))]);
  const words = caption.split(" ");
  const grids = [["scene", letters], ...words.map((word, i) => [word, shades(i)])];
  console.log(`\n${grids.map(([name]) => name.padEnd(7)).join("")}`);
  for (let row = 0; row < rows.length; row++)
    console.log(
      grids
        .map(([, grid]) => `|${grid.slice(row * side, (row + 1) * side).join("")}|`.padEnd(7))
        .join("")
        .trimEnd(),
    );
}
task.model.eval();
for (const one of unseen.filter((_, i) => i % 100 === 0)) await draw(one);

const { exact } = await task.evaluate(unseen);
console.log(`\n${(100 * exact).toFixed(1)} % of ${unseen.length} scenes of pairs never seen together are described right`);
assert(exact >= 0.95, "it says what it sees");
