export type { NumberFormat } from "./cell-numbers.js";
export type { Columns } from "./columns.js";
export { type ConllOptions, parseConll, type TaggedSentence } from "./conll.js";
export {
  DataLoader,
  type DataLoaderOptions,
  type Dataset,
  type LengthStatistics,
  lengthStatistics,
  splitItems,
} from "./data-loader.js";
export { type Frames, frameScaler, type PaddedFrames, padFrames, parseFrames } from "./frames.js";
export { type MaskedTokens, type MaskingOptions, maskTokens } from "./masking.js";
export { type PaddedRows, padRows } from "./padding.js";
export { sampleText } from "./sample.js";
export { type Series, SeriesScaler, type SeriesWindow, seriesOf, seriesWindows } from "./series.js";
export { parseSeries, type SeriesColumn, type SeriesTable, type SeriesTableOptions } from "./series-table.js";
export type { TableOptions, TableRow } from "./table-rows.js";
export { parseCsv, parseTsv, type RecordOptions, type TableRecord } from "./tables.js";
export { ContinuousWindows, consecutiveWindows, RandomWindows, splitTokens, type WindowBatch, type WindowOptions } from "./windows.js";
