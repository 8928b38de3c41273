import { describePlace, type Fault, isOwnDefect } from "#harness/proof/fault.ts";
import { faults } from "#harness/proof/faults/all.ts";
import type { AppliesTo } from "#suites/requirements/applicability/applies-to.ts";
import type { DockerPromise } from "#suites/requirements/applicability/docker-promise.ts";
import { capabilities, features, scarce } from "#suites/requirements/capability.ts";
import {
  isRequirementId,
  type RequirementId,
  requirementIds,
  requirementOf,
} from "#suites/requirements/catalogue.ts";
import { cniSentences, cnmSentences } from "#suites/requirements/sources/sources.ts";
import { texts } from "#suites/requirements/sources/texts.ts";
import { commandFor } from "./command-for.ts";
import type { Step } from "./steps.ts";

const mostNear = 5;

/** What a requirement is, what shows it, and what a red of it usually means; some lines for people. `pages`: of its failures in the last run. */
export function explain(id: RequirementId, steps: readonly Step[], pages: readonly string[] = []): string {
  const { title, level, provisional, source, profile, appliesTo, promised = [] } = requirementOf(id);
  const own = steps.filter(({ requirement }) => requirement === id || successorsOf(id).includes(requirement));
  const proving = faults.filter(({ detectedBy }) => detectedBy.some((one) => one === id));
  return [
    `${id}  ${title}`,
    `  ${level}, profile ${profile}`,
    ...(provisional ? ["  provisional: what it ends with is told, and is no verdict"] : []),
    `  source: ${[source.text, ...(source.url === undefined ? [] : [source.url])].join(", ")}`,
    ...section("needs", describeNeeds(appliesTo)),
    ...section(
      "promised since",
      promised.map((one) => describePromise(one, appliesTo)),
    ),
    ...section("not over CNI", appliesTo.notOverCni === undefined ? [] : [appliesTo.notOverCni]),
    ...section("the specification asks for it in (in our words)", sentencesOf(id)),
    ...section("steps", own.flatMap(describeStep)),
    ...section(
      `a red usually means (${describeProof(appliesTo)})`,
      proving.filter((fault) => fault.outcome === undefined && !isOwnDefect(fault)).flatMap(describeCause),
    ),
    ...section(
      "engines break it by themselves (what puts it right was seen to turn it green)",
      proving.filter(isOwnDefect).flatMap(describeCause),
    ),
    ...section(
      "where an engine is at fault, that usually means (each of these was injected, and the plugin was not charged)",
      proving.filter(({ outcome }) => outcome !== undefined).flatMap(describeCause),
    ),
    ...section("the last run failed here, and what happened is on", pages),
    `  run it: ${commandFor(id)}`,
  ].join("\n");
}

/** Ids of the catalogue that are near to one that is not in it: of the same letters, by number. */
export function nearestIds(wanted: string): RequirementId[] {
  const { letters, number } = partsOf(wanted);
  return requirementIds
    .filter((id) => partsOf(id).letters === letters)
    .sort((a, b) => Math.abs(partsOf(a).number - number) - Math.abs(partsOf(b).number - number))
    .slice(0, mostNear);
}

/** The id that a user means: letters of either case. */
export function idFrom(given: string): RequirementId | undefined {
  if (isRequirementId(given)) return given;
  return requirementIds.find((id) => id.toLowerCase() === given.toLowerCase());
}

/** Rules that stand in the place of this one in later versions; their tests show it in its own. */
function successorsOf(id: string): string[] {
  return requirementIds.filter((other) => requirementOf(other).appliesTo.predecessor === id);
}

/** The sentences of the specification that it shows, newest text first. */
function sentencesOf(id: RequirementId): string[] {
  return [...cniSentences, ...cnmSentences]
    .filter(({ ids }) => ids.includes(id))
    .map(({ keyword, says, section: place, texts: within }) => {
      const newest = within.at(-1);
      return `${newest ? texts[newest].title : ""}, ${place}: ${keyword} ${says}`;
    });
}

function partsOf(id: string): { letters: string; number: number } {
  const [, letters = "", digits = "0"] = /^([A-Za-z]+)-?(\d*)/.exec(id) ?? [];
  return { letters: letters.toUpperCase(), number: Number(digits) };
}

function section(head: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${head}:`, ...lines.map((line) => `    ${line}`)];
}

function describeNeeds(needs: AppliesTo): string[] {
  const { subsystem, declares, pluginKinds, since, until } = needs;
  return [
    ...(needs.capabilities ?? []).map((one) => `capability ${one}: ${capabilities[one]}`),
    ...(subsystem === undefined
      ? []
      : [`a plugin that lists ${subsystem === "any" ? "a subsystem" : subsystem}`]),
    ...(declares === undefined ? [] : [`a plugin that declares ${declares}`]),
    ...(pluginKinds === undefined ? [] : [`a plugin of the kind ${pluginKinds.join(" or ")}`]),
    ...(since === undefined ? [] : [`CNI ${since} or later`]),
    ...(until === undefined ? [] : [`CNI ${until} or earlier`]),
  ];
}

/** That its faults turned it red, and of a rule that is blocked on most hosts: where alone. */
function describeProof({ capabilities: needed = [] }: AppliesTo): string {
  const lacking = needed.flatMap((one) => scarce[one] ?? []).map((feature) => features[feature]);
  if (lacking.length === 0) return "each of these was injected, and turned it red";
  return `seen only where the nodes have ${lacking.join(" and ")}; elsewhere it is blocked, and so is each of these`;
}

/** On an older engine that is looked at, and decides nothing. */
function describePromise({ since, over, test, overCni }: DockerPromise, { notOverCni }: AppliesTo): string {
  const without = overCni ? `by plugins that declare ${overCni}` : "by nobody";
  const part = [over ? `, over ${over}` : "", test === undefined ? "" : ` (${test})`].join("");
  return `Docker ${since}${part}${notOverCni === undefined ? `; over CNI ${without}` : ""}`;
}

function describeStep({ title, file, line, checks, controlled }: Step): string[] {
  return [
    title,
    `  ${file}:${line}`,
    ...(checks.length > 0 ? [`  looks with ${checks.join(", ")}`] : []),
    ...(controlled.length > 0 ? [`  with a positive control: ${controlled.join(", ")}`] : []),
  ];
}

function describeCause(fault: Fault): string[] {
  const { name, on, breaks, why } = fault;
  const setting = isOwnDefect(fault) ? "MEND" : "FAULT";
  return [breaks, `  so that ${why}`, `  ${setting}=${name}, ${describePlace(on)}`];
}
