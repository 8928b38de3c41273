import { expect, test } from "vitest";
import { catalogue, isRequirementId } from "#suites/requirements/catalogue.ts";
import type { Requirement } from "#suites/requirements/requirement.ts";
import { settledBefore } from "./before.ts";
import type { Decision } from "./decision.ts";
import { decisions } from "./decisions.ts";
import { isProvisional } from "./standing.ts";

const decided = (to: Decision["to"]): Decision => ({
  requirement: "Z1",
  to,
  on: "2026-12-01",
  because: "of it",
});

test("a requirement is provisional until it is promoted, and again when it is demoted", () => {
  expect(isProvisional("Z1", [])).toBe(true);
  expect(isProvisional("Z1", [decided("settled")])).toBe(false);
  expect(isProvisional("Z1", [decided("settled"), decided("provisional")])).toBe(true);
  expect(isProvisional("M4", [])).toBe(false);
});

test("the catalogue says what is provisional, and nothing else is decided about", () => {
  const rules: [string, Requirement][] = Object.entries(catalogue);
  for (const [id, rule] of rules)
    expect({ id, it: rule.provisional === true }).toEqual({ id, it: isProvisional(id) });
  for (const id of [...settledBefore, ...decisions.map(({ requirement }) => requirement)]) {
    expect(isRequirementId(id), id).toBe(true);
  }
  for (const { because } of decisions) expect(because.trim()).not.toBe("");
});
