import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "#harness/core/project-root.ts";
import { catalogue } from "#suites/requirements/catalogue.ts";
import type { Requirement } from "#suites/requirements/requirement.ts";
import { digestOf, sha256 } from "./canonical.ts";
import type { CatalogueOfRun } from "./schema.ts";

/** Requirements by id, as far as a verdict depends on them. */
export type Requirements = Readonly<Record<string, Requirement>>;

/** What is told of a catalogue; `version` is that of the suite. */
export function describeCatalogue(version: string, requirements: Requirements = catalogue): CatalogueOfRun {
  return {
    ...{ version, sha256: digestOf(requirements) },
    requirements: Object.keys(requirements).length,
  };
}

/** What judges: the suites with their tests, and what they stand on without its own. */
const judging = [
  { pattern: "suites/**/*.{ts,js}", exclude: ["**/*.d.ts"] },
  {
    pattern: "{harness,drivers,reports}/**/*.{ts,js,mjs,py}",
    exclude: [
      "**/*.test.*",
      "**/*.integration.*",
      "**/*.d.ts",
      "**/fixtures/**",
      "harness/testing/**",
      "reports/output/**",
    ],
  },
];

let digest: string | undefined;

/** sha256 over the paths and contents of what judges, as it is installed here: a checkout and a package differ. */
export function digestOfSuite(root = projectRoot): string {
  digest ??= sha256(
    judging
      .flatMap(({ pattern, exclude }) => globSync(pattern, { cwd: root, exclude }))
      .sort()
      .map((path) => `${sha256(readFileSync(join(root, path)))}  ${path}\n`)
      .join(""),
  );
  return digest;
}
