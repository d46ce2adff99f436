import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../../ui/button.js";
import { SelectField } from "../../ui/fields.js";
import { Status } from "../../ui/status.js";
import { colors, type Scene, SIDE, shapes } from "../data/scenes.js";
import { parted, predicted } from "../examples.js";
import type { LabState } from "../state.js";
import { view as viewOf } from "../view-signal.js";
import type { Ask, View } from "./index.js";

interface Answered extends Scene {
  readonly answer: string;
}

/** A picture of nine places of 3 by 3 pixels; other features are drawn as one row of gray. */
function Picture({ features, label }: { readonly features: Scene["features"]; readonly label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context) return;
    const isGrid = features.length === SIDE * SIDE && features[0]?.length === 27;
    const flat = features.flat();
    [canvas.current.width, canvas.current.height] = isGrid ? [11, 11] : [flat.length, 1];
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.current.width, canvas.current.height);
    const byte = (value: number) => Math.round(255 * Math.min(1, Math.max(0, value)));
    if (!isGrid) {
      const [low, high] = [Math.min(...flat), Math.max(...flat)];
      for (const [i, value] of flat.entries()) {
        const gray = byte((value - low) / (high - low || 1));
        context.fillStyle = `rgb(${gray} ${gray} ${gray})`;
        context.fillRect(i, 0, 1, 1);
      }
      return;
    }
    for (const [place, pixels] of features.entries())
      for (let i = 0; i < 9; i++) {
        const [r = 0, g = 0, b = 0] = pixels.slice(3 * i, 3 * i + 3);
        context.fillStyle = `rgb(${byte(r)} ${byte(g)} ${byte(b)})`;
        context.fillRect(4 * (place % SIDE) + (i % 3), 4 * Math.floor(place / SIDE) + Math.floor(i / 3), 1, 1);
      }
  }, [features]);
  return <canvas ref={canvas} class="picture" role="img" aria-label={label} />;
}

function Sample({ value }: { readonly value: readonly Answered[] }) {
  return (
    <ul class="pictures">
      {value.map(({ features, caption, answer }) => (
        <li key={caption}>
          <Picture features={features} label={`A picture of ${caption}`} />
          <p class={answer === caption ? "right" : "wrong-answer"}>
            {answer || "(nothing)"} {answer === caption ? "✓ right" : `✗ it is ${caption}`}
          </p>
        </li>
      ))}
    </ul>
  );
}

/** Draws a picture of things that the reader chooses. */
function Try({ ask, lab }: { readonly ask: Ask; readonly lab: LabState }) {
  const data = (lab.source.peek()?.data ?? []) as readonly Scene[];
  const { held } = parted(data);
  const isGrid = data[0]?.features.length === SIDE * SIDE;
  const [shape, color, place] = [useSignal("ring"), useSignal("red"), useSignal("4")];
  const number = useSignal(0);
  const answer = useSignal("");
  const error = useSignal("");
  const drawn = Array.from({ length: SIDE * SIDE }, (_, at) => {
    const form = at === Number(place.value) ? (shapes[shape.value] ?? "") : ".........";
    return [...form].flatMap((dot) => (colors[color.value] ?? [0, 0, 0]).map((channel) => (dot === "#" ? channel : 0)));
  });
  const features = isGrid ? drawn : (held[number.value]?.features ?? []);
  const act = async () => {
    error.value = "";
    try {
      const [best = ""] = await ask((task) => predicted<string>(task, [features], { beam: 3 }));
      answer.value = best;
    } catch (fault) {
      error.value = fault instanceof Error ? fault.message : String(fault);
    }
  };
  const places = [
    "top left",
    "top center",
    "top right",
    "middle left",
    "middle center",
    "middle right",
    "bottom left",
    "bottom center",
    "bottom right",
  ];
  return (
    <div>
      {isGrid ? (
        <div class="settings">
          <SelectField label="Shape" value={shape} options={Object.keys(shapes).map((name) => [name, name])} />
          <SelectField label="Color" value={color} options={Object.keys(colors).map((name) => [name, name])} />
          <SelectField label="Place" value={place} options={places.map((name, i) => [String(i), name])} />
        </div>
      ) : (
        <SelectField
          label="A picture that was held back"
          value={viewOf(
            () => String(number.value),
            (value) => (number.value = Number(value)),
          )}
          options={held.slice(0, 20).map((_, i) => [String(i), `picture ${i + 1}`])}
        />
      )}
      <Picture features={features} label="The picture to describe" />
      <Button kind="primary" onClick={() => void act()}>
        Describe
      </Button>
      {error.value && <Status kind="error" text={error.value} />}
      <p class="answer" aria-live="polite">
        {answer.value}
      </p>
    </div>
  );
}

export const view: View = { Sample, Try };
