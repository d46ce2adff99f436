import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Writes folders of src/ as JavaScript into `directory`, for a child process, which reads no TypeScript. */
export function transpile(folders: readonly string[], directory: string): void {
  writeFileSync(join(directory, "package.json"), '{"type":"module"}');
  for (const folder of folders) {
    mkdirSync(join(directory, folder));
    for (const file of readdirSync(join("src", folder))) {
      const { outputText } = ts.transpileModule(readFileSync(join("src", folder, file), "utf8"), {
        compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
      });
      writeFileSync(join(directory, folder, file.replace(/\.ts$/, ".js")), outputText);
    }
  }
}
