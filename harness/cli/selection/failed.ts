import { existsSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { judgesOfChapters, type SelectedTests } from "#harness/conformance/run/selection.ts";
import { UsageError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import type { SettingName } from "#harness/core/settings/schema.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { describeMisfits } from "#harness/core/text/misfits.ts";
import { isGreen } from "#reports/conformance/outcome/green.ts";
import { type Statement, schemaVersion, statementSchema } from "#reports/conformance/schema.ts";
import { reportFiles } from "#reports/files.ts";
import { isRequirementId, type RequirementId } from "#suites/requirements/catalogue.ts";

/** What failed in an earlier run. */
export interface FailedTests {
  readonly only: readonly SelectedTests[];
  /** Settings of that run, as texts, that decide what its targets were. */
  readonly settings: Readonly<Partial<Record<SettingName, string>>>;
  /** Whether that run was green: nothing failed, and something passed. */
  readonly green: boolean;
  /** What runs again and what does not, for people. */
  readonly told: string;
}

/** A fault is injected only by those who ask for it, and where reports go is not a matter of the run. */
const takenOver = [
  "DRIVER",
  "ENGINE",
  "CLUSTER",
  "NODES",
  "SCALE",
  "IMAGE",
  "FIREWALL",
  "CONFIG",
  "PROFILE",
  "KIND",
  "CNI_VERSION",
] as const;

/** The statement that `given` means: a file, or a folder of reports. `undefined` where it means no statement. */
export function statementAt(given: string): string | undefined {
  if (given.endsWith(".json")) return resolve(given);
  const inside = join(given, reportFiles.statement);
  return existsSync(inside) ? resolve(inside) : undefined;
}

/**
 * What failed or ended in an error in the statement at `path`. Throws `UsageError` where there is none, where it is of
 * another version, and where it names requirements or test files that are not here.
 */
export function readFailed(path: string): FailedTests {
  const name = relative(process.cwd(), path).startsWith("..") ? path : relative(process.cwd(), path);
  const statement = readStatement(path, name);
  const only: SelectedTests[] = [];
  const labels: string[] = [];
  for (const { name: target, results } of statement.targets) {
    for (const { requirement, outcome, tests } of results) {
      if (outcome !== "failed" && outcome !== "error") continue;
      const id = knownId(requirement, name);
      labels.push(`${id} on ${target}`);
      const files = tests.filter((test) => test.outcome === outcome).map(({ file }) => file);
      for (const file of new Set(files))
        only.push({ target, file: knownFile(file, name), requirements: [id] });
    }
  }
  for (const { target, where } of statement.errors) {
    const [file = ""] = where.replace(/^round \d+: /, "").split(" › ");
    if (target === undefined || !isTestFile(file)) continue;
    labels.push(`${file} on ${target}`);
    only.push({ target, file });
  }
  return {
    only: mergeByFile(only),
    settings: settingsOf(statement),
    green: isGreen(statement),
    told: tell(statement, name, labels),
  };
}

function readStatement(path: string, name: string): Statement {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new UsageError(`--failed: there is no statement ${name}`, {
      hint: "run the chapters first, or name the conformance.json of another run",
    });
  }
  const json = parseJson(readFileSync(path, "utf8"));
  if (!json.ok) throw new UsageError(`--failed ${name}: expected JSON, got ${json.reason}`);
  const { value: read } = json;
  const version = z.object({ schemaVersion: z.unknown() }).safeParse(read).data?.schemaVersion;
  if (version !== schemaVersion) {
    throw new UsageError(
      `--failed ${name}: expected a statement of version ${schemaVersion}, got ${JSON.stringify(version) ?? "none"}`,
      { hint: "run the chapters again with this version of netconform" },
    );
  }
  const parsed = statementSchema.safeParse(read);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--failed ${name}: expected a statement\n${describeMisfits(parsed.error, read)}`, {
    hint: "run the chapters again, or name the conformance.json of another run",
  });
}

function knownId(id: string, name: string): RequirementId {
  if (isRequirementId(id)) return id;
  throw new UsageError(`--failed ${name}: ${id}: no such requirement in this version of netconform`);
}

/** The test file as it is called here: a checkout has .ts files and the package .js files of the same tests. */
export function testFileHere(file: string): string {
  return isTestFile(file) ? file : file.replace(/\.(ts|js)$/, (ending) => (ending === ".ts" ? ".js" : ".ts"));
}

function knownFile(file: string, name: string): string {
  const here = testFileHere(file);
  if (isTestFile(here)) return here;
  throw new UsageError(`--failed ${name}: there is no test file ${file} in this version of netconform`);
}

function isTestFile(file: string): boolean {
  return file !== "" && existsSync(join(projectRoot, file)) && statSync(join(projectRoot, file)).isFile();
}

/** One entry for each file on each target; the whole file where something of it judges the chapter, or the file itself broke. */
export function mergeByFile(all: readonly SelectedTests[]): SelectedTests[] {
  const byFile = Map.groupBy(all, ({ target, file }) => `${target}\n${file}`);
  return [...byFile.values()].flatMap((group) => {
    const [{ target, file } = { target: "", file: "" }] = group;
    const ids = group.flatMap(({ requirements = [] }) => requirements);
    const whole =
      group.some(({ requirements }) => requirements === undefined) ||
      ids.some((id) => judgesOfChapters.has(id));
    return [whole ? { target, file } : { target, file, requirements: [...new Set(ids)] }];
  });
}

/** The settings of a run, as texts, that decide what its targets were. */
export function settingsOf({ environment: { settings } }: Statement): FailedTests["settings"] {
  return Object.fromEntries(
    takenOver.flatMap((name) => {
      const value = settings[name];
      const text = Array.isArray(value) ? value.join(",") : String(value ?? "");
      return text === "" || (name === "NODES" && text === "0") ? [] : [[name, text]];
    }),
  );
}

function tell({ run, summary }: Statement, name: string, labels: readonly string[]): string {
  const { engineAtFault = 0, blocked, notRun, passed } = summary;
  const rest = [
    ...(engineAtFault > 0 ? [`${engineAtFault} engine at fault`] : []),
    ...(blocked > 0 ? [`${blocked} blocked`] : []),
    ...(notRun > 0 ? [`${notRun} not run`] : []),
  ].join(", ");
  const lines = [
    labels.length > 0
      ? `failed in ${name} (${run.startedAt}): ${labels.join(", ")}`
      : `nothing failed in ${name} (${run.startedAt}): ${passed} passed`,
    ...(rest === "" ? [] : [`not run again, since they did not fail there: ${rest}`]),
    ...(run.complete ? [] : [`that run is incomplete: ${run.incompleteBecause}`]),
  ];
  return lines.join("\n");
}
