import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { HarnessError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { beginCommand, recordCommand } from "#harness/host/transcript.ts";
import { setUpInTime, setUpSteps } from "./deadline.ts";

const soon = { doing: "installing", deadlineMs: 10 };
const ended = { host: "node1", argv: ["mkdir", "/opt/mine"], code: 0, signal: null, stdout: "", stderr: "" };

test("an installation that does not end says what it waits for and what it did last", async () => {
  const work = async () => {
    // As hosts do.
    beginCommand("node1", ended.argv)();
    recordCommand({ ...ended, startedAt: 0, durationMs: 4 });
    beginCommand("node2", ["sleep", "1000"]);
    await new Promise(() => {});
  };
  const installing = setUpInTime("install", "My plugin", work, soon);
  await expect(installing).rejects.toThrow(HarnessError);
  await expect(installing).rejects.toThrow(
    /^installing My plugin did not end within 0\.01 s\n {2}it waits for\n {4}node2\$ sleep 1000 \(for \d+\.\d s\)\n {2}the last commands that ended:\n {4}node1\$ mkdir \/opt\/mine → 0 \(4 ms\)\n {2}next: `install` of the driver must end by itself/,
  );
});

test("what waits for nothing on a node says that", async () => {
  const installing = setUpInTime("install", "My plugin", () => new Promise(() => {}), {
    ...soon,
  });
  await expect(installing).rejects.toThrow(/waits for no command on a node\n {2}no command has ended/);
});

test("what ends in time ends as it does", async () => {
  expect(await setUpInTime("install", "My plugin", async () => ({ token: "t" }))).toEqual({ token: "t" });
  const broken = Promise.reject(new Error("no bridge"));
  await expect(setUpInTime("connect", "My plugin", () => broken)).rejects.toThrow(/^no bridge$/);
});

test("the deadlines are those of the documentation", () => {
  const page = readFileSync(`${projectRoot}/docs/drivers.md`, "utf8");
  expect(page).toContain(`must end within ${setUpSteps.install.deadlineMs / 60_000} minutes`);
  expect(page).toContain(`within ${setUpSteps.connect.deadlineMs / 60_000} minutes`);
});
