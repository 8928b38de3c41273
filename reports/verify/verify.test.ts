import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  everyTest,
  reportRecord,
  reportTest,
  sealedReport,
} from "#harness/testing/support/examples/report.ts";
import { exampleTarget } from "#harness/testing/support/examples/statement.ts";
import type { RequirementResult, Statement } from "#reports/conformance/schema.ts";
import type { RunRecord } from "#reports/conformance/statement.ts";
import { sealStatement } from "#reports/seal/seal.ts";
import { describeCatalogue } from "#reports/seal/suite.ts";
import { catalogue, requirementOf } from "#suites/requirements/catalogue.ts";
import { verifyStatement } from "./verify.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-verify-"));
afterAll(() => rmSync(folder, { recursive: true }));

const kept = { evidence: ["evidence/m4.txt"], transcript: "transcripts/m4.jsonl" };
const mixed = [
  ...["S1", "S3", "M1", "M3"].map((id) => reportTest(id as "S1", "passed")),
  reportTest("M4", "failed", { ...kept, reason: "c-1 to c-2: expected an answer, got none" }),
  reportTest("M5", "passed", { ...kept, evidence: ["evidence/m5.txt"] }),
  reportTest("M6", "unsupported", { reason: "mine does not declare vxlan" }),
];
const mine = exampleTarget("mine@26.1", { declared: ["multihost", "names"] });
const everything = Object.keys(describeEverything());

/** Every capability that some requirement needs. */
function describeEverything(): Record<string, true> {
  const needed = Object.values(catalogue).flatMap(({ appliesTo }) =>
    "capabilities" in appliesTo ? appliesTo.capabilities : [],
  );
  return Object.fromEntries(needed.map((name) => [name, true]));
}

/** A test that passed of each requirement that is for such a driver: no driver can pass those of CNI and those of engines alone. */
function everyTestFor(isFor: (one: { needs: readonly string[]; notOverCni: boolean }) => boolean) {
  return everyTest("passed").filter(({ requirement }) => {
    const { capabilities: needs = [], notOverCni } = requirementOf(requirement).appliesTo;
    return isFor({ needs, notOverCni: notOverCni !== undefined });
  });
}

const honest: Readonly<Record<string, RunRecord>> = {
  "in which a requirement failed": reportRecord(mixed),
  "in which everything passed": reportRecord(
    everyTestFor((one) => !one.needs.includes("cni")),
    {
      targets: [{ ...mine, declared: everything.filter((name) => name !== "cni") }],
    },
  ),
  "in which everything passed over CNI": reportRecord(
    everyTestFor((one) => !one.notOverCni),
    {
      targets: [{ ...mine, declared: everything }],
    },
  ),
  "in which nothing could be tried": reportRecord(everyTest("blocked")),
  "in which the harness broke": reportRecord([reportTest("M4", "error"), reportTest("M1", "passed")]),
  "of an engine at fault": reportRecord([reportTest("R4", "engine at fault"), reportTest("M1", "passed")]),
  "of one requirement": reportRecord([reportTest("M4", "passed")]),
  "of several rounds, in a shuffled order": reportRecord(
    [1, 2].map((round) => reportTest("M4", round === 2 ? "failed" : "passed", { round })),
    { rounds: 2, seed: 7 },
  ),
  "of two targets": reportRecord([...mixed, reportTest("M1", "passed", { target: "other@28.5" })], {
    targets: [mine, exampleTarget("other@28.5", { declared: ["multihost"] })],
  }),
  "of a CNM plugin": reportRecord(
    [reportTest("CNM-1", "passed", { target: "cnm-29.7", engine: "cnm-29.7", driver: "mine" })],
    { targets: [exampleTarget("cnm-29.7", { engine: "cnm-29.7", driver: "mine" })] },
  ),
  "of a CNI plugin": reportRecord(
    [reportTest("CNI-1", "passed", { target: "mine@cni-1.1.0", engine: "cni-1.1.0" })],
    { targets: [exampleTarget("mine@cni-1.1.0")] },
  ),
  "in which a test saw nothing, and two share a cause": reportRecord([
    reportTest("R1", "not run", { sawNothing: true }),
    ...(["M4", "M5"] as const).map((id) =>
      reportTest(id, "failed", { cause: { kind: "engine died", what: "the engine of node1 ended" } }),
    ),
  ]),
};

describe("an honest statement", () => {
  test.each(Object.keys(honest))("%s holds, in less than a second", (name) => {
    const text = JSON.stringify(sealedReport(honest[name] as RunRecord, folder));
    const begin = process.cpuUsage();
    expect(verifyStatement(text, { folder }).findings).toEqual([]);
    const { user, system } = process.cpuUsage(begin);
    expect((user + system) / 1000, "ms of the processor").toBeLessThan(1000);
  });

  test("holds without its files, which are told as absent", () => {
    const text = JSON.stringify(sealedReport(reportRecord(mixed), folder));
    const { findings, notes } = verifyStatement(text, { folder: join(folder, "elsewhere") });
    expect(findings).toEqual([]);
    expect(notes).toContain("4 files that results name are not here, 0 are as they were");
  });

  test("of another catalogue holds where that is known, and is rejected where it is not", () => {
    const { M4: _, ...older } = catalogue;
    const record = reportRecord([reportTest("M1", "passed")], {
      catalogue: describeCatalogue("0.1.0", older),
    });
    const statement = sealedReport(record, folder);
    for (const target of statement.targets) {
      target.results = target.results.filter(({ requirement }) => requirement !== "M4");
    }
    const text = JSON.stringify(reckoned(statement));
    expect(fieldsOf(text)).toEqual(["catalogue.sha256"]);
    expect(verifyStatement(text, { folder, catalogues: [older] }).findings).toEqual([]);
  });
});

/** The statement as a forger leaves it who counts anew: tallies and verdicts cannot be told from honest ones. */
function reckoned(statement: Statement): Statement {
  const counted = { passed: 0, failed: 0, unsupported: 0, blocked: 0, error: 0, engineAtFault: 0, notRun: 0 };
  const zero = () => ({ ...counted });
  const keys = { "engine at fault": "engineAtFault", "not run": "notRun" } as const;
  const summary = zero();
  for (const target of statement.targets) {
    for (const profile of target.profiles) {
      Object.assign(profile, { must: zero(), should: zero(), may: zero() });
      const counting = target.results.filter((one) => one.profile === profile.profile && !one.provisional);
      for (const { outcome, level } of counting) {
        const key = outcome in keys ? keys[outcome as keyof typeof keys] : (outcome as "passed");
        profile[level.toLowerCase() as "must"][key] = (profile[level.toLowerCase() as "must"][key] ?? 0) + 1;
        summary[key] += 1;
      }
      if (profile.because) profile.because = profile.because.replace(/ M4\b/, "");
    }
  }
  return sealStatement({ ...statement, summary }, folder);
}

function fieldsOf(text: string): string[] {
  return verifyStatement(text, { folder }).findings.map(({ field }) => field);
}

const target = (statement: Statement) => statement.targets[0] as Statement["targets"][number];
const result = (statement: Statement, id: string) =>
  target(statement).results.find(({ requirement }) => requirement === id) as RequirementResult;
const at = "targets.mine@26.1";

/** What is done to a statement, and the field that must be named for it, also where all digests are made anew. */
const forgeries: readonly (readonly [string, (statement: Statement) => void, string])[] = [
  ["a failure is called passed", (s) => (result(s, "M4").outcome = "passed"), `${at}.results.M4.outcome`],
  ["a pass is called failed", (s) => (result(s, "M1").outcome = "failed"), `${at}.results.M1.outcome`],
  [
    "a verdict is better",
    (s) => (profileOf(s, "multihost").verdict = "conformant"),
    `${at}.profiles.multihost.verdict`,
  ],
  [
    "what keeps from conformance is hidden",
    (s) => delete profileOf(s, "multihost").because,
    `${at}.profiles.multihost.because`,
  ],
  [
    "a profile counts more passes",
    (s) => (profileOf(s, "multihost").must.passed += 1),
    `${at}.profiles.multihost.must.passed`,
  ],
  ["a profile is left out", (s) => target(s).profiles.pop(), `${at}.profiles`],
  ["the summary counts more passes", (s) => (s.summary.passed += 1), "summary.passed"],
  ["a failed requirement is left out", (s) => drop(s, "M4"), `${at}.results.M4`],
  ["one that did not run is left out", (s) => drop(s, "B1"), `${at}.results.B1`],
  ["all results are left out", (s) => (target(s).results = []), `${at}.results`],
  ["a requirement is listed twice", (s) => target(s).results.push(result(s, "M1")), `${at}.results.M1`],
  ["a requirement is made up", (s) => (result(s, "M1").requirement = "M99"), `${at}.results.M99`],
  ["a MUST becomes a SHOULD", (s) => (result(s, "M4").level = "SHOULD"), `${at}.results.M4.level`],
  ["a rule is worded anew", (s) => (result(s, "M4").title = "packets may arrive"), `${at}.results.M4.title`],
  ["a rule is in another profile", (s) => (result(s, "M4").profile = "setup"), `${at}.results.M4.profile`],
  ["a failed test is left out", (s) => (result(s, "M4").tests = []), `${at}.results.M4.outcome`],
  [
    "a test that took long is left out",
    (s) => (result(s, "M1").durationMs = 0),
    `${at}.results.M1.durationMs`,
  ],
  ["a test comes from elsewhere", (s) => (test1(s).file = "/tmp/mine.test.ts"), `${at}.results.M1.tests`],
  ["a reason is left out", (s) => delete result(s, "M4").reason, `${at}.results.M4.reason`],
  ["a cause is left out", (s) => (target(s).causes = []), `${at}.causes.${idOfCause()}`],
  [
    "a cause takes fewer",
    (s) => (causeOf(s).requirements = ["S1"]),
    `${at}.causes.${idOfCause()}.requirements`,
  ],
  [
    "a declared capability is called undeclared",
    (s) => unsupport(s, "M5", "names"),
    `${at}.results.M5.reason`,
  ],
  ["what is not declared is called passed", (s) => pass(s, "M6"), `${at}.results.M6.outcome`],
  ["a killed run is called complete", (s) => delete s.run.finishedAt, "run.finishedAt"],
  ["the run ends before it begins", (s) => (s.run.finishedAt = "2025-01-01T00:00:00Z"), "run.finishedAt"],
  ["the run took less time", (s) => (s.run.durationMs = 1), "run.durationMs"],
  ["a run that was cut short stays", (s) => (s.run.complete = false), "run.complete"],
  ["rounds are made up", (s) => (s.run.rounds = 3), `${at}.results.M4.rounds`],
  [
    "something was broken on purpose",
    (s) => (s.environment.settings.FAULT = "vxlan-dropped"),
    "environment.settings.FAULT",
  ],
  [
    "what the engine breaks was put right",
    (s) => (s.environment.settings.MEND = "cut-off-starts-kept"),
    "environment.settings.MEND",
  ],
  ["faults of the suite are told", (s) => s.errors.push({ where: "set-up", message: "broke" }), "errors"],
  ["the command is left out", (s) => delete s.run.command, "run.command"],
  ["the suite is not named", (s) => delete s.generator.sha256, "generator.sha256"],
  [
    "another catalogue is named",
    (s) => (s.catalogue = describeCatalogue("9", { M4: catalogue.M4 })),
    "catalogue.sha256",
  ],
  ["the catalogue is left out", (s) => delete s.catalogue, "catalogue"],
  [
    "the catalogue counts fewer",
    (s) => ((s.catalogue as { requirements: number }).requirements = 3),
    "catalogue.requirements",
  ],
  [
    "a file is named that the result has not",
    (s) => (result(s, "M4").files = { "x.txt": "0".repeat(64) }),
    `${at}.results.M4.files`,
  ],
  ["two targets have one name", (s) => s.targets.push(target(s)), at],
  ["no target is left", (s) => (s.targets = []), "targets"],
];

/** What only the digests show, so that they are left as they were. */
const alterations: readonly (readonly [string, (statement: Statement) => void, string])[] = [
  ["a plugin's digest", (s) => (binaryOf(s).sha256 = "c".repeat(64)), `seal.parts.${at}`],
  ["the version of an engine", (s) => (target(s).engine = "28.5"), `seal.parts.${at}`],
  ["the kernel of the host", (s) => (s.environment.host.kernel = "7.0"), "seal.parts.environment"],
  ["whose plugin it is", (s) => (whoOf(s).organisation = "Other"), "seal.parts.implementation"],
  ["the command", (s) => s.run.command?.push("-t", "M1"), "seal.parts.run"],
  ["the version of the suite", (s) => (s.generator.version = "9.9.9"), "seal.parts.generator"],
  ["the words of a failure", (s) => (result(s, "M4").reason = "a hiccup"), `${at}.results.M4.digest`],
  ["the name of a test", (s) => (test1(s).name = "M1 another"), `${at}.results.M1.digest`],
  ["what a result names as evidence", (s) => (result(s, "M4").evidence = []), `${at}.results.M4.digest`],
  ["the order of results", (s) => target(s).results.reverse(), "seal.whole"],
  ["the seal", (s) => delete s.seal, "seal"],
];

describe("a forged statement is rejected with the field, also where its digests are made anew:", () => {
  test.each(forgeries)("%s", (_, forge, field) => {
    const statement = sealedReport(reportRecord(mixed), folder);
    forge(statement);
    expect(fieldsOf(JSON.stringify(statement))).toContain(field);
    expect(fieldsOf(JSON.stringify(resealed(statement)))).toContain(field);
  });
});

describe("an altered statement is rejected with the field:", () => {
  test.each(alterations)("%s", (_, alter, field) => {
    const statement = sealedReport(reportRecord(mixed), folder);
    alter(statement);
    expect(fieldsOf(JSON.stringify(statement))).toContain(field);
  });

  test("a file of evidence", () => {
    const text = JSON.stringify(sealedReport(reportRecord(mixed), folder));
    writeFileSync(join(folder, "evidence/m4.txt"), "nothing to see\n");
    expect(fieldsOf(text)).toEqual([`${at}.results.M4.files.evidence/m4.txt`]);
  });
});

describe("what is no whole statement is rejected:", () => {
  const whole = JSON.stringify(sealedReport(reportRecord(mixed), folder), null, 2);

  test.each([
    ["nothing", "", "the file"],
    ["half of it", whole.slice(0, whole.length / 2), "the file"],
    ["all but its last brace", whole.trimEnd().slice(0, -1), "the file"],
    ["another JSON", "[]", "the file"],
    [
      "one of a newer version",
      whole.replace(/"schemaVersion": "[\d.]+"/, '"schemaVersion": "9.0"'),
      "schemaVersion",
    ],
    ["one with an unknown field", whole.replace("{", '{ "trust": true,'), "trust"],
    [
      "one with an outcome that there is none",
      whole.replace('"outcome": "passed"', '"outcome": "fine"'),
      "targets.0.results.0.outcome",
    ],
  ])("%s", (_, text, field) => {
    expect(fieldsOf(text)[0]).toBe(field);
  });

  test("at whatever place it was cut", () => {
    for (let share = 1; share < 40; share++) {
      expect(fieldsOf(whole.slice(0, Math.floor((whole.length * share) / 40)))).toEqual(["the file"]);
    }
  });
});

function resealed(statement: Statement): Statement {
  const { seal: _, ...unsealed } = statement;
  const files = new Map(
    statement.targets.flatMap(({ results }) => results.map((one) => [one.requirement, one.files] as const)),
  );
  const sealed = sealStatement(unsealed, folder);
  for (const one of sealed.targets.flatMap(({ results }) => results)) {
    const own = files.get(one.requirement);
    if (own) one.files = own;
  }
  return sealed;
}

function profileOf(statement: Statement, name: string): Statement["targets"][number]["profiles"][number] {
  const found = target(statement).profiles.find(({ profile }) => profile === name);
  if (!found) throw new Error(`no profile ${name}`);
  return found;
}

function causeOf(statement: Statement) {
  const [cause] = target(statement).causes ?? [];
  if (!cause) throw new Error("no cause");
  return cause;
}

function idOfCause(): string {
  return causeOf(sealedReport(reportRecord(mixed), folder)).id;
}

function binaryOf(statement: Statement) {
  const [binary] = target(statement).binaries ?? [];
  if (!binary) throw new Error("no binary");
  return binary;
}

function whoOf({ implementation }: Statement) {
  if (!implementation) throw new Error("nobody");
  return implementation;
}

function test1(statement: Statement) {
  const [first] = result(statement, "M1").tests;
  if (!first) throw new Error("no test");
  return first;
}

function drop(statement: Statement, id: string): void {
  target(statement).results = target(statement).results.filter(({ requirement }) => requirement !== id);
}

function unsupport(statement: Statement, id: string, capability: string): void {
  const one = result(statement, id);
  const reason = `mine does not declare ${capability}`;
  Object.assign(one, { outcome: "unsupported", reason });
  for (const each of one.tests) Object.assign(each, { outcome: "unsupported", reason });
}

function pass(statement: Statement, id: string): void {
  const one = result(statement, id);
  one.outcome = "passed";
  delete one.reason;
  for (const each of one.tests) {
    each.outcome = "passed";
    delete each.reason;
  }
}
