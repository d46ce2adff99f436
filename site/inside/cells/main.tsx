import { computed, signal } from "@preact/signals";
import { SliderField } from "../../ui/fields.js";
import { LineChart, type Series } from "../../ui/line-chart.js";
import { mount } from "../../ui/mount.js";
import { Frame } from "../frame.js";
import { Running } from "../view.js";
import type { CellsData } from "./program.js";

const running = new Running<CellsData>("cells");
const [gain, clip] = [signal(1), signal(0)];
const controls = () => ({ gain: gain.value, clip: clip.value });
/** Below this a gradient is drawn as this: the axis is logarithmic. */
const LEAST = 1e-12;

const history = new Map<string, { xs: number[]; loss: number[]; before: number[]; after: number[] }>();
const round = signal(0);
running.data.subscribe((data) => {
  if (!data) return;
  if (data.step === 1) history.clear();
  for (const [name, { loss, before, after }] of Object.entries(data.cells)) {
    const line = history.get(name) ?? { xs: [], loss: [], before: [], after: [] };
    history.set(name, line);
    line.xs.push(data.step);
    line.loss.push(loss);
    line.before.push(Math.max(LEAST, before));
    line.after.push(Math.max(LEAST, after));
  }
  round.value++;
});
const line = (of: "loss" | "before" | "after") =>
  computed((): Series[] => {
    round.value;
    return [...history].map(([name, each]) => ({ name, xs: [...each.xs], ys: [...each[of]] }));
  });
const [losses, before, after] = [line("loss"), line("before"), line("after")];
const norms = computed((): Series[] =>
  Object.entries(running.data.value?.cells ?? {}).map(([name, each]) => ({
    name,
    xs: Array.from(each.norms, (_, t) => t),
    ys: Array.from(each.norms, (norm) => Math.max(LEAST, norm)),
  })),
);

gain.subscribe(() => running.state.value !== "stopped" && running.start(controls()));
clip.subscribe((value) => running.set("clip", value));

function Cells() {
  const fields = (
    <div class="grid">
      <SliderField label="Gain of the recurrent weights (starts again)" value={gain} min={0.2} max={4} step={0.2} />
      <SliderField
        label="Clip the gradient's norm at"
        value={clip}
        min={0}
        max={5}
        step={0.25}
        format={(value) => (value === 0 ? "off" : String(value))}
      />
    </div>
  );
  return (
    <Frame running={running} controls={controls} fields={fields}>
      <LineChart title="The norm of dLoss/dh_t, by step t: the loss stands at the right end" x="t" y="" series={norms} log />
      <div class="grid">
        <LineChart title="Loss" x="update" y="nats" series={losses} />
        <LineChart title="Norm of the whole gradient, before clipping" x="update" y="" series={before} log />
        <LineChart title="Norm of the whole gradient, after clipping" x="update" y="" series={after} log />
      </div>
    </Frame>
  );
}

mount("view", <Cells />);
