import { typed } from "#harness/core/typed.ts";
import { describePlace, type Fault } from "#harness/proof/fault.ts";
import { plural } from "#reports/conformance/words.ts";
import type { FileChoice } from "./choice.ts";

/** What was chosen and why, for people: the changed files on which something rests with the faults, then what nothing covers. */
export function describeChoice(since: string, choices: readonly FileChoice[]): string {
  const covered = choices.filter(({ faults }) => faults.length > 0);
  const alike = Map.groupBy(covered, ({ why, faults }) => `${why}: ${faults.map(called).join(", ")}`);
  const unproved = [...new Set(choices.flatMap((choice) => choice.unproved))];
  const bare = choices.filter(({ faults }) => faults.length === 0).map(({ path }) => path);
  return [
    `changed since ${since}: ${plural(choices.length, "file")}; ${plural(chosenFaults(choices).length, "fault")} to inject`,
    ...[...alike].map(([what, files]) => {
      const left = Math.max(...files.map((choice) => choice.left));
      const more = left > 0 ? `; ${left} more rest on it: ${typed("prove")} injects all` : "";
      return `  ${files.map(({ path }) => path).join(", ")}\n    ${what}${more}`;
    }),
    ...(unproved.length > 0 ? [`detected by no fault: ${unproved.join(" ")}`] : []),
    ...(bare.length > 0 ? [`covered by no fault: ${bare.join(", ")}`] : []),
  ].join("\n");
}

/** The faults of all choices, each once. */
export function chosenFaults(choices: readonly FileChoice[]): Fault[] {
  return [...new Set(choices.flatMap(({ faults }) => faults))];
}

function called({ name, on }: Fault): string {
  return `${name} (${describePlace(on)})`;
}
