import { readFileSync } from "node:fs";
import { join } from "node:path";
import { XmlDocument, XsdValidator } from "libxml2-wasm";
import { expect, test } from "vitest";
import {
  exampleObservation,
  exampleRecord,
  exampleTarget,
} from "#harness/testing/support/examples/statement.ts";
import { formatJUnit } from "./junit.ts";
import { buildStatement } from "./statement.ts";

const record = exampleRecord({
  targets: [],
  errors: [{ where: 'a "quoted" <place>', message: "\u001b[31mred\u001b[0m\u0000 & ]]> <b>\nsecond line" }],
});

const known = exampleTarget("mine@26.1", {
  origin: { commit: { id: "d00d", dirty: true } },
  installation: {
    nodes: [
      { name: "node1", engine: "26.1.5", kernel: "6.12.9" },
      { name: "node2", engine: "26.1.5", kernel: "6.12.9" },
    ],
    binaries: [{ path: '/opt/"mine" & co', sha256: "ab".repeat(32) }],
  },
});

/** Throws where the text is no XML, or not JUnit in its common form. */
function validate(junit: string): void {
  using schema = XmlDocument.fromBuffer(readFileSync(join(import.meta.dirname, "../fixtures/junit.xsd")));
  using validator = XsdValidator.fromDoc(schema);
  using document = XmlDocument.fromString(junit);
  validator.validate(document);
}

/** The properties of the first suite, by name. */
function propertiesIn(junit: string): Record<string, string> {
  using document = XmlDocument.fromString(junit);
  const found = document.find("/testsuites/testsuite[1]/properties/property");
  return Object.fromEntries(
    found.map((node) => [node.eval("string(@name)"), node.eval("string(@value)")] as [string, string]),
  );
}

test("JUnit stays well-formed whatever a command printed", () => {
  const junit = formatJUnit(buildStatement(record));
  expect(junit).toContain('name="a &quot;quoted&quot; &lt;place&gt;"');
  expect(junit).toContain("&amp; ]]&gt; &lt;b&gt;\nsecond line</error>");
  for (const control of ["\u001b", "\u0000"]) expect(junit).not.toContain(control);
  validate(junit);
});

test("a suite names commit, kernel, engine and plugin, and has the common form with every outcome", () => {
  const junit = formatJUnit(
    buildStatement({
      ...record,
      targets: [known],
      seed: 1234,
      incompleteBecause: ["it was interrupted"],
      observations: [
        exampleObservation("B1", { outcome: "passed", durationMs: 3, notes: ["a note"] }),
        exampleObservation("B2", { outcome: "failed", durationMs: 1500, reason: "no\u0007" }),
        exampleObservation("B3", { outcome: "error", durationMs: 0, reason: "broken" }),
        exampleObservation("B4", { outcome: "blocked", durationMs: 0, reason: "no kernel" }),
        exampleObservation("B5", { outcome: "unsupported", durationMs: 0, reason: "not declared" }),
      ],
    }),
  );
  validate(junit);
  expect(propertiesIn(junit)).toEqual({
    netconform: "0.0.0",
    commit: "d00d dirty",
    kernel: "6.12.9",
    engine: "26.1.5",
    "plugin.path": '/opt/"mine" & co',
    "plugin.sha256": "ab".repeat(32),
    seed: "1234",
  });
  // A reader that knows no properties loses nothing else.
  const without = junit.replaceAll(/ *<properties>[\s\S]*?<\/properties>\n/g, "");
  validate(without);
  expect(without.match(/<testcase /g)).toEqual(junit.match(/<testcase /g));
});

test("what is not known of a plugin is left out, and the kernel is this machine's without a node", () => {
  const junit = formatJUnit(buildStatement({ ...record, targets: [exampleTarget()] }));
  validate(junit);
  expect(propertiesIn(junit)).toEqual({ netconform: "0.0.0", kernel: "6.1.0" });
});

test("a gate is a case of a suite of their own: a failure where it is longer, an error where nothing was measured", () => {
  const junit = formatJUnit(
    buildStatement({
      ...record,
      targets: [exampleTarget()],
      finishedAt: new Date(),
      gates: [
        { latency: "policy", percentile: 99, limitMs: 500 },
        { latency: "first-name", percentile: 50, limitMs: 20 },
      ],
      observations: [
        exampleObservation("D7", { outcome: "passed", durationMs: 3, facts: { "policy p99 ms": 812 } }),
      ],
    }),
  );
  validate(junit);
  expect(junit).toMatch(/<testsuite name="gates" [^>]*tests="2" failures="1" errors="1"/);
  expect(junit).toMatch(/name="policy-p99 is at most 500 ms"[^>]*>\s*<failure message="812 ms on /);
  expect(junit).toMatch(/name="first-name-p50 is at most 20 ms"[^>]*>\s*<error message="not measured on /);
});

test.each([
  ["an attribute that it does not know", '<testsuites tests="0" failures="0" errors="0" colour="red"/>'],
  [
    "a case without its class",
    '<testsuites tests="0" failures="0" errors="0"><testsuite name="s" tests="0" failures="0" errors="0"><testcase name="c"/></testsuite></testsuites>',
  ],
])("the check refuses %s", (_, text) => {
  expect(() => validate(text)).toThrow();
});
