import { loadModel } from "../io/model-folder.js";
import type { Store } from "../io/store.js";
import { SeqgradError } from "../util/errors.js";
import { EntityTagger } from "./entity-tagger.js";
import { ImageCaptioner } from "./image-captioner.js";
import { LanguageModel } from "./language-model.js";
import { SeriesForecaster } from "./series-forecaster.js";
import { SpeechRecognizer } from "./speech-recognizer.js";
import { checkSaved } from "./task.js";
import { TextClassifier } from "./text-classifier.js";
import { Translator } from "./translator.js";

const kinds = [TextClassifier, EntityTagger, SeriesForecaster, Translator, SpeechRecognizer, ImageCaptioner] as const;

/**
 * Loads the task that `save()` or `seqgrad train` saved, of any kind.
 *
 * @param store where it was saved
 * @returns the task
 * @throws SeqgradError `io` for a folder that is not complete, `format` if the folder does not hold a task of seqgrad
 * @example
 * const examples = [{ text: "good", label: "1" }, { text: "bad", label: "0" }];
 * await sg.tasks.TextClassifier.create(examples, { minCount: 1, hidden: 4 }).save(store);
 * const task = await sg.tasks.load(store);
 * await task.predict(["good"]);
 */
export async function load(store: Store): Promise<Awaited<ReturnType<(typeof kinds)[number]["fromSaved"]>> | LanguageModel> {
  const saved = checkSaved("tasks.load", await loadModel(store));
  const { model_type: type } = saved.config;
  const kind = kinds.find((kind) => kind.type === type);
  if (kind) return kind.fromSaved(saved);
  if (LanguageModel.types.includes(type as string)) return LanguageModel.fromSaved(saved);
  const known = [...kinds.map(({ type }) => type), ...LanguageModel.types].join(", ");
  throw new SeqgradError("format", `config.json: model_type is ${JSON.stringify(type)}; expected one of ${known}.`);
}
