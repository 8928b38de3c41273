import { Nonconformance } from "#harness/core/errors.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import { commandsOf, preparations } from "#harness/oracle/cases/commands.ts";
import { stepsOf, undoing } from "#harness/oracle/cases/steps.ts";
import { describeFlow, describeSeen, type SeenFlow } from "#harness/oracle/engine/table.ts";
import { drawTruthTable } from "#reports/policy/truth-table.ts";
import type { Smallest } from "./campaign.ts";
import type { Played } from "./player.ts";

/** Where a case stands among all that the seed makes. */
export interface CasePlace {
  /** From 1. */
  readonly number: number;
  readonly of: number;
  readonly seed: number;
}

const shownPairs = 12;

/** A case that differs from what the rules say, with the commands that make it. */
export function differs(smallest: Smallest, place: CasePlace): Nonconformance {
  const { played } = smallest;
  const [first] = played.wrong;
  const more = played.wrong.length - 1;
  return new Nonconformance({
    who: first ? describeFlow(first.flow) : "a case",
    expected: `${first?.verdict}, as the rules ${played.when === "in force" ? "say" : "said before they were deleted, and no rule is there any more"}`,
    got: `${first ? describeSeen(first) : "nothing"}${more > 0 ? `, and ${more} more of ${played.table.length} flows differ` : ""}`,
    evidence: [
      `  case ${place.number} of ${place.of} of seed ${place.seed}, ${smallest.told}:`,
      ...commandsFor(played).map((command) => `    ${command}`),
      "  what differs then:",
      ...describeWrong(played.wrong).map((line) => `    ${line}`),
    ].join("\n"),
  });
}

/** The table as a picture, and everything that is typed to come to it. */
export function evidenceOf({ played }: Smallest, place: CasePlace): EvidenceFile[] {
  const title = `case ${place.number} of seed ${place.seed}, rules ${played.when}`;
  const commands = [...preparations(played.setting), ...commandsFor(played)];
  return [
    { name: "truth-table.svg", content: drawTruthTable(played.table, title) },
    { name: "case.txt", content: `${commands.join("\n")}\n` },
  ];
}

function commandsFor({ given, setting, when }: Played): string[] {
  const steps = [...stepsOf(given, setting), ...(when === "gone" ? undoing(given) : [])];
  return commandsOf(steps, setting);
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
