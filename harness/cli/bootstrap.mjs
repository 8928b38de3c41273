#!/usr/bin/env node
// node harness/cli/bootstrap.mjs COMMAND [ARGUMENT…]
// Runs on the system's Node.js without any dependency: installs the packages that the lockfile names when they
// are missing or others, and then runs netconform.ts with the project's own Node.js.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { takeTurn } from "#harness/core/process/turn.mjs";

const oldestNode = 20;
const root = fileURLToPath(new URL("../..", import.meta.url));
const modules = join(root, "node_modules");
const program = join(root, "harness/cli/netconform.ts");
const programs = join(modules, ".bin");
const ownNode = join(programs, "node");
const stamp = join(modules, ".netconform");

if (Number(process.versions.node.split(".")[0]) < oldestNode) {
  fail(`Node.js ${process.versions.node} is too old: expected ${oldestNode} or later to set the project up`);
}
const args = process.argv.slice(2);

const lockfile = readFileSync(join(root, "package-lock.json"));
const wanted = createHash("sha256").update(lockfile).digest("hex");

if (!installed()) {
  const release = await lock();
  if (!installed()) await install();
  await release();
}
await run();

function installed() {
  if (!existsSync(ownNode)) return false;
  if (existsSync(stamp)) return readFileSync(stamp, "utf8") === wanted;
  // Installed by hand: npm leaves this file behind.
  const byHand = join(modules, ".package-lock.json");
  return existsSync(byHand) && statSync(byHand).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
}

/** Two commands started at once in a fresh clone must not install at once; the kernel frees the lock when we die. */
async function lock() {
  const name = createHash("sha256").update(modules).digest("hex").slice(0, 32);
  for (;;) {
    const giveBack = await takeTurn(name);
    if (giveBack) return giveBack;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function install() {
  const start = Date.now();
  const elapsed = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  const what = "installing the project's npm packages";
  console.error(`${what} …`);
  const ticks = setInterval(() => console.error(`${what}: ${elapsed()}`), 10_000);
  const { code, output } = await npm("ci", "--no-audit", "--no-fund");
  if (code !== 0) {
    clearInterval(ticks);
    const unreached =
      /\b(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRESET|ENETUNREACH|EHOSTUNREACH)\b.*/.exec(output);
    const next = "npm config get registry says which one it is; npm_config_registry=URL names another";
    if (unreached)
      fail(`${what} failed after ${elapsed()}: npm's registry cannot be reached\n${output}  next: ${next}`);
    fail(`${what} failed after ${elapsed()}: npm ci exited with ${code}\n${output}`);
  }
  // The package `node` fetches the program in an install script, which a user's npm may be set not to run.
  if (!(await nodeRuns())) {
    const rebuild = await npm("rebuild", "node", "--ignore-scripts=false");
    if (!(await nodeRuns())) {
      fail(`${what} failed after ${elapsed()}: ${ownNode} does not run\n${output}${rebuild.output}`);
    }
  }
  clearInterval(ticks);
  writeFileSync(stamp, wanted);
  console.error(`${what}: done in ${elapsed()}`);
}

async function nodeRuns() {
  return (await capture(ownNode, ["--version"])).code === 0;
}

/** The npm that started us, else the one on the path. */
function npm(...rest) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith("npm-cli.js") ? capture(process.execPath, [cli, ...rest]) : capture("npm", rest);
}

function capture(command, rest) {
  return new Promise((resolve) => {
    const child = spawn(command, rest, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.once("error", (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.once("close", (code, signal) => resolve({ code: code ?? signal, output }));
  });
}

async function run() {
  const path = `${programs}${delimiter}${process.env.PATH ?? ""}`;
  // The heap would grow by a hundred megabytes before Node.js looks for young objects that are dead. A compiler in the background may
  // wait for the main thread, which waits for it in `process.exit` (nodejs/node#54918).
  const child = spawn(ownNode, ["--max-semi-space-size=2", "--no-concurrent-sparkplug", program, ...args], {
    cwd: root,
    // The last one closes when we end, however that is: the program ends then as well.
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: {
      // Types are stripped and code is compiled once, for the processes of vitest as well.
      NODE_COMPILE_CACHE: join(modules, ".cache/netconform"),
      // The bundler that vitest loads would keep a hundred megabytes that it has freed.
      MIMALLOC_ARENA_EAGER_COMMIT: "0",
      MIMALLOC_PURGE_DELAY: "0",
      ...process.env,
      NETCONFORM_STARTER: "3",
      PATH: path,
    },
  });
  // A terminal signals the whole group, the child included; only what reaches us alone is passed on.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.once("error", (error) => fail(`${ownNode}: ${error.message}`));
  child.once("close", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
