import { signal } from "@preact/signals";
import { mount } from "../../ui/mount.js";
import { Frame, Letters } from "../frame.js";
import { Running } from "../view.js";
import type { Connections, ConnectivityData } from "./program.js";

const running = new Running<ConnectivityData>("connectivity");
const chosen = signal(30);
const found = signal<Connections | undefined>(undefined);

async function ask(index: number): Promise<void> {
  chosen.value = index;
  const answer = await running.ask<Connections>("letter", index);
  if (chosen.value === index) found.value = answer;
}
/** A question that a stop or a start left open has no answer. */
const look = (index: number) => void ask(index).catch(() => {});
running.data.subscribe((data) => data && look(chosen.value));

function Connectivity() {
  const letters = running.data.value?.letters ?? [];
  const letter = letters[chosen.value];
  const percent = (100 * (found.value?.probability ?? 0)).toFixed(1);
  return (
    <Frame running={running} controls={() => ({})}>
      <p>
        {letter === undefined
          ? "The network reads its first letters."
          : `The network gives the letter “${letter}”, number ${chosen.value + 1}, a probability of ${percent} %. The more a letter is colored, the more that prediction depends on it.`}
      </p>
      <Letters label="The text; choose a letter" texts={letters} chosen={chosen.value} weights={found.value?.weights} onChoose={look} />
    </Frame>
  );
}

mount("view", <Connectivity />);
