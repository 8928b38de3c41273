import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Scope } from "#harness/core/async/scope.ts";
import { Blocked, Nonconformance } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { ByHand } from "#harness/observe/second-look/by-hand.ts";
import type { NotRun } from "#harness/observe/second-look/mark.ts";
import { View } from "#harness/observe/second-look/view.ts";
import { TestRecord } from "./record.ts";

/** A record of a test that keeps a file for a failure and one for every outcome, and where it keeps them. */
function keeping() {
  const reports = mkdtempSync(join(tmpdir(), "netconform-record-"));
  onTestFinished(() => rmSync(reports, { recursive: true }));
  const record = new TestRecord("M1", "a title", "multihost", {
    ...{ driver: "mine", reference: "./mine.ts", title: "mine", engine: "26.1", declared: [] },
  });
  const { keep } = record.tools(new Scope("a test"));
  keep({ name: "failed.txt", content: "1" });
  keep({ name: "always.txt", content: "2" }, { always: true });
  const folder = join(reports, "evidence");
  return { record, reports, finish: (failure?: unknown) => record.finish(failure, [], folder, reports) };
}

test("a test that passes keeps what it always keeps, and nothing else", () => {
  const { record, reports, finish } = keeping();
  finish();
  expect(record.meta.evidence).toEqual(["evidence/M1/always.txt"]);
  expect(readFileSync(join(reports, "evidence/M1/always.txt"), "utf8")).toBe("2");
});

test("a test that fails keeps everything", () => {
  const { record, finish } = keeping();
  finish(new Error("broken"));
  expect(record.meta.evidence).toEqual(["evidence/M1/failed.txt", "evidence/M1/always.txt"]);
});

test("of a test that tried nothing nothing is kept", () => {
  const { record, reports, finish } = keeping();
  finish(new Blocked("there is one node"));
  expect(record.meta.evidence).toBeUndefined();
  expect(existsSync(join(reports, "evidence"))).toBe(false);
});

test("a line by hand is run where its test fails, and its mark stands behind it", async () => {
  const told = async (how: ByHand | NotRun, run: (record: TestRecord) => Promise<void>) => {
    const { record, finish } = keeping();
    record.tools(new Scope("a test")).reproduce("do this", how);
    await run(record);
    finish(new Nonconformance({ who: "a", expected: "b", got: "c" }));
    return record.meta.reproduce;
  };
  const inBody = (record: TestRecord) => new View([]).run(() => record.runLine());
  const host = new LocalHost();
  const failing = { host, argv: ["false"], shows: ({ code }: { code: number | null }) => code === 1 };
  expect(await told(failing, inBody)).toBe("do this  # confirmed 3/3");
  expect(await told({ ...failing, argv: ["true"] }, inBody)).toBe(
    "do this  # not reproducible by hand (0/3)",
  );
  expect(await told({ notRun: "it changes things" }, inBody)).toBe("do this  # not run: it changes things");
  expect(await told(failing, async () => {})).toBe(
    "do this  # not run: it failed outside the body of a test",
  );
});
