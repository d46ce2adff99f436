import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Installs the peers where they are not there yet, as the lock says. */
export function install() {
  const { dependencies } = JSON.parse(readFileSync(`${here}package.json`, "utf8"));
  const installed = Object.entries(dependencies).every(([name, version]) => {
    const file = `${here}node_modules/${name}/package.json`;
    return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === version;
  });
  if (installed) return;
  const windows = process.platform === "win32";
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts"], { cwd: here, stdio: "inherit", shell: windows });
  if (status !== 0) throw new Error("npm ci in bench/peers failed");
}
