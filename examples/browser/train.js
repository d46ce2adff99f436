import * as sg from "../../dist/index.js";
import { LossCurve } from "./curve.js";

const $ = (id) => document.getElementById(id);
const form = $("settings");
const button = form.querySelector("button");
const curve = new LossCurve($("curve"));
let run; // the AbortController of the run that is on

form.elements.text.value = sg.data.sampleText;
const device = await sg.init();
$("device").textContent = device.info;

// The form is never submitted: its text must not become part of an address.
form.addEventListener("submit", (event) => event.preventDefault());
button.disabled = false;
button.addEventListener("click", async () => {
  if (run) return run.abort();
  if (!form.reportValidity()) return;
  run = new AbortController();
  button.textContent = "Stop";
  document.body.dataset.state = "training";
  $("message").textContent = "";
  try {
    await train(Object.fromEntries(new FormData(form)), run.signal);
    document.body.dataset.state = "done";
  } catch (error) {
    $("message").textContent = error.message;
    document.body.dataset.state = "failed";
  }
  run = undefined;
  button.textContent = "Train";
});

async function train({ text, arch, ...numbers }, signal) {
  const [hidden, steps, temperature] = [numbers.hidden, numbers.steps, numbers.temperature].map(Number);
  sg.manualSeed(1);
  const tokenizer = sg.text.CharTokenizer.fromText(text);
  const windows = new sg.data.RandomWindows(tokenizer.encode(text), { batch: 32, context: 64, seed: 1 });
  const model = new sg.models.RecurrentLM({ vocab: tokenizer.size, arch, embed: 64, hidden });
  const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 5e-3, betas: [0.9, 0.99], weightDecay: 0, clipNorm: 1 });

  let seconds = 0;
  curve.clear(steps);
  $("output").textContent = "";
  try {
    for await (const event of sg.fit(model, windows, { optimizer, steps, signal })) {
      if (event.type !== "step") continue;
      seconds += event.milliseconds / 1000;
      show(event.step, steps, event.loss, seconds);
    }
    await write(model, tokenizer, text, temperature);
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

function show(step, steps, loss, seconds) {
  curve.add(loss);
  curve.draw();
  $("step").textContent = `${step} of ${steps}`;
  $("loss").textContent = loss.toFixed(3);
  $("speed").textContent = Math.round((step * 32 * 64) / seconds).toLocaleString();
  $("left").textContent = `${Math.ceil(((steps - step) * seconds) / step)} s`;
}

/** Continues the text's first word. */
async function write(model, tokenizer, text, temperature) {
  const prompt = text.split(/(?<=\s)/, 1)[0];
  const output = $("output");
  output.textContent = prompt;
  model.eval();
  for await (const token of sg.generate(model, tokenizer.encode(prompt), { maxTokens: 400, temperature, seed: 1 })) {
    output.textContent += tokenizer.decode([token]);
  }
}
