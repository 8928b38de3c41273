import { stripVTControlCharacters } from "node:util";
import type { SerializedError, TestModule, TestRunEndReason } from "vitest/node";
import type { SuiteError } from "#reports/conformance/schema.ts";
import type { ExpectedTarget, Observation } from "#reports/conformance/statement.ts";
import { plural } from "#reports/conformance/words.ts";
import { targetOf } from "#reports/target.ts";
import { readTest } from "./observation.ts";

/** What tests have shown, and what went wrong beside them: in files, suites, and tests that are no requirement's. */
export function readModules(
  modules: Iterable<TestModule>,
  targets: readonly ExpectedTarget[],
): { observations: Observation[]; errors: SuiteError[] } {
  const observations: Observation[] = [];
  const errors: SuiteError[] = [];
  for (const testModule of modules) {
    const target = targets.find(({ name }) => name === testModule.project.name);
    const where = { ...(target ? { target: target.name } : {}) };
    for (const owner of [testModule, ...testModule.children.allSuites()]) {
      for (const error of owner.errors()) {
        const name = owner.type === "module" ? "" : ` › ${owner.fullName}`;
        errors.push({ ...where, where: `${testModule.relativeModuleId}${name}`, message: messageOf(error) });
      }
    }
    for (const testCase of testModule.children.allTests()) {
      if (target) {
        const reading = readTest(testCase, target);
        if ("fault" in reading) errors.push(reading.fault);
        else observations.push(reading.observation);
      } else if (testCase.result().state === "failed") {
        const message = (testCase.result().errors ?? []).map(messageOf).join("\n");
        errors.push({ where: `${testModule.relativeModuleId} › ${testCase.fullName}`, message });
      }
    }
  }
  return { observations, errors };
}

/** Why a run that ended did not come to all that was selected; empty where it did. `selected`: test files that judge a target. */
export function whyIncomplete(
  testModules: readonly TestModule[],
  unhandledErrors: readonly SerializedError[],
  reason: TestRunEndReason,
  selected: number,
  observations: readonly Observation[],
): string[] {
  const because: string[] = [];
  const judged = testModules.filter(({ project }) => targetOf(project) !== undefined);
  const broken = judged.filter((testModule) => testModule.errors().length > 0);
  const open = judged.filter((testModule) => ["pending", "queued"].includes(testModule.state()));
  const pending = judged.flatMap((testModule) => [...testModule.children.allTests("pending")]);
  const names = (modules: readonly TestModule[]) =>
    modules.map(({ project, relativeModuleId }) => `${project.name} ${relativeModuleId}`).join(", ");
  if (reason === "interrupted") because.push("it was interrupted before every selected test had run");
  if (unhandledErrors.length > 0) because.push(`${plural(unhandledErrors.length, "unhandled error")}`);
  if (broken.length > 0) because.push(`not every file ran: ${names(broken)}`);
  if (open.length > 0) because.push(`not every file ended: ${names(open)}`);
  if (pending.length > 0) because.push(`${plural(pending.length, "test")} did not end`);
  if (judged.length < selected) because.push(`${plural(selected - judged.length, "file")} never started`);
  if (observations.every(({ outcome }) => outcome === "not run")) {
    because.push(selected === 0 ? "nothing ran: no test file was selected" : "nothing ran");
  }
  return because;
}

/** Message, place and causes of an error, without the frames that only vitest cares for. */
export function messageOf(error: SerializedError): string {
  const text = error.message ?? error.stack ?? JSON.stringify(error);
  const named = error.name && error.name !== "Error" ? `${error.name}: ${text}` : text;
  const place = error.stack
    ?.split("\n")
    .find((line) => /^\s+at /.test(line) && !/node_modules|\(?node:/.test(line));
  const cause = error.cause ? `caused by ${messageOf(error.cause as SerializedError)}` : undefined;
  return stripVTControlCharacters([named, place?.trim(), cause].filter(Boolean).join("\n"));
}
