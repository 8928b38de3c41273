import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { Stage, Status, type TestResult } from "allure-js-commons";
import { FileSystemWriter } from "allure-js-commons/sdk/reporter";
import type { StepResult } from "#harness/tools/tutorial/run/runner.ts";
import type { StepVerdict, TutorialRun } from "#harness/tools/tutorial/run/tutorial-run.ts";
import { reportFiles } from "#reports/files.ts";
import { differences } from "./console.ts";

const statuses: Record<StepVerdict, Status> = {
  same: Status.PASSED,
  "differs harmlessly": Status.PASSED,
  broken: Status.FAILED,
  "not runnable": Status.SKIPPED,
};

/** Writes every command as a result of its own; those of an earlier run of the same text on the same engine are replaced. */
export function writeAllure(run: TutorialRun, folder: string): void {
  const resultsDir = join(folder, reportFiles.allureResults);
  const name = basename(run.tutorial.file);
  const prefix = `tutorial-${hash(name, run.engine, run.plugin).slice(0, 8)}`;
  if (existsSync(resultsDir)) {
    for (const file of readdirSync(resultsDir)) if (file.startsWith(prefix)) rmSync(join(resultsDir, file));
  }
  mkdirSync(resultsDir, { recursive: true });
  const writer = new FileSystemWriter({ resultsDir });
  let start = run.startedAt;
  for (const result of run.results) {
    const stop = start + Math.round(result.ran?.durationMs ?? 0);
    const uuid = `${prefix}-${result.step.number}`;
    const source = `${uuid}-attachment.txt`;
    writer.writeAttachment(source, Buffer.from(record(result)));
    writer.writeResult(describe(run, name, result, { uuid, source, start, stop }));
    start = stop;
  }
}

function describe(
  { engine, plugin }: TutorialRun,
  name: string,
  { step, verdict, reason, findings, notes, ran }: StepResult,
  { uuid, source, start, stop }: { uuid: string; source: string; start: number; stop: number },
): TestResult {
  const title = `line ${step.line}: ${step.command.split("\n")[0]}`;
  const id = hash(name, step.chapter.title, step.command, String(step.line));
  const message = [...(reason === undefined ? [] : [reason]), ...findings.map(({ text }) => text)].join("\n");
  return {
    uuid,
    name: title,
    fullName: `${name} › ${step.chapter.title} › ${title}`,
    testCaseId: id,
    historyId: hash(id, engine, plugin),
    titlePath: [name, step.chapter.title],
    status: statuses[verdict],
    statusDetails: message ? { message } : {},
    stage: Stage.FINISHED,
    description: notes.map((note) => `- ${note}`).join("\n"),
    steps: [],
    attachments: ran
      ? [{ name: "what ran, and its output beside the text's", type: "text/plain", source }]
      : [],
    parameters: [
      { name: "engine", value: engine },
      { name: "plugin", value: plugin },
    ],
    labels: [
      { name: "parentSuite", value: `${name} on Docker ${engine}` },
      { name: "suite", value: step.chapter.title || name },
      { name: "verdict", value: verdict },
      { name: "tag", value: verdict },
    ],
    links: [],
    ...{ start, stop },
  };
}

function record({ step, ran }: StepResult): string {
  if (!ran) return step.command;
  return [
    `${ran.node}$ ${ran.command}`,
    "",
    "- the text, + here",
    ...differences(step.expected, ran.output),
    "",
  ].join("\n");
}

function hash(...parts: readonly string[]): string {
  return createHash("md5").update(JSON.stringify(parts)).digest("hex");
}
