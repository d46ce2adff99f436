import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

type Target = string | { readonly [condition: string]: Target };

const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: Record<string, Target> };
const names = Object.keys(exports).map((path) => `seqgrad${path.slice(1)}`);

/** The files that all conditions name. */
const filesOf = (target: Target): string[] => (typeof target === "string" ? [target] : Object.values(target).flatMap(filesOf));

/** What Node resolves the exports to under more conditions than its own, by import and by require(). */
function resolved(...conditions: string[]): Record<"import" | "require", string[]> {
  const program = `import { createRequire } from "node:module";
    const names = ${JSON.stringify(names)};
    const { resolve } = createRequire(import.meta.url);
    console.log(JSON.stringify({ import: names.map((name) => import.meta.resolve(name)), require: names.map((name) => resolve(name)) }));`;
  const flags = conditions.map((condition) => `--conditions=${condition}`);
  const printed = execFileSync(process.execPath, [...flags, "--input-type=module", "--eval", program], { encoding: "utf8" });
  const found = JSON.parse(printed) as Record<"import" | "require", string[]>;
  return { ...found, import: found.import.map((url) => fileURLToPath(url)) };
}

const missing = existsSync("dist/index.js") ? "" : " (no dist/: run `npm run build`)";
const pathOf = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url));

test.skipIf(missing)(`every export resolves to a file, as a module and by require()${missing}`, () => {
  for (const file of filesOf(exports)) expect(existsSync(file), file).toBe(true);
  const found = resolved();
  expect(found.import[0]).toBe(pathOf("dist/index.js"));
  expect(found.require[0]).toBe(pathOf("dist/cjs/index.cjs"));
  const code = names.flatMap((name, i) => (/\.(min\.js|mjs|wasm|json)$/.test(name) ? [] : [i]));
  expect(code.length).toBeGreaterThan(10);
  for (const i of code)
    expect([found.import[i], found.require[i]]).toEqual([expect.stringMatching(/\.js$/), expect.stringMatching(/\.cjs$/)]);
});

test.skipIf(!existsSync("dist/index.js"))(
  "workerd alone gets another file, which has every name of the others and imports kernels",
  async () => {
    const own = resolved();
    const workerd = resolved("workerd");
    expect([workerd.import[0], workerd.require[0]]).toEqual([pathOf("dist/workerd.js"), pathOf("dist/workerd.js")]);
    expect([workerd.import.slice(1), workerd.require.slice(1)]).toEqual([own.import.slice(1), own.require.slice(1)]);
    for (const condition of ["deno", "bun", "browser", "worker"]) expect(resolved(condition)).toEqual(own);

    const namesOf = (file: string) =>
      /export \{([^}]*)\};?\s*$/
        .exec(readFileSync(file, "utf8"))?.[1]
        ?.split(",")
        .map((name) => name.trim().split(" as ").at(-1))
        .sort();
    expect(namesOf("dist/workerd.js")?.length).toBeGreaterThan(100);
    expect(namesOf("dist/workerd.js")).toEqual(namesOf("dist/index.js"));
    const kernels = Array.from(readFileSync("dist/workerd.js", "utf8").matchAll(/from "(\.\/\w+\.wasm)"/g), ([, path]) => path);
    expect(kernels).toEqual(["./relaxed.wasm", "./simd.wasm"]);
    expect(kernels.every((path) => existsSync(`dist/${path}`))).toBe(true);
  },
);
