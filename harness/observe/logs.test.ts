import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { looksAtLogs } from "./logs.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-logs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the look at an engine's log prints of this one. */
async function printed(log: string, sizes: string): Promise<string[]> {
  const look = looksAtLogs(sizes)["engine log"] ?? [];
  return (await new LocalHost().run([...look.slice(0, -1), log])).trim().split("\n");
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}\n`).join("");

test("a log is told from where it ended before, and its last 200 lines at least", async () => {
  const log = join(folder, "dockerd.log");
  writeFileSync(log, lines(1, 1_000));
  const sizes = `${statSync(log).size} ${log}\n17 /var/log/other.log`;
  appendFileSync(log, lines(1_001, 1_010));
  expect(await printed(log, sizes)).toHaveLength(201);
  appendFileSync(log, lines(1_011, 1_500));
  expect((await printed(log, sizes)).slice(0, 2)).toEqual([`==> ${log} <==`, "line 1001"]);
  expect(await printed(log, sizes)).toHaveLength(501);
});

test("of a log that grew without end the last 5000 lines are told, and all of one that is new or was cut", async () => {
  const log = join(folder, "new.log");
  writeFileSync(log, lines(1, 6_000));
  expect(await printed(log, "")).toHaveLength(5_001);
  writeFileSync(log, lines(1, 300));
  expect(await printed(log, `999999 ${log}`)).toHaveLength(301);
});

test("a log that is not there hides no other", async () => {
  const log = join(folder, "there.log");
  writeFileSync(log, "only\n");
  expect(await printed(`${folder}/none.log ${log}`, "")).toEqual([`==> ${log} <==`, "only"]);
});
