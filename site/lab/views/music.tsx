import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { Button } from "../../ui/button.js";
import { SelectField } from "../../ui/fields.js";
import { Status } from "../../ui/status.js";
import { parseTune } from "../music/abc.js";
import { playTune, stopPlaying } from "../music/play.js";
import { PianoRoll } from "../music/roll.js";
import type { LabState } from "../state.js";
import { written } from "../writer.js";
import type { Ask, View } from "./index.js";

/** The first tune of a text in which others follow. */
const firstTune = (text: string) => text.split(/\n\n/, 1)[0] ?? text;

/** A tune to hear and to see. */
function Music({ text }: { readonly text: string }) {
  const own = firstTune(text);
  const tune = useMemo(() => parseTune(own), [own]);
  const beat = useSignal<number | undefined>(undefined);
  const isPlaying = beat.value !== undefined;
  useEffect(() => stopPlaying, [own]);
  return (
    <div>
      <PianoRoll tune={tune} beat={beat.value} />
      <div class="actions">
        <Button
          kind="primary"
          disabled={tune.notes.length === 0}
          onClick={() => (isPlaying ? stopPlaying() : void playTune(tune, (now) => (beat.value = now)))}
        >
          {isPlaying ? "Stop the music" : "Play"}
        </Button>
      </div>
      <details>
        <summary>The text of the tune</summary>
        <pre class="sample">{own}</pre>
      </details>
    </div>
  );
}

const Sample = ({ value }: { readonly value: string }) => <Music text={value} />;

function Try({ ask, lab }: { readonly ask: Ask; readonly lab: LabState }) {
  const meter = useSignal("4/4");
  const text = useSignal("");
  const error = useSignal("");
  const compose = async () => {
    error.value = "";
    const prompt = `M:${meter.peek()}\nK:C\n`;
    const options = { maxTokens: 300, temperature: lab.temperature.peek(), seed: Math.floor(Math.random() * 1e6) };
    try {
      await ask(async (task) => {
        let whole = prompt;
        for await (const piece of written(task, prompt, options)) {
          whole += piece;
          if (whole.includes("\n\n")) break;
        }
        text.value = whole;
      });
    } catch (fault) {
      error.value = fault instanceof Error ? fault.message : String(fault);
    }
  };
  return (
    <div>
      <SelectField
        label="Meter"
        value={meter}
        options={[
          ["4/4", "4/4, a reel"],
          ["6/8", "6/8, a jig"],
        ]}
      />
      <Button kind="primary" onClick={() => void compose()}>
        Compose another tune
      </Button>
      {error.value && <Status kind="error" text={error.value} />}
      {text.value && <Music text={text.value} />}
    </div>
  );
}

export const view: View = { hasTemperature: true, Sample, Try };
