/** Measures one device in a worker of its own: a process of the page can have one default device. */
import * as sg from "seqgrad";
import { type Figure, type MeasureOptions, measure } from "./measure.js";

export type FromBench =
  | { readonly type: "figure"; readonly figure: Figure }
  | { readonly type: "done"; readonly info: string }
  | { readonly type: "failed"; readonly message: string };

const post = (message: FromBench) => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<MeasureOptions>) => {
  measure(sg, data, (figure) => post({ type: "figure", figure })).then(
    (info) => post({ type: "done", info }),
    (error: Error) => post({ type: "failed", message: error.message }),
  );
};
