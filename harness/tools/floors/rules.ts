import { join } from "node:path";
import { type Exceptions, exceptions } from "./exceptions.ts";
import { chapters, commands, floorOf, floors, testEndings, testSupport } from "./floors.ts";

interface Override {
  includes: string[];
  linter: { rules: { style: Record<string, unknown> } };
}

interface Allowed {
  /** Modules on higher floors, as an `import` names them; globs. */
  upward?: readonly string[];
  /** Whether `node:child_process` may be imported. */
  processes?: boolean;
  /** Whether `readSettings` may be imported. */
  settings?: boolean;
}

const supportOfTests = `#${testSupport}/**`;
const ofProcesses = "run commands by LocalHost or zx (exceptions: harness/tools/floors/exceptions.ts)";
const settingsModule = "#harness/core/settings/settings.ts";
const ofSettings =
  "take the settings as a parameter, or workerSettings() in a worker (exceptions: harness/tools/floors/exceptions.ts)";
const ofRelatives = "name a file of another folder by #harness/…, #drivers/…, #suites/… or #reports/…";

/**
 * Biome's configuration for the rules of the floors: no import cycle, of values or of types; no import from a higher
 * floor, in any form; `process.env` and `node:child_process` in the listed places only; `readSettings` in commands, in tests
 * and in the listed places only.
 */
export function biomeRules({
  upwardImports,
  environmentReaders,
  settingsReaders,
  processStarters,
}: Exceptions = exceptions): object {
  const excepted = new Set(
    [...upwardImports, ...settingsReaders, ...processStarters].map(({ files }) => files),
  );
  return {
    root: true,
    files: { includes: ["**", "!!**/node_modules", "!!**/output", "!!dist"] },
    formatter: { enabled: false },
    assist: { enabled: false },
    plugins: [join(import.meta.dirname, "hidden-imports.grit")],
    linter: {
      rules: {
        preset: "none",
        suspicious: { noImportCycles: { level: "error", options: { ignoreTypes: false } } },
        style: { noProcessEnv: "error", noRestrictedImports: restrictionsOf(floors.length - 1) },
      },
    },
    // The last one that fits a file counts.
    overrides: [
      ...floors.flatMap((folders, floor) => overridesOf(folders, floor)).toReversed(),
      ...[...excepted].map((files) => {
        return restrict([files], floorOf(files) ?? floors.length - 1, {
          upward: [
            ...(isTest(files) ? [supportOfTests] : []),
            ...upwardImports.filter((one) => one.files === files).map(({ imports }) => imports),
          ],
          processes: processStarters.some((one) => one.files === files),
          ...(isTest(files) || settingsReaders.some((one) => one.files === files) ? { settings: true } : {}),
        });
      }),
      ...environmentReaders.map(({ files }) => override([files], { noProcessEnv: "off" })),
    ],
  };
}

/** For the tests on a floor, and before them for all its files. Folders within a higher floor's folder come after it. */
function overridesOf(folders: readonly string[], floor: number): Override[] {
  const tests = folders
    .filter((folder) => folder !== chapters)
    .flatMap((folder) => testEndings.map((ending) => `${folder}/**/*${ending}`));
  const all = folders.map((folder) => `${folder}/**`);
  return [
    ...(tests.length > 0 ? [restrict(tests, floor, { upward: [supportOfTests], settings: true })] : []),
    restrict(all, floor),
  ];
}

function isTest(path: string): boolean {
  return testEndings.some((ending) => path.endsWith(ending)) && !path.startsWith(`${chapters}/`);
}

function restrict(includes: string[], floor: number, allowed: Allowed = {}): Override {
  return override(includes, { noRestrictedImports: restrictionsOf(floor, allowed) });
}

function override(includes: string[], style: Record<string, unknown>): Override {
  return { includes, linter: { rules: { style } } };
}

function restrictionsOf(floor: number, allowed: Allowed = {}): object {
  const { upward = [], processes = false, settings = floor >= (floorOf(`${commands}/`) ?? 0) } = allowed;
  const higher = floors.slice(floor + 1).flat();
  const lowerWithin = floors
    .slice(0, floor + 1)
    .flat()
    .filter((folder) => higher.some((one) => folder.startsWith(`${one}/`)));
  const group = [
    ...higher.map((folder) => `#${folder}/**`),
    ...lowerWithin.map((folder) => `!#${folder}/**`),
    ...upward.map((module) => `!${module}`),
  ];
  const message = `an import from a higher floor than ${floors[floor]?.join(", ")} (harness/tools/floors/floors.ts)`;
  const patterns = [{ group: ["../**"], message: ofRelatives }];
  return {
    level: "error",
    options: {
      patterns: higher.length > 0 ? [...patterns, { group, message }] : patterns,
      paths: {
        ...(processes ? {} : { "node:child_process": ofProcesses, child_process: ofProcesses }),
        ...(settings ? {} : { [settingsModule]: { importNames: ["readSettings"], message: ofSettings } }),
      },
    },
  };
}
