import "../sandbox/demo.css";
import { signal } from "@preact/signals";
import { Demo } from "../sandbox/demo.js";
import { Button } from "../ui/button.js";
import { mount } from "../ui/mount.js";
import type { ChapterData } from "./chapter.js";

const { code, control, question } = JSON.parse(document.getElementById("chapter")?.textContent ?? "{}") as Pick<
  ChapterData,
  "control" | "question"
> & { code: string };

const answer = signal<string>();
const picked = signal<string>();

const presenting = signal(false);
presenting.subscribe((on) => {
  document.documentElement.dataset.present = String(on);
});

/** For a lecture: large type, and nothing beside the chapter. */
function Present() {
  return (
    <Button pressed={presenting.value} onClick={() => (presenting.value = !presenting.value)}>
      {presenting.value ? "End the lecture view" : "Present"}
    </Button>
  );
}

/** The choices, and after one is picked what the model says. */
function Question() {
  const [guess, own] = [picked.value, answer.value];
  return (
    <div class="question">
      <div class="actions">
        {question.choices.map((choice) => (
          <Button key={choice} pressed={guess === choice} onClick={() => (picked.value = choice)}>
            {choice}
          </Button>
        ))}
      </div>
      <p role="status">
        {guess === undefined
          ? "Pick an answer; then the model on this page gives its own."
          : own === undefined
            ? "The model has not answered yet. Let it run to its end."
            : `The model answers: ${own}. ${own === guess ? "You agree." : "You picked another answer."} ${question.explain}`}
      </p>
    </div>
  );
}

const motion = !matchMedia("(prefers-reduced-motion: reduce)").matches;
mount("demo", <Demo code={code} controls={[control]} autoStart={motion} answer={answer} />);
mount("answer", <Question />);
mount("present", <Present />);
