import { useSignal } from "@preact/signals";
import type { Pair } from "../data/pairs.js";
import { parted, predicted } from "../examples.js";
import type { LabState } from "../state.js";
import { Asking } from "./asking.js";
import type { Ask, View } from "./index.js";

interface Answered extends Pair {
  readonly answer: string;
}

function Sample({ value }: { readonly value: readonly Answered[] }) {
  return (
    <ul class="answers">
      {value.map(({ source, target, answer }) => {
        const isRight = answer === target;
        return (
          <li key={source}>
            <span>{source}</span>
            <span class={isRight ? "right" : "wrong-answer"}>
              {answer || "(nothing)"} {isRight ? "✓ right" : `✗ it is ${target}`}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function Try({ ask, lab }: { readonly ask: Ask; readonly lab: LabState }) {
  const data = (lab.source.peek()?.data ?? []) as readonly Pair[];
  const text = useSignal(parted(data).held[0]?.source ?? "");
  const answer = useSignal("");
  const act = async () => {
    const [best = ""] = await ask((task) => predicted<string>(task, [text.peek()], { beam: 3 }));
    answer.value = best;
  };
  return (
    <Asking label="A source of your own" value={text} button="Translate" act={act}>
      {answer.value && <p class="answer">{answer.value}</p>}
    </Asking>
  );
}

export const view: View = { Sample, Try };
