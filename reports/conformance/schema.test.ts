import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { publishedSchema } from "./schema.ts";

test("the published JSON Schema is the one the statement is written by", () => {
  const published = readFileSync(new URL("../conformance.schema.json", import.meta.url), "utf8");
  expect(
    JSON.parse(published),
    "node reports/conformance/schema.ts > reports/conformance.schema.json",
  ).toEqual(publishedSchema());
});
