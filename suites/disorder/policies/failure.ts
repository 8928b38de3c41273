import { Nonconformance } from "#harness/core/errors.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import type { PolicyCase } from "#harness/oracle/cases/case.ts";
import type { Closing } from "#harness/oracle/cases/closing.ts";
import { commandsOf, preparations } from "#harness/oracle/cases/commands.ts";
import { type Step, stepsOf, undoing } from "#harness/oracle/cases/steps.ts";
import { describeFlow, describeSeen, type SeenFlow } from "#harness/oracle/engine/table.ts";
import { drawTruthTable } from "#reports/policy/truth-table.ts";
import type { Smallest } from "./campaign.ts";
import type { Played } from "./player.ts";

/** All the cases that the seed makes. */
export interface CasesOf {
  readonly cases: readonly PolicyCase[];
  readonly seed: number;
}

const shownPairs = 12;

/** What must be, and why, by when it was looked. */
const asRules = {
  before: "as the case had no rule yet, and those of the cases before it were deleted",
  "in force": "as the rules say",
  gone: "as no rule is there any more",
  closed: "as the one rule says that is still there; those of the case were deleted",
  "open again": "as no rule is there any more, those that closed everything for a look neither",
} as const satisfies Record<Played["when"], string>;

/** A case that differs from what the rules say, with the commands that make it. */
export function differs(smallest: Smallest, all: CasesOf): Nonconformance {
  const { played } = smallest;
  const [first] = played.wrong;
  const more = played.wrong.length - 1;
  return new Nonconformance({
    who: first ? describeFlow(first.flow) : "a case",
    expected: `${first?.verdict}, ${asRules[played.when]}`,
    got: `${first ? describeSeen(first) : "nothing"}${more > 0 ? `, and ${more} more of ${played.table.length} flows differ` : ""}`,
    evidence: [
      `  ${describeSmallest(smallest, all)}:`,
      ...commandsFor(played).map((command) => `    ${command}`),
      "  what differs then:",
      ...describeWrong(played.wrong).map((line) => `    ${line}`),
    ].join("\n"),
  });
}

/** The table as a picture, and everything that is typed to come to it. */
export function evidenceOf(smallest: Smallest, all: CasesOf): EvidenceFile[] {
  const { played } = smallest;
  const title = `${nameOf(smallest, all)}, ${played.when === "before" ? "before its rules" : `rules ${played.when}`}`;
  const commands = [...preparations(played.setting), ...commandsFor(played)];
  return [
    { name: "truth-table.svg", content: drawTruthTable(played.table, title) },
    { name: "case.txt", content: `${commands.join("\n")}\n` },
  ];
}

/** `case 3 of 240 of seed 1`; of what stayed in the end, the last of those of which it may be. */
function nameOf({ played, of }: Smallest, { cases, seed }: CasesOf): string {
  const number = [of, ...played.since.toReversed()].map((one) => cases.indexOf(one) + 1).find(Boolean) ?? 0;
  return `case ${number} of ${cases.length} of seed ${seed}`;
}

function describeSmallest(smallest: Smallest, all: CasesOf): string {
  const { played, told } = smallest;
  const name = nameOf(smallest, all);
  if (played.when !== "before") return `${name}, ${told}`;
  return `before ${name}, of which nothing was done yet; of what was done and taken back before it, something stayed`;
}

/** What is typed to come to what was seen. Before a case there were others alone. */
function commandsFor({ given, setting, when, since, closings = [] }: Played): string[] {
  const whole = (one: PolicyCase) => [...stepsOf(one, setting), ...undoing(one)];
  // Whom the case started still runs when it is looked.
  const ended = [
    ...stepsOf(given, setting),
    ...undoing(given).filter(({ do: what }) => what === "remove rule"),
  ];
  const there = ({ steps, undo }: Closing) => [...steps, ...undo];
  const steps = {
    before: () => since.flatMap(whole),
    "in force": () => stepsOf(given, setting),
    gone: () => ended,
    closed: () => [
      ...since.flatMap(whole),
      ...ended,
      ...closings.slice(0, -1).flatMap(there),
      ...(closings.at(-1)?.steps ?? []),
    ],
    "open again": () => [...since.flatMap(whole), ...ended, ...closings.flatMap(there)],
  } as const satisfies Record<Played["when"], () => Step[]>;
  return commandsOf(steps[when](), setting);
}

/** One line for each pair that differs in one way. */
function describeWrong(wrong: readonly SeenFlow[]): string[] {
  const pairs = Map.groupBy(
    wrong,
    (one) => `${one.flow.from.name} to ${one.flow.to.name}: must be ${one.verdict}, is ${describeSeen(one)}`,
  );
  const lines = [...pairs].map(
    ([pair, own]) => `${pair}: ${own.map(({ flow }) => shortly(flow)).join(", ")}`,
  );
  const left = lines.length - shownPairs;
  return left > 0 ? [...lines.slice(0, shownPairs), `and ${left} more pairs`] : lines;
}

function shortly({ protocol, port, family }: SeenFlow["flow"]): string {
  return `${protocol}${port === undefined ? "" : ` ${port}`} over IPv${family}`;
}
