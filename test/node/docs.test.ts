import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { beforeAll, describe, expect, it, test } from "vitest";
import { defaultsIn } from "../helpers/doc-defaults.js";
import { docstringExamples, pageExample, programOf, usesPackage } from "../helpers/doc-examples.js";
import { undocumented } from "../helpers/doc-tags.js";

const missing = existsSync("dist/index.js") ? "" : " (cannot run: there is no dist/; run `npm run build`)";
const examples = [
  ...docstringExamples("src"),
  pageExample("README.md"),
  // The code of hosts.md is for Cloudflare, where `npm run hosts` runs it; that of style.md is a comment.
  ...readdirSync("docs")
    .filter((name) => name.endsWith(".md") && name !== "hosts.md" && name !== "style.md")
    .map((name) => pageExample(`docs/${name}`))
    .filter(({ code }) => code !== ""),
];

describe.skipIf(missing)(`examples in the documentation${missing}`, () => {
  let results: (string | null)[];
  beforeAll(() => {
    // One process for all; started in the package's folder, it may import the package by its name.
    const output = execFileSync(process.execPath, ["--input-type=module"], { input: programOf(examples), encoding: "utf8" });
    results = JSON.parse(output.slice(output.lastIndexOf("\n") + 1));
  }, 120_000);

  it.each(examples.map(({ place }, i) => [place, i] as const))("%s runs", (_, i) => {
    expect(results[i], examples[i]!.code).toBeNull();
  });
});

const entries = ["src/index.ts", "src/node.ts", "src/export/index.ts"];
const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
const program = ts.createProgram(entries, ts.parseJsonConfigFileContent(config, ts.sys, ".").options);
const checker = program.getTypeChecker();

/** Every function, class and constant that the package exports, namespaces included. */
function publicValues(entry: string): { name: string; symbol: ts.Symbol; text: string; example: string; isCode: boolean }[] {
  const found = (symbol: ts.Symbol, prefix: string): ReturnType<typeof publicValues> =>
    checker.getExportsOfModule(symbol).flatMap((exported) => {
      const target = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const name = prefix + exported.name;
      if (target.flags & ts.SymbolFlags.ValueModule) return found(target, `${name}.`);
      if (!(target.flags & ts.SymbolFlags.Value)) return [];
      const text = ts.displayPartsToString(target.getDocumentationComment(checker));
      const tags = target.getJsDocTags(checker).filter((tag) => tag.name === "example");
      const example = tags.map((tag) => ts.displayPartsToString(tag.text)).join("\n");
      const type = checker.getTypeOfSymbol(target);
      return [{ name, symbol: target, text, example, isCode: type.getCallSignatures().length + type.getConstructSignatures().length > 0 }];
    });
  return found(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!, "");
}

describe.each(entries)("%s", (entry) => {
  const values = publicValues(entry);

  it("exports nothing without a word on what it is", () => {
    expect(values.filter(({ text }) => text === "").map(({ name }) => name)).toEqual([]);
  });

  it("shows an example of every function and class but those that are one formula, elementwise", () => {
    const bare = values.filter(({ text, example, isCode }) => isCode && !usesPackage(example) && !text.includes("elementwise"));
    expect(bare.map(({ name }) => name)).toEqual([]);
  });

  it("documents each parameter and the result of functions and methods", () => {
    expect(values.flatMap(({ name, symbol }) => undocumented(checker, symbol, name))).toEqual([]);
  });
});

test("the default of an option or an argument is what its comment says", () => {
  const defaults = defaultsIn(program);
  expect(defaults.length).toBeGreaterThan(200);
  expect(defaults.filter(({ value, stated }) => value !== stated)).toEqual([]);
});

test("no class or type of the API has the name of a global of the platform or of TypeScript", () => {
  const named = (symbol: ts.Symbol): string[] =>
    checker.getExportsOfModule(symbol).flatMap((exported) => {
      const target = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      return target.flags & ts.SymbolFlags.ValueModule ? named(target) : [exported.name];
    });
  const names = entries.flatMap((entry) => named(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!));
  const isGlobal = (name: string) => checker.resolveName(name, undefined, ts.SymbolFlags.Value | ts.SymbolFlags.Type, false) !== undefined;
  expect(isGlobal("Storage") && isGlobal("Generator") && isGlobal("Parameters")).toBe(true);
  // nn has PyTorch's names; that of TypeScript is a type for a stream's functions.
  expect(names.filter((name) => /^[A-Z]/.test(name) && isGlobal(name))).toEqual(["Transformer"]);
});

test("docs/api.md names every function, class and constant of the API, under its topic", () => {
  const listed = new Set(Array.from(readFileSync("docs/api.md", "utf8").matchAll(/`(?:sg\.)?(\w+)`/g), ([, name]) => name));
  const names = entries.flatMap(publicValues).map(({ name }) => name.split(".").at(-1)!);
  expect(names.length).toBeGreaterThan(300);
  expect(names.filter((name) => !listed.has(name))).toEqual([]);
  const known = new Set([...names, "sg", "seqgrad", "wasm", "webgpu", "reference", "relaxed", "simd"]);
  expect(
    [...listed].filter((name) => !known.has(name!) && !/^(nn|init|optim|models|tasks|decode|text|data|metrics|io|worker)$/.test(name!)),
  ).toEqual([]);
});

test("a tensor shows the members that docs/api.md names, and no other", () => {
  const [exported] = checker
    .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile("src/index.ts")!)!)
    .filter(({ name }) => name === "Tensor");
  const members = checker.getDeclaredTypeOfSymbol(checker.getAliasedSymbol(exported!)).getProperties();
  const names = members.map(({ name }) => name).filter((name) => !name.startsWith("__@")); // those of symbols
  const listed = Array.from(readFileSync("docs/api.md", "utf8").matchAll(/`\.(\w+)`/g), ([, name]) => name!);
  expect(names.sort()).toEqual(listed.sort());
});

const tasks = {
  TextClassifier: "classify",
  EntityTagger: "tag",
  SeriesForecaster: "forecast",
  Translator: "translate",
  ImageCaptioner: "caption",
  SpeechRecognizer: "recognize",
  LanguageModel: "language-model",
};

test.each(Object.entries(tasks))("the page of %s comes from a file to an answer in five lines", (task, page) => {
  const block = Array.from(readFileSync(`docs/${page}.md`, "utf8").matchAll(/^```js\n([\s\S]*?)^```/gm), ([, code]) => code!).find((code) =>
    code.includes(`sg.tasks.${task}.create(`),
  );
  for (const call of ["readFile(", ".train(", ".predict(", "console.log("]) expect(block).toContain(call);
  expect(block!.trim().split("\n")).toHaveLength(5);
});
