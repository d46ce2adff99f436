import { useSignal } from "@preact/signals";
import type { LabState } from "../state.js";
import { written } from "../writer.js";
import { Asking } from "./asking.js";
import type { Ask, View } from "./index.js";

const Sample = ({ value }: { readonly value: string }) => <pre class="sample">{value}</pre>;

function Try({ ask, lab }: { readonly ask: Ask; readonly lab: LabState }) {
  const prompt = useSignal(firstOf(lab));
  const answer = useSignal("");
  const act = () =>
    ask(async (task) => {
      answer.value = "";
      const options = { maxTokens: 240, temperature: lab.temperature.peek(), seed: Math.floor(Math.random() * 1e6) };
      for await (const piece of written(task, prompt.peek() === "" ? undefined : prompt.peek(), options)) answer.value += piece;
    });
  return (
    <Asking label="Begin with" value={prompt} button="Write on" act={act}>
      {answer.value && (
        <pre class="sample">
          <strong>{prompt.value}</strong>
          {answer.value}
        </pre>
      )}
    </Asking>
  );
}

/** Some words of the text, so that each token is known. */
function firstOf(lab: LabState): string {
  const text = String(lab.source.peek()?.data ?? "");
  return text.slice(0, 60).split("\n")[0]?.split(" ").slice(0, 2).join(" ") ?? "";
}

export const view: View = { hasTemperature: true, Sample, Try };
