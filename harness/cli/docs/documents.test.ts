import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allCommands } from "#harness/cli/all-commands.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { requirementIds } from "#suites/requirements/catalogue.ts";
import { isProvisional } from "#suites/requirements/standing/standing.ts";
import { generatedTables, staleDocuments } from "./documents.ts";
import { requirementsTable } from "./tables/requirements.ts";

test("every table in docs/ says what the programs know: npm run docs writes them", async () => {
  expect([...(await staleDocuments(allCommands)).keys()]).toEqual([]);
});

test("nothing else in docs/ claims to be made by a program, but for what needs a run", () => {
  const made = readdirSync(join(projectRoot, "docs")).flatMap((file) => {
    const text = readFileSync(join(projectRoot, "docs", file), "utf8");
    return [...text.matchAll(/^<!-- ([\w-]+) -->$/gm)].map(([, name]) => `docs/${file} ${name}`);
  });
  const expected = generatedTables.map(({ document, name }) => `${document} ${name}`);
  expect(made.sort()).toEqual(
    [
      ...expected,
      "docs/cni-plugins.md cni-table",
      "docs/cni-runtimes.md cni-runtimes",
      "docs/mutants.md mutants",
      "docs/cni-configurations.md cni-space",
      "docs/docker-drivers.md docker-drivers",
    ].sort(),
  );
});

test("the list of requirements says which are provisional", () => {
  const told = [...requirementsTable().matchAll(/^\| (\S+) +\| (?:MUST|SHOULD|MAY), provisional/gm)];
  expect(told.map(([, id]) => id)).toEqual(requirementIds.filter((id) => isProvisional(id)));
});
