import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { until } from "#harness/core/async/poll.ts";
import { identify } from "./process.ts";

const starter = JSON.stringify(new URL("starter.ts", import.meta.url).href);

/** Starts a process that starts another one and tells its number; that one says `begun` when it watches its starter. */
async function startTwo(more: string): Promise<{ first: ReturnType<typeof spawn>; second: number }> {
  const inner = `const { endWithStarter } = await import(${starter}); endWithStarter(); ${more}
    console.log("begun", process.env.NETCONFORM_STARTER); setInterval(() => {}, 1000);`;
  const outer = `import { spawn } from "node:child_process";
    const child = spawn(process.execPath, ["--input-type=module", "-e", ${JSON.stringify(inner)}], {
      stdio: ["ignore", "pipe", "inherit", "pipe"], env: { ...process.env, NETCONFORM_STARTER: "3" } });
    child.stdout.once("data", (said) => console.log(child.pid, String(said)));`;
  const first = spawn(process.execPath, ["--input-type=module", "-e", outer], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(first.stdout, "data")) as [Buffer];
  expect(String(said)).toMatch(/^\d+ begun undefined/);
  return { first, second: Number.parseInt(String(said), 10) };
}

test("a process whose starter is killed ends", async () => {
  const { first, second } = await startTwo("");
  expect(identify(second)).toBeDefined();
  first.kill("SIGKILL");
  await until({ what: "it to end", deadlineMs: 10_000 }, () => identify(second) === undefined);
});

test("it is told as by SIGTERM, and may tidy up first", async () => {
  const { first, second } = await startTwo("process.on('SIGTERM', () => process.exit(0));");
  first.kill("SIGKILL");
  await until({ what: "it to end", deadlineMs: 10_000 }, () => identify(second) === undefined);
});
