import { UsageError } from "#harness/core/errors.ts";
import { isRequirementId } from "#suites/requirements/catalogue.ts";
import type { Mapping } from "./mapping/schema.ts";
import type { Lines } from "./parse/document.ts";
import type { Step } from "./parse/tutorial.ts";

/** One claim of the list, and the commands of the text that touch it. */
export interface ClaimCoverage {
  readonly id: string;
  readonly claim: string;
  /** Whether a requirement of the suite asserts it. */
  readonly asserted: boolean;
  readonly lines: readonly number[];
}

/** A command that no assertion of the suite stands for. */
export interface Uncovered {
  readonly line: number;
  readonly command: string;
  /** Claims that it touches, none of which is asserted. */
  readonly claims: readonly string[];
}

export interface Coverage {
  readonly claims: readonly ClaimCoverage[];
  readonly uncovered: readonly Uncovered[];
}

const row = /^\|\s*([A-Z]{1,3}\d+)\s*\|\s*(.*?)\s*\|\s*$/;

/** Reads tables of the form `| id | claim |`. Throws `UsageError` with file and line where there is none, or an id comes twice. */
export function readClaims(file: string, lines: Lines): { id: string; claim: string; line: number }[] {
  const claims = lines.flatMap((text, index) => {
    const [, id, claim] = row.exec(text) ?? [];
    return id === undefined || claim === undefined ? [] : [{ id, claim, line: index + 1 }];
  });
  if (claims.length === 0)
    throw new UsageError(`${file}:1: expected a table with rows "| id | claim |", got none`);
  for (const { id, line } of claims) {
    const first = claims.find((claim) => claim.id === id);
    if (first && first.line !== line)
      throw new UsageError(`${file}:${line}: the claim ${id} stands in line ${first.line} already`);
  }
  return claims;
}

/** Which claims the steps touch, by the mapping's patterns, and which steps no assertion of the suite stands for. */
export function coverageOf(
  steps: readonly Step[],
  claims: readonly { id: string; claim: string }[],
  mapping: Pick<Mapping, "claims">,
): Coverage {
  const touched = (step: Step) =>
    mapping.claims
      .filter(
        ({ chapter, commands }) =>
          (chapter?.test(step.chapter.title) ?? true) &&
          commands.some((pattern) => pattern.test(step.command)),
      )
      .map(({ id }) => id);
  const byStep = steps.map((step) => ({ step, ids: touched(step) }));
  return {
    claims: claims.map(({ id, claim }) => ({
      id,
      claim,
      asserted: isRequirementId(id),
      lines: byStep.filter(({ ids }) => ids.includes(id)).map(({ step }) => step.line),
    })),
    uncovered: byStep
      .filter(({ ids }) => !ids.some(isRequirementId))
      .map(({ step, ids }) => ({ line: step.line, command: step.command.split("\n")[0] ?? "", claims: ids })),
  };
}

/** The coverage in words. */
export function describeCoverage({ claims, uncovered }: Coverage): string {
  const touched = claims.filter(({ lines }) => lines.length > 0);
  const list = (ids: readonly { id: string }[]) => ids.map(({ id }) => id).join(" ") || "none";
  return [
    `claims: ${touched.length} of ${claims.length} are touched: ${list(touched)}`,
    `  not touched: ${list(claims.filter(({ lines }) => lines.length === 0))}`,
    `  touched, but asserted by no requirement of the suite: ${list(touched.filter(({ asserted }) => !asserted))}`,
    `commands that no assertion of the suite stands for: ${uncovered.length}`,
    ...uncovered.map(
      ({ line, command, claims: ids }) =>
        `  line ${line}: ${command}${ids.length > 0 ? `  (${ids.join(" ")})` : ""}`,
    ),
  ].join("\n");
}
