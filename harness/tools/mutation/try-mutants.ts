import { readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { Stryker } from "@stryker-mutator/core";
import { projectRoot } from "#harness/core/project-root.ts";
import type { Mutant } from "./mutant.ts";

/** Outside every folder that tests are looked for in. */
const folder = ".cache/mutation";

/**
 * Changes the code in every way that Stryker knows, one change at a time, and runs the unit tests that reach it. `patterns`: files,
 * globs, or lines of a file as `FILE:FIRST-LAST`. Works on a copy of the project. Throws what Stryker throws, e.g. where a test
 * fails before anything is changed.
 */
export async function tryMutants(patterns: readonly string[]): Promise<Mutant[]> {
  rmSync(join(projectRoot, folder), { recursive: true, force: true });
  const stryker = new Stryker({
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    vitest: { configFile: "harness/tools/mutation/vitest.config.ts" },
    mutate: [...patterns, "!**/*.test.ts", "!**/*.integration.ts"],
    // Texts that decide have types that allow no others, which the compiler checks; the rest are words of messages.
    mutator: { excludedMutations: ["StringLiteral"], plugins: null },
    coverageAnalysis: "perTest",
    concurrency: availableParallelism(),
    reporters: [process.stderr.isTTY ? "progress" : "progress-append-only"],
    tempDirName: folder,
    cleanTempDir: "always",
    // It would read it with the compiler's programming interface, which TypeScript 7 has not.
    tsconfigFile: "none",
  });
  const sources = new Map<string, string[]>();
  const linesOf = (path: string) => {
    const lines = sources.get(path) ?? readFileSync(path, "utf8").split("\n");
    sources.set(path, lines);
    return lines;
  };
  return (await stryker.runMutationTest()).flatMap(
    ({ fileName, location, mutatorName, replacement, status }) => {
      const fate = fates[status];
      if (fate === undefined) return [];
      const code = linesOf(fileName)[location.start.line - 1]?.trim() ?? "";
      const file = relative(projectRoot, fileName);
      return [{ file, line: location.start.line, kind: mutatorName, code, replacement, fate }];
    },
  );
}

/** What Stryker says of a mutant; those that it was told to ignore are none. */
const fates: Readonly<Record<string, Mutant["fate"] | undefined>> = {
  Killed: "killed",
  Timeout: "killed",
  Survived: "alive",
  NoCoverage: "untested",
  CompileError: "invalid",
  RuntimeError: "invalid",
};
