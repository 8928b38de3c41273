import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readGitHubStep } from "#harness/core/settings/github-step.ts";
import { formatAnnotation, placeIn } from "./annotation.ts";

test("an annotation is one line, whatever stands in it", () => {
  const place = { file: "docs/a.md", line: 410 };
  expect(formatAnnotation({ level: "error", title: "a: b, c", message: "50 % of\nit", place })).toBe(
    "::error file=docs/a.md,line=410,title=a%3A b%2C c::50 %25 of%0Ait",
  );
});

test("a place is named from the workspace, and there is none outside of that", () => {
  expect(placeIn(process.cwd(), "docs/a.md", 410)).toEqual({ file: "docs/a.md", line: 410 });
  expect(placeIn(resolve("docs"), "docs/a.md", undefined)).toEqual({ file: "a.md" });
  expect(placeIn(resolve("harness"), "docs/a.md", 410)).toBeUndefined();
});

test("only a step of a workflow has annotations", () => {
  expect(readGitHubStep({})).toBeUndefined();
  expect(readGitHubStep({ GITHUB_ACTIONS: "false", GITHUB_WORKSPACE: "/w" })).toBeUndefined();
  expect(readGitHubStep({ GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: "/w" })).toEqual({ workspace: "/w" });
});
