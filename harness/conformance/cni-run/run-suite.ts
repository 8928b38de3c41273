import { readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { forgetWhenInterrupted, removeWhenInterrupted } from "#harness/cluster/interruption.ts";
import type { ConformanceMeta } from "#harness/conformance/outcome.ts";
import { titlePattern } from "#harness/conformance/run/selection.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { makeScratchFolder } from "#harness/core/process/scratch.ts";
import { moduleEnding, projectRoot } from "#harness/core/project-root.ts";
import { vitestCommand, vitestOptions } from "#harness/core/vitest-program.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { marked, readMarked } from "#harness/observe/second-look/mark.ts";
import type { CniRequirementId } from "#suites/requirements/rules/cni.ts";
import { progressMark } from "./reporter.ts";

const suiteReporter = join(import.meta.dirname, `reporter${moduleEnding}`);

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          title: z.string(),
          meta: z.looseObject({ conformance: z.custom<ConformanceMeta>().optional() }),
        }),
      ),
    }),
  ),
});

/** One test of the suite, as it ended. */
export interface SuiteResult extends ConformanceMeta {
  readonly title: string;
}

export interface CniSuiteRun {
  /** Paths of plugins or of folders with plugins. */
  readonly plugins: readonly string[];
  /** Versions of the specification; default all that a plugin claims. */
  readonly versions?: readonly string[];
  /** Test files to leave out, e.g. `concurrency`. */
  readonly without?: readonly string[];
  /** Ids of the requirements whose tests run; default all. */
  readonly only?: readonly CniRequirementId[];
  /** More settings for the run, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Folders that go when this process is ended while the run is under way. */
  readonly folders?: readonly string[];
  /** Called with how far the run is whenever a test file has ended. */
  readonly onProgress?: (detail: string) => void;
}

/**
 * Runs the CNI suite as a user does, in a vitest of its own, and resolves to what each test left. When this process ends
 * before the run, killed or not, the run ends too and leaves nothing.
 * Failing requirements are results; throws `HarnessError` when the run itself did not come to an end.
 */
export async function runCniSuite({
  plugins,
  versions = [],
  without = [],
  only = [],
  settings = {},
  folders = [],
  onProgress = () => {},
}: CniSuiteRun): Promise<SuiteResult[]> {
  const folder = makeScratchFolder();
  const what = `the CNI suite in ${folder}`;
  try {
    // A process group of its own: a terminal's Ctrl-C is for this process, which ends the run by closing its stdin.
    const running = await new LocalHost().spawn(
      [
        ...vitestCommand,
        ...[
          "run",
          ...(await filesBut(without)),
          ...vitestOptions,
          "--reporter=json",
          `--outputFile=${join(folder, "report.json")}`,
          `--reporter=${suiteReporter}`,
        ],
        ...(only.length > 0 ? ["-t", titlePattern(only)] : []),
      ],
      {
        cwd: projectRoot,
        env: {
          REPORTS: join(folder, "reports"),
          ...settings,
          PLUGIN: plugins.join(","),
          CNI_VERSION: versions.join(","),
        },
      },
    );
    running.stdin.on("error", () => {});
    running.stdin.write([folder, ...folders].map((one) => `${one}\n`).join(""));
    removeWhenInterrupted(what, () => {
      running.stdin.end();
      return running.exit;
    });
    createInterface({ input: running.stdout }).on("line", (line) => {
      if (line.startsWith(progressMark)) onProgress(line.slice(progressMark.length));
    });
    let output = "";
    for (const stream of [running.stdout, running.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output = `${output}${chunk}`.slice(-4000);
      });
    }
    const { code, signal } = await running.exit;
    const text = await readFile(join(folder, "report.json"), "utf8").catch(() => undefined);
    if (text === undefined) {
      throw new HarnessError(
        `the CNI suite over ${plugins.join(", ")} ended with ${code ?? signal} and no report\n${output}`,
      );
    }
    return await Promise.all(resultsOf(text).map((result) => withScript(result, join(folder, "reports"))));
  } finally {
    forgetWhenInterrupted(what);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The suite's test files without some. vitest's `--exclude` does not reach projects that have a configuration of their own. */
async function filesBut(without: readonly string[]): Promise<string[]> {
  const ending = `.test${moduleEnding}`;
  const files = (await readdir(join(projectRoot, "suites/cni"))).filter((name) => name.endsWith(ending));
  return files
    .filter((name) => !without.includes(basename(name, ending)))
    .map((name) => `suites/cni/${name}`);
}

/** Longest script that is told as one line, in characters. */
const scriptLimit = 6000;

/** The run's reports go with it, and the script that shows a failure by hand with them: its lines are told instead. */
async function withScript(result: SuiteResult, reports: string): Promise<SuiteResult> {
  const { line: told = "", confirmed } = readMarked(result.reproduce ?? "");
  const script = result.evidence?.find((path) => told.endsWith(basename(path)));
  if (script === undefined) return result;
  const [, ...lines] = (await readFile(join(reports, script), "utf8")).trimEnd().split("\n");
  const line = lines.join("; ");
  const { reproduce: _path, ...rest } = result;
  if (line.length > scriptLimit) return rest;
  return { ...result, reproduce: confirmed === undefined ? line : marked(line, confirmed) };
}

function resultsOf(text: string): SuiteResult[] {
  const report = reportSchema.parse(JSON.parse(text));
  const broken = report.testResults.filter(({ assertionResults }) => assertionResults.length === 0);
  if (broken.length > 0) {
    throw new HarnessError(
      `the CNI suite could not start: ${broken.map(({ message }) => message).join("\n")}`,
    );
  }
  return report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.flatMap(({ title, meta }) => (meta.conformance ? [{ ...meta.conformance, title }] : [])),
  );
}
