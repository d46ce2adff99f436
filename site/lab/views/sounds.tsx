import { computed, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { Button } from "../../ui/button.js";
import { HeatMap } from "../../ui/heat-map.js";
import { Status } from "../../ui/status.js";
import { type Melody, notes, pitches } from "../data/melodies.js";
import { parted, predicted } from "../examples.js";
import { playTones } from "../music/play.js";
import type { LabState } from "../state.js";
import type { Ask, View } from "./index.js";

interface Answered extends Melody {
  readonly answer: string;
}

/** The energy of each band, frame by frame; high bands above. */
function Spectrum({ frames, title }: { readonly frames: Melody["frames"]; readonly title: string }) {
  const values = useMemo(() => {
    const bands = frames[0]?.length ?? 0;
    const data = new Float32Array(bands * frames.length);
    for (const [t, frame] of frames.entries()) for (const [k, value] of frame.entries()) data[(bands - 1 - k) * frames.length + t] = value;
    return computed(() => ({ rows: bands, columns: frames.length, data }));
  }, [frames]);
  return <HeatMap title={title} values={values} scale="sequential" />;
}

/** Plays the notes that a text names, where it names notes. */
function Listen({ text }: { readonly text: string }) {
  const tones = [...text].map((note) => pitches[notes.indexOf(note)]);
  if (tones.length === 0 || tones.includes(undefined)) return null;
  return <Button onClick={() => void playTones(tones as number[], 0.3)}>Play {text}</Button>;
}

function Sample({ value }: { readonly value: readonly Answered[] }) {
  return (
    <>
      {value.map(({ frames, text, answer }) => (
        <div key={text} class="recording">
          <Spectrum frames={frames} title={`A recording of ${text}`} />
          <p class={answer === text ? "right" : "wrong-answer"}>
            It hears <code>{answer || "nothing"}</code> {answer === text ? "✓ right" : `✗ it is ${text}`} <Listen text={answer} />
          </p>
        </div>
      ))}
    </>
  );
}

function Try({ ask, lab }: { readonly ask: Ask; readonly lab: LabState }) {
  const { held } = parted((lab.source.peek()?.data ?? []) as readonly Melody[]);
  const shown = useSignal<Answered | undefined>(undefined);
  const error = useSignal("");
  const act = async () => {
    error.value = "";
    const melody = held[Math.floor(Math.random() * held.length)];
    if (!melody) return;
    try {
      const [answer = ""] = await ask((task) => predicted<string>(task, [melody.frames], { beam: 8 }));
      shown.value = { ...melody, answer };
    } catch (fault) {
      error.value = fault instanceof Error ? fault.message : String(fault);
    }
  };
  return (
    <div>
      <Button kind="primary" onClick={() => void act()}>
        Listen to another recording
      </Button>
      {error.value && <Status kind="error" text={error.value} />}
      {shown.value && <Sample value={[shown.value]} />}
    </div>
  );
}

export const view: View = { Sample, Try };
