import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { takeFolder, writeEvidence } from "./evidence-files.ts";

test("tests of one requirement that fail keep their evidence apart, whatever else is in the folder", () => {
  const reports = mkdtempSync(join(tmpdir(), "netconform-evidence-"));
  onTestFinished(() => rmSync(reports, { recursive: true }));
  const folder = join(reports, "C1");
  mkdirSync(folder);
  const files = ["of one chapter", "of the next one"].flatMap((content) =>
    writeEvidence([{ name: "node1/state.txt", content }], takeFolder(folder), reports),
  );
  expect(files).toEqual(["C1/node1_state.txt", "C1/2/node1_state.txt"]);
  expect(files.map((file) => readFileSync(join(reports, file), "utf8"))).toEqual([
    "of one chapter",
    "of the next one",
  ]);
});
