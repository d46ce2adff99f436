// A plain page without a bundler: an import map says where the package lies.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { titleOf, withFiles } from "../../scripts/host-tools.mjs";

export async function answers(folder) {
  const imports = { seqgrad: "/node_modules/seqgrad/dist/index.js" };
  const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
  const page = join(folder, "index.html");
  writeFileSync(page, readFileSync(page, "utf8").replace("<script", `${map}\n<script`));
  return { "an import map": await withFiles(folder, titleOf) };
}
