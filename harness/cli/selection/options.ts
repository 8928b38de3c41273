import { randomInt } from "node:crypto";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { isFilter, patternOf, requirementOption, requirementsIn } from "#harness/cli/selection.ts";
import { everything, type SelectedTests, type Selection } from "#harness/conformance/run/selection.ts";
import { UsageError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { passOnUnlessGiven } from "#harness/core/settings/session.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { reportFiles } from "#reports/files.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import { readFailed, statementAt } from "./failed.ts";

/** What the options of `netconform run` say of what runs, how often and in which order. */
export interface SelectionOptions {
  requirement?: string;
  failed?: string | true;
  repeat?: number;
  shuffle?: string | true;
  seed?: number;
  pause?: boolean;
  watch?: string[];
  /** One run of `--watch`. */
  watched?: boolean;
}

/** What is to run. */
export interface Chosen {
  readonly selection: Selection;
  /** Parts of the paths of test files. */
  readonly filters: readonly string[];
  /** Regular expression for the titles of tests. */
  readonly pattern?: string;
}

/** The run has nothing to do; `code` is what it ends with. */
export interface NothingToRun {
  readonly nothing: string;
  readonly code: number;
}

const largestSeed = 2 ** 31 - 1;

/** Adds the options that choose among the tests and order them. */
export function addSelectionOptions(command: Command): Command {
  return command
    .addOption(requirementOption())
    .option(
      "--failed [statement]",
      "only what failed or ended in an error in the last run, or in that statement (a conformance.json), on the same drivers and engines",
    )
    .option(
      "--repeat <rounds>",
      "run all of it so many times on the same clusters; green only if every round is",
      wholeRounds,
    )
    .option(
      "--shuffle [seed]",
      "chapters, and tests within them, in an order that a seed decides; default: a new one, which is told",
    )
    .option(
      "--seed <number>",
      "seed of what chapters generate, such as combinations of policies; default: that of --shuffle, else 1",
      generatingSeed,
    )
    .option(
      "--pause",
      "wait at the first failure with everything up, and print the lines that lead there; Enter goes on",
    )
    .option(
      "--watch <path>",
      "run again, with the plugin installed anew, whenever this file or folder changes: a plugin's program or source, a driver; may be given several times",
      (path: string, before: string[] = []) => [...before, path],
    )
    .addOption(new Option("--watched").hideHelp());
}

/** Reads the options. What an option with an optional value took and cannot be one is a filter. Throws `UsageError`. */
export function choose(given: readonly string[], options: SelectionOptions): Chosen | NothingToRun {
  const filters = [...given];
  const statement = typeof options.failed === "string" ? statementAt(options.failed) : undefined;
  if (typeof options.failed === "string" && !statement) filters.push(options.failed);
  const seed = options.shuffle === undefined ? undefined : seedOf(options.shuffle);
  if (typeof options.shuffle === "string" && seed === undefined) {
    if (!isFilter(projectRoot, options.shuffle)) {
      throw new UsageError(
        `--shuffle ${options.shuffle}: expected a seed, a whole number from 0 to ${largestSeed}, or nothing (given on the command line)`,
      );
    }
    filters.push(options.shuffle);
  }
  const order: Selection = {
    ...everything,
    ...(options.watched ? { reinstall: true } : {}),
    ...(options.repeat === undefined ? {} : { rounds: options.repeat }),
    ...(options.shuffle === undefined ? {} : { seed: seed ?? randomInt(1, largestSeed) }),
    ...(options.seed === undefined ? {} : { generated: options.seed }),
  };
  if (options.watch && options.failed !== undefined) {
    throw new UsageError("--watch runs the same tests each time: expected no --failed with it", {
      hint: "name the requirements with -t",
    });
  }
  const pattern = options.requirement === undefined ? {} : { pattern: patternOf(options.requirement) };
  if (options.failed === undefined) return { selection: order, filters, ...pattern };

  const failed = readFailed(statement ?? join(readSettings().REPORTS, reportFiles.statement));
  if (failed.only.length === 0) return { nothing: failed.told, code: failed.green ? 0 : 1 };
  const ids = options.requirement === undefined ? undefined : requirementsIn(options.requirement);
  const only = failed.only
    .filter((tests) => isChosen(tests, filters))
    .flatMap((tests) => (ids ? ofRequirements(tests, ids) : [tests]));
  if (only.length === 0) {
    const asked = [...filters, ...(ids ?? [])].join(", ");
    return { nothing: `${failed.told}\nnothing of it is in ${asked}`, code: 1 };
  }
  console.log(failed.told);
  passOnUnlessGiven(failed.settings);
  return { selection: { ...order, only }, filters, ...pattern };
}

function isChosen({ file }: SelectedTests, filters: readonly string[]): boolean {
  return filters.length === 0 || filters.some((filter) => file.includes(filter.replace(/^\.\//, "")));
}

/** What of the tests is of these requirements; of a whole file, all of them. */
function ofRequirements(tests: SelectedTests, ids: readonly RequirementId[]): SelectedTests[] {
  const requirements = ids.filter((id) => tests.requirements?.includes(id) ?? true);
  return requirements.length === 0 ? [] : [{ ...tests, requirements }];
}

function wholeRounds(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 1000) return rounds;
  throw new InvalidArgumentError("expected a whole number from 1 to 1000");
}

function generatingSeed(text: string): number {
  const seed = seedOf(text);
  if (seed === undefined) throw new InvalidArgumentError(`expected a whole number from 0 to ${largestSeed}`);
  return seed;
}

function seedOf(text: string | true): number | undefined {
  return typeof text === "string" && /^\d{1,10}$/.test(text) && Number(text) <= largestSeed
    ? Number(text)
    : undefined;
}

/** The arguments of one run of `--watch`: the same without it. */
export function argumentsOfOneRun(given: readonly string[], options: SelectionOptions): string[] {
  const { requirement, repeat, shuffle, seed, pause } = options;
  return [
    ...given,
    ...(requirement === undefined ? [] : ["-t", requirement]),
    ...(repeat === undefined ? [] : ["--repeat", String(repeat)]),
    ...(shuffle === undefined ? [] : ["--shuffle", ...(shuffle === true ? [] : [shuffle])]),
    ...(seed === undefined ? [] : ["--seed", String(seed)]),
    ...(pause ? ["--pause"] : []),
  ];
}
