import { describe, expect, test } from "vitest";
import { asFlags, boolean, choice, flagOf, inCode, integer, number, numbers, own, schema, text } from "../../src/util/schema.js";
import { expectError } from "../helpers/errors.js";

const options = schema(
  {
    arch: choice(["gru", "transformer"], { default: "gru", help: "What reads" }),
    hidden: integer({ min: 1, default: ({ arch }) => (arch === "transformer" ? 128 : 256), help: "Units" }),
    heads: integer({ min: 1, default: 4, only: { arch: ["transformer"] }, help: "Heads" }),
    dropout: number({ max: 0.999, default: 0, help: "Chance" }),
    tieWeights: boolean({ default: false, help: "Share" }),
    spelling: boolean({ default: true, help: "Letters" }),
    betas: numbers<readonly number[]>({
      ...{ default: [0.9, 0.99], hint: "X,X", help: "Rates", advice: "give two numbers from 0 to 1", isGood: ({ length }) => length === 2 },
    }),
    locale: text({ default: "", hint: "TAG", help: "Language", fault: (tag) => (tag === "?" ? "give a tag" : undefined) }),
    tokenizer: own<object>("One's own", (value) => typeof value === "object", "give one"),
  },
  ({ tieWeights, dropout }, _, spell) =>
    tieWeights && dropout > 0 ? `${spell("tieWeights")} goes without ${spell("dropout")}` : undefined,
);
const voice = inCode("Model.create");

describe("a schema", () => {
  test("completes options by their defaults, which may depend on others or on what is known", () => {
    const all = { dropout: 0, tieWeights: false, spelling: true, betas: [0.9, 0.99], locale: "", tokenizer: undefined, heads: 4 };
    expect(options.complete(undefined, voice)).toEqual({ arch: "gru", hidden: 256, ...all });
    expect(options.complete({ arch: "transformer", heads: 2 }, voice)).toEqual({ arch: "transformer", hidden: 128, ...all, heads: 2 });
    expect(options.complete({ hidden: undefined }, voice, { arch: "transformer" }).hidden).toBe(128);
  });

  test.each<[string, object, string]>([
    ["value", { hiden: 3 }, 'Model.create: "hiden" is not an option. Did you mean "hidden"?'],
    ["value", { tie_weights: true }, 'Did you mean "tieWeights"?'],
    ["range", { hidden: 1.5 }, "Model.create: hidden is 1.5; give a whole number of at least 1."],
    ["range", { hidden: "8" }, 'hidden is "8"; give a whole number'],
    ["range", { hidden: Number.NaN }, "hidden is NaN"],
    ["range", { hidden: null }, "hidden is null"],
    ["range", { dropout: 1 }, "dropout is 1; give a number from 0 to 0.999."],
    ["range", { dropout: Number.POSITIVE_INFINITY }, "dropout is Infinity"],
    ["value", { arch: "transfomer" }, 'arch is "transfomer"; did you mean "transformer"? There are gru, transformer.'],
    ["value", { arch: "toString" }, 'arch is "toString"; use gru, transformer.'],
    ["value", { arch: ["gru"] }, "arch is"],
    ["value", { tieWeights: 1 }, "tieWeights is 1; give true or false."],
    ["range", { betas: [0.9] }, "betas is [0.9]; give two numbers from 0 to 1."],
    ["value", { betas: "0.9,0.99" }, 'betas is "0.9,0.99"; give two numbers'],
    ["value", { betas: [0.9, "0.99"] }, 'betas is [0.9, "0.99"]'],
    ["value", { locale: "?" }, 'locale is "?"; give a tag.'],
    ["value", { locale: 3 }, "locale is 3; give a string."],
    ["value", { tokenizer: "words" }, 'tokenizer is "words"; give one.'],
    ["value", { heads: 2 }, "heads is for arch transformer, and the model is gru; leave it out."],
    ["value", { tieWeights: true, dropout: 0.1 }, "Model.create: tieWeights goes without dropout."],
    ["value", [], "the options are an array"],
  ])("refuses with code %s: %j", (code, given, message) => {
    expectError(code as "value", () => options.complete(given, voice), message);
  });

  test("names options as flags on the command line", () => {
    expect(flagOf("minCount")).toBe("--min-count");
    expectError("value", () => options.complete({ tieWeights: true, dropout: 0.1 }, asFlags), "--tie-weights goes without --dropout.");
    expectError("value", () => options.check({ heads: 2 }, asFlags), "--heads is for --arch transformer");
  });

  test("takes its own options out of a record, without those that the defaults say or that do not apply", () => {
    const record = { arch: "gru", hidden: 256, heads: 2, betas: [0.9, 0.99], spelling: false, epochs: 3 };
    expect(options.among(record)).toEqual({ spelling: false });
    expect(options.among({ ...record, arch: "transformer" })).toEqual({ arch: "transformer", hidden: 256, heads: 2, spelling: false });
    expectError("range", () => options.among({ hidden: -1 }), "hidden is -1");
  });

  test("reads the words of a command line, and leaves those that stand for nothing to be refused", () => {
    const { hidden, tieWeights, betas, spelling } = options.fields;
    expect([hidden.read("8"), hidden.read(" "), hidden.read("many")]).toEqual([8, " ", "many"]);
    expect(betas.read("0.8,0.9")).toEqual([0.8, 0.9]);
    expect([tieWeights.hint, spelling.hint, spelling.read("false")]).toEqual(["", "true|false", false]);
    expect([hidden.fault("many"), betas.fault([0.5, ""])].map((fault) => fault?.code)).toEqual(["range", "value"]);
  });
});
