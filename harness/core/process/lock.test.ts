import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import { withLock } from "./lock.ts";
import { folder, takeTurn } from "./turn.mjs";

const scratch = mkdtempSync(join(tmpdir(), "netconform-lock-test-"));
const names: string[] = [];
afterAll(() => {
  rmSync(scratch, { recursive: true });
  const left = readdirSync(folder).filter((file) => names.some((name) => file.startsWith(name)));
  for (const file of left) rmSync(join(folder, file));
});

/** A name for `takeTurn` that nothing else has. */
function newName(): string {
  const name = randomBytes(16).toString("hex");
  names.push(name);
  return name;
}

/** Another process that runs a script with `takeTurn` and the arguments at hand; it says something when it is at that point. */
function otherProcess(script: string, ...args: string[]) {
  const turn = JSON.stringify(new URL("turn.mjs", import.meta.url).href);
  const whole = `import { takeTurn } from ${turn}; import fs from "node:fs"; const [a, b] = process.argv.slice(1); ${script}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", whole, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { child, said: once(child.stdout, "data"), ended: once(child, "exit") };
}

test("two holders of one lock take turns, also when the first fails", async () => {
  const name = `lock.test ${process.pid}`;
  const events: string[] = [];
  const first = withLock(name, async () => {
    events.push("first in");
    await new Promise(setImmediate);
    events.push("first out");
    throw new Error("first failed");
  });
  const second = withLock(name, async () => events.push("second in"));
  await expect(first).rejects.toThrow("first failed");
  await second;
  expect(events).toEqual(["first in", "first out", "second in"]);
});

test("waiting for a lock ends at its deadline and says for what", async () => {
  const name = `lock.test deadline ${process.pid}`;
  await withLock(name, async () => {
    const late = withLock(name, async () => {}, { what: "building an image", deadlineMs: 1 });
    await expect(late).rejects.toThrow(DeadlineExceeded);
    await expect(late).rejects.toThrow("another process to finish building an image");
  });
});

test("a process that is killed gives up what it holds", async () => {
  const name = newName();
  const holder = otherProcess("await takeTurn(a); console.log('held'); setInterval(() => {}, 1000);", name);
  await holder.said;
  expect(await takeTurn(name)).toBeUndefined();
  holder.child.kill("SIGKILL");
  await holder.ended;
  const giveBack = await takeTurn(name);
  expect(giveBack).toBeDefined();
  await giveBack?.();
});

test("many processes that want it at once, some of which die with it, have it one at a time", async () => {
  const name = newName();
  const log = join(scratch, "log");
  const script = `
    for (let turns = 0; turns < 20; ) {
      const giveBack = await takeTurn(a);
      if (!giveBack) continue;
      fs.appendFileSync(b, "in " + process.pid + "\\n");
      await new Promise(setImmediate);
      fs.appendFileSync(b, "out " + process.pid + "\\n");
      if (++turns === 20 && process.pid % 2) process.kill(process.pid, "SIGKILL");
      await giveBack();
    }`;
  const others = Array.from({ length: 6 }, () => otherProcess(script, name, log));
  await Promise.all(others.map(({ ended }) => ended));
  const lines = readFileSync(log, "utf8").trim().split("\n");
  expect(lines).toHaveLength(2 * 20 * others.length);
  const pairs = lines.flatMap((line, index) => (index % 2 === 0 ? [[line, lines[index + 1]]] : []));
  const pids = pairs.map(([enter, leave]) => [enter?.split(" ")[1], leave?.split(" ")[1]]);
  expect(pids.filter(([one, other]) => one !== other)).toEqual([]);
  expect(pairs.every(([enter, leave]) => enter?.startsWith("in") && leave?.startsWith("out"))).toBe(true);
});

test("turns that are over go", async () => {
  const name = newName();
  for (let turn = 0; turn < 20; turn++) await (await takeTurn(name))?.();
  const files = readdirSync(folder).filter((file) => file.startsWith(name));
  expect(files.length).toBeLessThan(12);
});
