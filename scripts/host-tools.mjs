// What the pages of test/hosts share: processes, a server of files, and a browser.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";

/** Runs a command in a folder, and returns its output; an error has all of it. */
export async function run(folder, command, ...args) {
  const child = spawn(command, args, { cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const parts = { stdout: "", stderr: "" };
  for (const name of Object.keys(parts)) child[name].setEncoding("utf8").on("data", (text) => (parts[name] += text));
  const [code, signal] = await once(child, "close");
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${code ?? signal}: ${parts.stdout}${parts.stderr}`);
  return parts.stdout.trim();
}

/** Tools print plain text and send no reports. */
const environment = {
  ...process.env,
  ...{ NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1", WRANGLER_SEND_METRICS: "false", DO_NOT_TRACK: "1", PARCEL_WORKERS: "0" },
};

/** The path of a command of the tools of a host. */
export const bin = (folder, name) => join(folder, "node_modules/.bin", name);

/** A port that nobody uses now. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return `${port}`;
}

/** Starts a command that serves at a port, waits until it answers, and ends it after `use`, which gets its address, with what it started. */
export async function withServer(folder, command, argsOf, use) {
  const port = await freePort();
  const child = spawn(command, argsOf(port), { cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const address = `http://127.0.0.1:${port}`;
  try {
    for (let i = 0; i < 600 && child.exitCode === null; i++) {
      if (await fetch(address).catch(() => undefined)) return await use(address);
      await setTimeout(200);
    }
    throw new Error(`${command} does not answer at ${address}.`);
  } catch (error) {
    throw new Error(`${error.message}\n${printed}`);
  } finally {
    if (child.exitCode === null) process.kill(-child.pid);
  }
}

const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/** Serves a folder, and ends after `use`, which gets its address. */
export async function withFiles(folder, use) {
  const server = createServer(({ url }, response) => {
    const path = join(folder, new URL(url, "http://localhost").pathname.replace(/\/$/, "/index.html"));
    if (!existsSync(path) || !statSync(path).isFile()) return response.writeHead(404).end();
    response
      .writeHead(200, { "access-control-allow-origin": "*", "content-type": types[extname(path)] ?? "application/octet-stream" })
      .end(readFileSync(path));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    return await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

let browser;

/** The title that a page gives itself, and what went wrong before it had one. */
export async function titleOf(address) {
  const executablePath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
  browser ??= await chromium.launch({ executablePath, args: ["--no-sandbox"], headless: true });
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  try {
    await page.goto(address);
    await page.waitForFunction(() => document.title, undefined, { timeout: 60_000 });
    return await page.title();
  } catch (error) {
    throw new Error([error.message, ...errors].join("\n"));
  } finally {
    await page.close();
  }
}

export const closeBrowser = () => browser?.close();

/** The path of a command of this project's own tools. */
export const ownBin = (name) => fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url));
