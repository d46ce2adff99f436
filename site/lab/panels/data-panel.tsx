import { FileDrop, SelectField } from "../../ui/fields.js";
import { DataTable, Panel } from "../../ui/panel.js";
import { Status } from "../../ui/status.js";
import type { LabState } from "../state.js";
import { view } from "../view-signal.js";

/** The most problems that a table shows. */
const SHOWN = 20;

/** The data of a run: those that ship, or a file, with how it was understood. */
export function DataPanel({ lab }: { readonly lab: LabState }) {
  const source = lab.source.value;
  const { datasets, accept, form } = lab.task;
  const options = datasets.map(({ id, title }) => [id, title] as const);
  const preview = source && lab.task.preview(source.data);
  const missing = lab.missing.value;
  return (
    <Panel title="Data">
      <SelectField
        label="Data to learn from"
        value={view(
          () => source?.id ?? "",
          (id) => {
            if (id !== "file" && id !== "") void lab.useDataset(id);
          },
        )}
        options={[...options, ...(source?.file ? [["file", source.file.name] as const] : []), ...(source ? [] : [["", "none"] as const])]}
        disabled={!lab.isFree.value}
      />
      {missing && (
        <Status
          kind="error"
          text={`The link is of a run on a file of its author's: ${missing.name}, with the hash ${missing.hash}. Drop that file here to repeat the run.`}
        />
      )}
      <details open={source?.file !== undefined || missing !== undefined}>
        <summary>Use my file</summary>
        <p class="hint">{form} It stays in this browser.</p>
        <FileDrop accept={accept} onFile={async (file) => lab.useFile(file.name, await file.text())} />
      </details>
      {source?.notes.length ? (
        <ul class="notes">
          {source.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      ) : null}
      {source && source.problems.length > 0 && (
        <div class="problems">
          <Status kind="error" text={`${source.problems.length} rows were left out, because something is wrong with them:`} />
          <DataTable
            caption="Rows that were left out"
            columns={["line", "problem"]}
            rows={source.problems.slice(0, SHOWN).map(({ line, text }) => [line, text])}
          />
          {source.problems.length > SHOWN && <p class="hint">and {source.problems.length - SHOWN} more</p>}
        </div>
      )}
      {preview && <DataTable caption={preview.note} columns={preview.columns} rows={preview.rows} />}
    </Panel>
  );
}
