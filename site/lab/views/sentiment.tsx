import { useSignal } from "@preact/signals";
import type * as sg from "seqgrad";
import { parted, predicted } from "../examples.js";
import type { LabState } from "../state.js";
import { Asking } from "./asking.js";
import type { Ask, View } from "./index.js";

interface Answered extends sg.tasks.LabeledText {
  readonly answer: sg.tasks.LabelProbabilities;
}

const percent = (probability: number) => `${Math.round(100 * probability)} %`;

/** The labels with their probabilities, as bars. */
function Bars({ answer }: { readonly answer: sg.tasks.LabelProbabilities }) {
  return (
    <ul class="bars">
      {answer.slice(0, 5).map(({ label, probability }) => (
        <li key={label}>
          <span>{label}</span>
          <span class="bar" style={{ "--share": String(probability) }} />
          <span class="number">{percent(probability)}</span>
        </li>
      ))}
    </ul>
  );
}

function Sample({ value }: { readonly value: readonly Answered[] }) {
  return (
    <ul class="answers">
      {value.map(({ text, label, answer }) => {
        const [first] = answer;
        const isRight = first?.label === label;
        return (
          <li key={text}>
            <span>{text}</span>
            <span class={isRight ? "right" : "wrong-answer"}>
              {first ? `${first.label}, ${percent(first.probability)}` : "–"} {isRight ? "✓ right" : `✗ it is ${label}`}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function Try({ ask, lab }: { readonly ask: Ask; readonly lab: LabState }) {
  const data = lab.source.peek()?.data as readonly sg.tasks.LabeledText[] | undefined;
  const text = useSignal(parted(data ?? []).held[0]?.text ?? "");
  const answer = useSignal<sg.tasks.LabelProbabilities>([]);
  const act = async () => {
    [answer.value = []] = await ask((task) => predicted<sg.tasks.LabelProbabilities>(task, [text.peek()]));
  };
  return (
    <Asking label="A text of your own" value={text} button="Classify" act={act}>
      <Bars answer={answer.value} />
    </Asking>
  );
}

export const view: View = { Sample, Try };
