import { markdownTable } from "#harness/core/text/markdown.ts";
import { countAnswers } from "#harness/tools/specification/describe.ts";
import { type PluginKind, pluginKinds } from "#suites/requirements/applicability/applies-to.ts";
import { type RequirementId, requirementOf } from "#suites/requirements/catalogue.ts";
import { type PinnedSentence, reasons } from "#suites/requirements/sources/sentence.ts";
import { cniSentences, cnmSentences, sentencesIn } from "#suites/requirements/sources/sources.ts";
import { cniTexts, textNames, texts } from "#suites/requirements/sources/texts.ts";
import { specVersions } from "#suites/requirements/spec-version.ts";

/** How many sentences each pinned text has, and what stands for them. */
export function specificationTexts(): string {
  const rows = textNames.map((name) => {
    const { sentences, shown, partly, missing, apart } = countAnswers(sentencesIn(name));
    const { title, url } = texts[name];
    return [`[${title}](${url})`, ...[sentences, shown, partly, missing, apart].map(String)];
  });
  return markdownTable(["text", "sentences", "shown", "in part", "not shown", "no plugin's"], rows);
}

/** What no requirement shows, or only in part. */
export function specificationGaps(): string {
  const rows = [...cniSentences, ...cnmSentences]
    .filter(({ gap }) => gap !== undefined)
    .map(({ section, keyword, says, ids, gap = "" }) => [section, keyword, says, ids.join(", "), gap]);
  return markdownTable(["section", "level", "what it says", "shown by", "what is missing"], rows);
}

/** Every sentence of the CNI specification, by the version that has it. */
export function cniSpecification(): string {
  return tablesOf(
    cniSentences,
    ["level", "what it says", "shown by", "asked of", "versions", "main"],
    (one) => [...[answerOf(one), askedOf(one), versionsOf(one), one.texts.includes("cni-main") ? "yes" : ""]],
  );
}

/** Every sentence of the protocols of CNM. */
export function cnmSpecification(): string {
  return tablesOf(cnmSentences, ["level", "what it says", "shown by", "asked of"], (one) => [
    ...[answerOf(one), subsystemsOf(one)],
  ]);
}

/** A table for each section, the sentences in their own order. */
function tablesOf(
  sentences: readonly PinnedSentence[],
  head: readonly string[],
  more: (one: PinnedSentence) => string[],
): string {
  const number = (heading: string) => Number(/^Section (\d)/.exec(heading)?.[1] ?? 0);
  const isNumbered = sentences.some((one) => number(headingOf(one)) > 0);
  const sections = [...new Set(sentences.map(headingOf))];
  // Sections without a number are the preamble, or come from before there were numbers.
  const place = (heading: string) => (heading.endsWith("before 1.0.0") ? 9 : number(heading));
  if (isNumbered) sections.sort((one, other) => place(one) - place(other));
  return sections
    .map((heading) => {
      const rows = sentences
        .filter((one) => headingOf(one) === heading)
        .map((one) => [one.keyword, one.says, ...more(one)]);
      return `#### ${heading}\n\n${markdownTable(head, rows)}`;
    })
    .join("\n\n");
}

/** Sections before 1.0.0 had no numbers. */
function headingOf({ section, texts: [first = "cni-main"], texts: within }: PinnedSentence): string {
  const { title } = texts[within.at(-1) ?? first];
  if (!first.startsWith("cni-")) return `${title}, ${section}`;
  return /^\d/.test(section) ? `Section ${section}` : `${section}${isOld(within) ? ", before 1.0.0" : ""}`;
}

/** Whether the text was rewritten since: at 1.0.0. */
function isOld(within: PinnedSentence["texts"]): boolean {
  return within.every((name) => cniTexts("0.3.1", "0.4.0").includes(name));
}

function answerOf({ ids, reason, rules, gap }: PinnedSentence): string {
  if (rules !== undefined) return rules.join(", ");
  if (reason !== undefined) return reason;
  return [ids.join(", "), ...(gap === undefined ? [] : [`_not: ${gap}_`])].filter(Boolean).join("; ");
}

/** The kinds of plugins that the requirements are for. */
function askedOf({ ids, reason }: PinnedSentence): string {
  if (reason !== undefined) return reason === "administrator" || reason === "runtime" ? reason : "";
  const kinds = kindsOf(ids);
  return kinds.length === pluginKinds.length || ids.length === 0 ? "all plugins" : kinds.join(", ");
}

function kindsOf(ids: readonly RequirementId[]): PluginKind[] {
  return pluginKinds.filter((kind) =>
    ids.some((id) => requirementOf(id).appliesTo.pluginKinds?.includes(kind) ?? true),
  );
}

function subsystemsOf({ ids }: PinnedSentence): string {
  return [...new Set(ids.map((id) => requirementOf(id).appliesTo.subsystem ?? "any"))]
    .map((one) => (one === "any" ? "every plugin" : one))
    .join(", ");
}

/** The released versions that have it; empty: none yet. */
function versionsOf({ texts: within }: PinnedSentence): string {
  const [first = "", ...others] = specVersions.filter((version) => within.includes(`cni-${version}`));
  return others.length === 0 ? first : `${first} to ${others.at(-1)}`;
}

/** Why a sentence has no requirement. */
export function specificationReasons(): string {
  return markdownTable(["reason", "meaning"], Object.entries(reasons));
}
