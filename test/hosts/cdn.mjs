// A page that imports the one file, as from a CDN, and one with the script tag.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { titleOf, withFiles } from "../../scripts/host-tools.mjs";

export async function answers(folder) {
  return await withFiles(join(folder, "node_modules/seqgrad/dist"), (cdn) =>
    withFiles(folder, async (address) => {
      const path = join(folder, "train.js");
      const program = readFileSync(path, "utf8");
      writeFileSync(path, program.replace('"seqgrad"', `"${cdn}/seqgrad.min.mjs"`));
      const module = await titleOf(address);

      writeFileSync(path, program.replace(/^import (.*) from .*;/, "const $1 = seqgrad;"));
      const page = join(folder, "index.html");
      writeFileSync(page, readFileSync(page, "utf8").replace("<script", `<script src="${cdn}/seqgrad.min.js"></script>\n<script`));
      return { "seqgrad.min.mjs": module, "seqgrad.min.js": await titleOf(address) };
    }),
  );
}
