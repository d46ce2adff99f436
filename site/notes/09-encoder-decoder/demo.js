import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);
const pick = (items) => items[random.integer(items.length)];

// Commands and replies of different lengths.
const verbs = { "turn on": "is on now", "turn off": "is off now", find: "is here", clean: "is clean" };
const things = ["the lights", "the radio", "the heater", "the fan", "the oven", "the lamp", "the phone", "the door"];
const rooms = ["", " in the kitchen", " upstairs"];
function pair() {
  const [verb, thing, room] = [pick(Object.keys(verbs)), pick(things), pick(rooms)];
  return { source: `please ${verb} ${thing}${room}`, target: `${thing}${room} ${verbs[verb]}` };
}
const pairs = Array.from({ length: 1000 }, pair);
const unseen = Array.from({ length: 40 }, pair);

// Encoder and decoder are GRUs. The encoder's last state is the context w, all that the decoder knows.
const sizes = { arch: "gru", hidden: 48, embed: control("embed"), dropout: 0 };
const reading = { attention: "none", bidirectional: false, unit: "words", minCount: 1 };
const task = sg.tasks.Translator.create(pairs, { ...sizes, ...reading });
const epochs = 16;
const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 1e-2, clipNorm: 1 });
const schedule = sg.optim.cosine((epochs * pairs.length) / 16, 0.05);

for await (const event of sg.fit(task.model, task.loader(pairs, { batch: 16 }), { optimizer, epochs, schedule })) {
  if (event.type === "step" && event.step % 4 === 0) show.line("Loss", { training: event.loss }, event.step);
  if (event.type === "epoch") {
    const { exact } = await task.evaluate(unseen);
    show.line("Replies without a mistake", { "share of unseen commands": exact }, event.epoch + 1);
    const some = unseen.slice(0, 4);
    const replies = await task.predict(some.map(({ source }) => source));
    show.table(
      "Commands and replies",
      some.map(({ source, target }, i) => ({ command: source, reply: replies[i], expected: target })),
    );
    show.answer(exact > 0.9 ? "yes" : "no");
  }
  await show.frame();
}
