import { signal } from "@preact/signals";
import * as sg from "seqgrad";
import { Button } from "../ui/button.js";
import { LineChart, type Series } from "../ui/line-chart.js";
import { mount } from "../ui/mount.js";
import { Status } from "../ui/status.js";

const series = signal<Series[]>([]);
const sample = signal("");
const status = signal("An LSTM learns to write, from a text that is on this page.");
const busy = signal(false);

async function train(): Promise<void> {
  busy.value = true;
  const trainer = await sg.worker.start({ seed: 1 });
  const model = await trainer.tasks.LanguageModel.create(sg.data.sampleText, { arch: "lstm", hidden: 64 });
  const [xs, ys]: [number[], number[]] = [[], []];
  for await (const event of model.train(sg.data.sampleText, { steps: 200, seed: 1 })) {
    if (event.type !== "step") continue;
    xs.push(event.step);
    ys.push(event.loss);
    series.value = [{ name: "loss", xs, ys }];
    status.value = `Step ${event.step} of 200, loss ${event.loss.toFixed(3)}`;
  }
  sample.value = "";
  for await (const piece of model.generate("The ", { maxTokens: 200, temperature: 0.6 })) sample.value += piece;
  trainer.close();
  busy.value = false;
}

function Home() {
  return (
    <div class="panel">
      <Status text={status.value} />
      <Button kind="primary" disabled={busy.value} onClick={() => train().catch((error: Error) => (status.value = error.message))}>
        Train it here
      </Button>
      <LineChart title="Loss by step" x="step" y="loss" series={series} />
      <pre class="sample">{sample.value}</pre>
    </div>
  );
}

mount("home", <Home />);
