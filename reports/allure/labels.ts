import { existsSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import * as allure from "allure-js-commons";
import type { Category, RuntimeMessage } from "allure-js-commons/sdk";
import type { LifecycleListener, ReporterConfig } from "allure-js-commons/sdk/reporter";
import type { ConformanceMeta, Outcome } from "#harness/conformance/outcome.ts";
import { pageOf } from "#reports/trace/link.ts";
import type { Level, Requirement } from "#suites/requirements/requirement.ts";

const severities: Record<Level, allure.Severity> = {
  MUST: allure.Severity.CRITICAL,
  SHOULD: allure.Severity.NORMAL,
  MAY: allure.Severity.MINOR,
};

const statuses: Record<Outcome, allure.Status> = {
  passed: allure.Status.PASSED,
  failed: allure.Status.FAILED,
  error: allure.Status.BROKEN,
  "engine at fault": allure.Status.SKIPPED,
  blocked: allure.Status.SKIPPED,
  unsupported: allure.Status.SKIPPED,
  "not run": allure.Status.SKIPPED,
};

const contentTypes: Record<string, string> = {
  ".html": "text/html",
  ".json": "application/json",
  ".jsonl": "text/plain",
  ".log": "text/plain",
  ".txt": "text/plain",
  ".xml": "application/xml",
  ".pcap": "application/vnd.tcpdump.pcap",
};

/** Groups of results that did not pass, by the label `outcome`. Used by the results folder and by the report. */
export const allureCategories: { name: string; outcome: Outcome; status: allure.Status }[] = [
  { name: "Nonconformance: the plugin broke a rule", outcome: "failed", status: statuses.failed },
  { name: "Harness error: the plugin is not judged", outcome: "error", status: statuses.error },
  {
    name: "Engine at fault: the plugin is not charged",
    outcome: "engine at fault",
    status: statuses["engine at fault"],
  },
  { name: "Blocked: the environment lacks something", outcome: "blocked", status: statuses.blocked },
  {
    name: "Unsupported: the driver does not declare it",
    outcome: "unsupported",
    status: statuses.unsupported,
  },
];

/** The label that carries a reason from the test to the report; taken off before the result is written. */
const reasonLabel = "reason";

/** Labels by which Allure groups and filters a test: suites by target and chapter, requirement, level, profile, outcome. */
export function labelsOf(meta: ConformanceMeta, requirement: Requirement): allure.Label[] {
  return [
    { name: "parentSuite", value: `${meta.driver}@${meta.engine}` },
    { name: "suite", value: meta.chapter },
    { name: "requirement", value: meta.requirement },
    { name: "level", value: requirement.level },
    { name: "profile", value: requirement.profile },
    { name: "outcome", value: meta.outcome },
    { name: "severity", value: severities[requirement.level] },
    ...[meta.requirement, requirement.level, requirement.profile].map((value) => ({ name: "tag", value })),
    ...(meta.reason === undefined ? [] : [{ name: reasonLabel, value: meta.reason }]),
  ];
}

/** What tells a test on this target from the same test on another; without it, Allure takes one for a retry. */
function parametersOf(meta: ConformanceMeta): allure.Parameter[] {
  return [
    { name: "driver", value: meta.driver },
    { name: "engine", value: meta.engine },
  ];
}

/**
 * What Allure is told of a test, made of nothing but what the test left on its task: labels, source, reason, and the
 * evidence and transcript that `meta` names. `folder` is what the paths in `meta` are relative to.
 */
export function messagesOf(
  meta: ConformanceMeta,
  requirement: Requirement,
  folder: string,
): RuntimeMessage[] {
  const facts = Object.entries(meta.facts ?? {}).map(([name, value]) => ({
    ...{ name, value: String(value), excluded: true },
  }));
  const files = [
    ...(meta.trace === undefined ? [] : [pageOf(meta.trace)]),
    ...(meta.evidence ?? []),
    ...(meta.transcript === undefined ? [] : [meta.transcript]),
  ];
  return [
    {
      type: "metadata",
      data: {
        labels: labelsOf(meta, requirement),
        parameters: [...parametersOf(meta), ...facts],
        links: linksOf(requirement),
        description: describe(meta, requirement),
      },
    },
    ...files
      .map((file) => ({ file, path: resolve(folder, file) }))
      .filter(({ path }) => existsSync(path))
      .map(({ file, path }): RuntimeMessage => {
        return {
          type: "attachment_path",
          data: {
            name: basename(file),
            path,
            contentType: contentTypes[extname(file)] ?? "application/octet-stream",
            fileExtension: extname(file) || ".txt",
            wrapInStep: true,
          },
        };
      }),
  ];
}

function linksOf({ source: { text, url } }: Requirement) {
  return url === undefined ? [] : [{ url, name: text, type: "source" }];
}

function describe(meta: ConformanceMeta, requirement: Requirement): string {
  return [
    `**${meta.requirement}** (${requirement.level}): ${requirement.title}`,
    ...(requirement.source.url === undefined ? [`Source: ${requirement.source.text}`] : []),
    ...(meta.notes ?? []).map((note) => `- ${note}`),
    ...(meta.reproduce === undefined ? [] : ["By hand:", code(meta.reproduce)]),
  ].join("\n\n");
}

const code = (text: string) => text.replaceAll(/^/gm, "    ");

/** vitest's adapter makes suites of `describe` blocks before the test names its own; those come last and win. */
const isSuite = (name: string) => name === "parentSuite" || name === "suite";

/** Gives results the status that their outcome means, and skipped ones their reason; vitest's adapter knows neither. */
const outcomeListener: LifecycleListener = {
  beforeTestResultWrite(result) {
    const labelled = (name: string) => result.labels.find((label) => label.name === name)?.value;
    const outcome = labelled("outcome");
    const reason = labelled(reasonLabel);
    result.labels = result.labels.filter(
      ({ name }, index, all) =>
        name !== reasonLabel && !(isSuite(name) && all.slice(index + 1).some((later) => later.name === name)),
    );
    if (outcome === undefined || !Object.hasOwn(statuses, outcome)) return;
    const failedAfterwards = outcome === "passed" && result.status !== allure.Status.PASSED;
    if (failedAfterwards) {
      result.status = allure.Status.BROKEN;
      return;
    }
    result.status = statuses[outcome as Outcome];
    if (reason !== undefined) {
      result.statusDetails = {
        ...result.statusDetails,
        message: result.status === allure.Status.SKIPPED ? `${outcome}: ${reason}` : reason,
      };
    }
  },
};

/** Options of allure-vitest's reporter. `environment` becomes the report's environment table. */
export function allureOptions(resultsDir: string, environment: Record<string, string>): ReporterConfig {
  return {
    resultsDir,
    environmentInfo: environment,
    listeners: [outcomeListener],
    categories: allureCategories.map(
      ({ name, outcome, status }): Category => ({
        name,
        matchedStatuses: [status],
        ...(status === allure.Status.SKIPPED ? { messageRegex: `^${outcome}: [\\s\\S]*` } : {}),
      }),
    ),
  };
}
