import { expect, test } from "vitest";
import { requirementIds } from "#suites/requirements/catalogue.ts";
import { titlePattern } from "./selection.ts";

test.each(requirementIds)("%s selects its own tests among those of the whole catalogue", (id) => {
  const pattern = new RegExp(titlePattern([id]));
  expect(requirementIds.filter((other) => pattern.test(`chapter ${other} a title`))).toEqual([id]);
});
