import { join } from "node:path";
import { projectRoot } from "#harness/core/project-root.ts";
import { causesOf, titleOfFailed } from "#reports/conformance/outcome/causes.ts";
import { repeatLine, type ToldSettings } from "#reports/conformance/repeat.ts";
import type { CauseStatement, SuiteError, TargetStatement } from "#reports/conformance/schema.ts";
import { plural } from "#reports/conformance/words.ts";
import { partEvidence } from "#reports/trace/link.ts";
import { type Place, placeIn } from "./annotation.ts";

/** What GitHub is told of: targets with the settings that they ran with, and faults that belong to no requirement. */
export interface Told {
  readonly targets: readonly {
    readonly target: TargetStatement;
    readonly settings: ToldSettings;
    /** Of its evidence, relative to the reports folder; absent: that folder itself. */
    readonly folder?: string;
  }[];
  readonly errors: readonly SuiteError[];
}

/** A cause as GitHub is told of it: once, also where several targets share it. */
export interface ToldCause {
  readonly outcome: CauseStatement["outcome"];
  /** `M4 on overlay@26.1`, or what the cause took. */
  readonly title: string;
  readonly reason: string;
  /** The failure on one page, relative to the folder of the reports. */
  readonly page?: string;
  /** The line that runs it again; absent for what belongs to no requirement. */
  readonly repeat?: string;
  readonly place?: Place;
}

/** Every cause of a run, that of failures before that of errors, the faults of the suite, and at last what engines are at fault for. `workspace` is the caller's checkout. */
export function toldCauses(told: Told, workspace: string): ToldCause[] {
  const found = new Map<string, { cause: CauseStatement; on: Told["targets"] }>();
  for (const one of told.targets) {
    for (const cause of causesOf(one.target)) {
      const known = found.get(cause.id);
      found.set(cause.id, known ? { ...known, on: [...known.on, one] } : { cause, on: [one] });
    }
  }
  const causes = [...found.values()].map(({ cause, on }) => describe(cause, on, workspace));
  const failed = causes.filter(({ outcome }) => outcome === "failed");
  const broken = causes.filter(({ outcome }) => outcome === "error");
  const engines = causes.filter(({ outcome }) => outcome === "engine at fault");
  return [...failed, ...broken, ...told.errors.map(describeFault), ...engines];
}

function describe(cause: CauseStatement, [first, ...others]: Told["targets"], workspace: string): ToldCause {
  if (!first) throw new TypeError("a cause has a target");
  const { target, settings, folder = "" } = first;
  const { requirements, kind, outcome, reason } = cause;
  const on = `on ${target.name}${others.length > 0 ? ` and ${plural(others.length, "other target")}` : ""}`;
  const [id = ""] = requirements;
  const result = target.results.find(({ requirement }) => requirement === id);
  const rule = result && titleOfFailed(result, cause);
  const one = requirements.length === 1 && kind === "same words";
  const title = one
    ? `${id} ${on}: ${rule}`
    : `${kind === "same words" ? "one cause" : kind} ${on} took ${list(requirements)}`;
  const place = placeOf(target, cause, workspace);
  const { page } = partEvidence(cause.evidence);
  return {
    ...{ outcome, title, reason },
    repeat: repeatLine(settings, target, requirements),
    ...(page === undefined ? {} : { page: join(folder, page) }),
    ...(place ? { place } : {}),
  };
}

function list(ids: readonly string[]): string {
  return ids.length > 8 ? `${ids.slice(0, 8).join(" ")} and ${ids.length - 8} more` : ids.join(" ");
}

function describeFault({ target, where, message }: SuiteError): ToldCause {
  return { outcome: "error", title: target === undefined ? where : `${where} on ${target}`, reason: message };
}

/** Where the cause is in the user's own files, else the test that it made fail; `undefined` where neither is in the checkout. */
function placeOf(target: TargetStatement, cause: CauseStatement, workspace: string): Place | undefined {
  const [, path = cause.place, line] = /^(.*):(\d+)$/.exec(cause.place ?? "") ?? [];
  const own = path === undefined ? undefined : placeIn(workspace, path, line ? Number(line) : undefined);
  if (own) return own;
  const test = target.results
    .filter(({ requirement }) => cause.requirements.includes(requirement))
    .flatMap(({ tests }) => tests)
    .find(({ cause: id, outcome }) => (id === undefined ? outcome === cause.outcome : id === cause.id));
  return test && placeIn(workspace, join(projectRoot, test.file), test.line);
}
