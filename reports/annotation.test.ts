import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readGitHubStep } from "#harness/core/settings/github-step.ts";
import { formatAnnotation } from "./annotation.ts";

const found = {
  level: "error",
  file: "docs/a.md",
  line: 410,
  title: "a: b, c",
  message: "50 % of\nit",
} as const;

test("an annotation is one line, whatever stands in it, and names its file from the workspace", () => {
  expect(formatAnnotation({ workspace: process.cwd() }, found)).toBe(
    "::error file=docs/a.md,line=410,title=a%3A b%2C c::50 %25 of%0Ait",
  );
  expect(formatAnnotation({ workspace: resolve("docs") }, found)).toContain("file=a.md,");
  expect(formatAnnotation({ workspace: resolve("harness") }, found)).toContain(
    `file=${resolve("docs/a.md")},`,
  );
});

test("only a step of a workflow has annotations", () => {
  expect(readGitHubStep({})).toBeUndefined();
  expect(readGitHubStep({ GITHUB_ACTIONS: "false", GITHUB_WORKSPACE: "/w" })).toBeUndefined();
  expect(readGitHubStep({ GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: "/w" })).toEqual({ workspace: "/w" });
});
