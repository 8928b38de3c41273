import { z } from "zod";
import { outcomes } from "#harness/conformance/outcome.ts";
import { type CauseKind, causeKinds } from "#harness/core/failure/cause.ts";
import {
  catalogueSchema,
  digestSchema,
  fileDigestsSchema,
  implementationSchema,
  sealSchema,
} from "#reports/seal/schema.ts";
import { chapterSchema, costSchema, shortCostSchema } from "./cost/schema.ts";
import { gateSchema } from "./gates/schema.ts";

/** Version of the published schema; the first number changes when a reader of the old form would misread the new one. */
export const schemaVersion = "1.6";

/** What can be said of one profile of requirements on one target. */
export const verdicts = [
  "conformant",
  "partial",
  "not conformant",
  "incomplete",
  "not applicable",
  "not run",
] as const;
export type ProfileVerdict = (typeof verdicts)[number];

const count = z.int().nonnegative();

export const tallySchema = z
  .strictObject({
    passed: count.describe("the rule holds"),
    failed: count.describe("the plugin broke the rule"),
    unsupported: count.describe("the driver does not declare the capability that the rule needs"),
    blocked: count.describe("the environment lacks what the rule needs"),
    error: count.describe("the harness or the environment broke; the plugin is not judged"),
    engineAtFault: count
      .optional()
      .describe("the recording proves that an engine never made a call that it owed; absent before 1.2"),
    notRun: count.describe("no test of the rule was run to its end"),
  })
  .meta({ id: "tally", description: "Number of requirements by outcome." });

const outcome = z.enum(outcomes).meta({
  id: "outcome",
  description:
    "Of a requirement that several tests cite the first of these counts: failed, error, engine at fault, blocked, not run, passed, unsupported. A test that saw nothing counts only where no other does. Only `passed` says that the rule holds.",
});

const test = z.strictObject({
  name: z.string().describe("title of the test"),
  file: z.string().describe("test file, relative to the project"),
  line: z.int().positive().optional().describe("line of the test in it"),
  outcome,
  reason: z.string().optional().describe("why it is not `passed`"),
  cause: z.string().optional().describe("id of what made it fail, in `causes` of the target"),
  sawNothing: z
    .literal(true)
    .optional()
    .describe("nothing happened of what the rule is about, so the outcome is `not run`"),
  durationMs: z.number().nonnegative(),
  round: count.optional().describe("of a repeated run, from 1"),
});

/** Outcomes of which a cause is told. */
export const causedOutcomes = ["failed", "error", "engine at fault"] as const;
export type CausedOutcome = (typeof causedOutcomes)[number];

const causeKindNames = Object.keys(causeKinds) as [CauseKind, ...CauseKind[]];

const cause = z
  .strictObject({
    id: z.string().describe("the same for the same cause, also in other runs"),
    kind: z.enum(causeKindNames).describe(
      Object.entries(causeKinds)
        .map(([kind, says]) => `\`${kind}\`: ${says}.`)
        .join(" "),
    ),
    what: z.string().describe("what happened, in one line"),
    place: z.string().optional().describe("where in the user's files, `file:line` or a file alone, absolute"),
    outcome: z.enum(causedOutcomes).describe("of the requirements that it took"),
    reason: z.string().describe("all that is told of it"),
    requirements: z.array(z.string()).min(1).describe("ids of the requirements that it took"),
    evidence: z.array(z.string()).describe("files, relative to this statement"),
    reproduce: z.string().optional().describe("one line that shows it by hand"),
  })
  .meta({ id: "cause", description: "What made one or more requirements of a target fail." });

const result = z
  .strictObject({
    requirement: z.string().describe("id in the catalogue, e.g. `M4`"),
    title: z.string().describe("the rule as an obligation"),
    level: z.enum(["MUST", "SHOULD", "MAY"]),
    provisional: z
      .literal(true)
      .optional()
      .describe(
        "the outcome is told, and no verdict: it is in no count and no verdict of a profile, and no run is red for it. Absent before 1.5",
      ),
    source: z
      .strictObject({ text: z.string(), url: z.url().optional() })
      .describe(
        "where the rule comes from: tutorial chapter, section of a specification, or a page of the project's own, which has no URL",
      ),
    profile: z.string().describe("the group of rules that gets a verdict"),
    chapter: z.string().optional().describe("folder of the suite that showed it; absent when nothing ran"),
    outcome,
    reason: z.string().optional().describe("reason of the worst test; those of the others stand in `tests`"),
    causes: z
      .array(z.string())
      .optional()
      .describe("ids of what made its tests fail, in `causes` of the target, that of the worst test first"),
    notes: z.array(z.string()).optional().describe("worth knowing although the outcome stands"),
    facts: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .optional()
      .describe("measured on the way, e.g. `mtu`"),
    rounds: z.array(outcome).optional().describe("of a repeated run: the outcome in each round"),
    durationMs: z.number().nonnegative().describe("time of all tests that cite the requirement, added up"),
    cost: shortCostSchema
      .optional()
      .describe(
        "of all tests that cite the requirement; measured where none of them ran beside others. Absent where nothing was tried, and before 1.4",
      ),
    evidence: z.array(z.string()).describe("files, relative to this statement"),
    transcript: z
      .string()
      .optional()
      .describe("JSON lines of the commands that ran, relative to this statement"),
    reproduce: z.string().optional().describe("one line that shows the failure by hand"),
    files: fileDigestsSchema
      .optional()
      .describe("sha256 of the files that `evidence` and `transcript` name, when the run ended"),
    digest: digestSchema
      .optional()
      .describe("sha256 of the canonical JSON of all else in this result; absent while the run lasts"),
    tests: z.array(test).describe("every test that cites the requirement on this target"),
  })
  .meta({ id: "result", description: "One requirement on one target." });

const profile = z
  .strictObject({
    profile: z.string(),
    verdict: z
      .enum(verdicts)
      .describe(
        "`conformant`: every MUST passed. `partial`: every MUST that the driver declares passed, and the ones in `unsupported` need a capability that it does not declare. `not conformant`: a MUST failed. `incomplete`: no MUST failed, but one is blocked, broke, was kept from being shown by an engine, was not run, all are provisional, or the run itself was cut short. `not applicable`: the driver declares none of what the MUSTs need. `not run`: nothing of the profile was run. Only `conformant` may be read as conformance with the whole profile.",
      ),
    because: z.string().optional().describe("the requirements that keep the verdict from `conformant`"),
    unsupported: z.array(z.string()).describe("ids of MUSTs that need an undeclared capability"),
    must: tallySchema,
    should: tallySchema,
    may: tallySchema,
  })
  .meta({ id: "profile", description: "Verdict on one group of requirements." });

export const targetSchema = z
  .strictObject({
    name: z.string().describe("name of the target, e.g. `overlay@26.1`"),
    driver: z.string(),
    reference: z.string().optional().describe("what DRIVER or PLUGIN named it by"),
    title: z.string().describe("the driver in words"),
    engine: z
      .string()
      .describe(
        "version of the Docker Engine on the nodes, as it answers; several joined by `+`, flags in brackets",
      ),
    declared: z.array(z.string()).describe("capabilities that the driver declares"),
    versions: z.record(z.string(), z.string()).describe("what was found installed on the nodes"),
    commit: z
      .strictObject({
        id: z.string(),
        dirty: z.boolean().describe("whether files that the repository tracks differ from it"),
      })
      .optional()
      .describe(
        "of the repository that holds the driver or plugin; of one known by name, of the run's folder",
      ),
    nodes: z
      .array(
        z.strictObject({
          name: z.string(),
          engine: z.string().describe("version of the Docker Engine that answered"),
          kernel: z.string(),
        }),
      )
      .optional(),
    binaries: z
      .array(z.strictObject({ path: z.string(), sha256: z.string() }))
      .optional()
      .describe("the plugin's executables, as far as they are known"),
    profiles: z.array(profile),
    causes: z.array(cause).optional().describe("what made requirements fail, each once"),
    chapters: z
      .array(chapterSchema)
      .optional()
      .describe("what each test file cost, in the order in which they ended; absent before 1.4"),
    cost: costSchema
      .optional()
      .describe("of all chapters; memory of the one that needed most. Absent where none ran, and before 1.4"),
    results: z.array(result),
  })
  .meta({ id: "target", description: "One driver on one engine version." });

export const environmentSchema = z.strictObject({
  host: z.strictObject({ platform: z.string(), kernel: z.string(), arch: z.string(), cpus: count }),
  node: z.string().describe("version of Node.js"),
  packages: z.record(z.string(), z.string()).describe("npm packages the suite runs on"),
  settings: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
    .describe("the settings that decided what was run, as the run understood them"),
});

export const errorsSchema = z
  .array(
    z.strictObject({
      target: z.string().optional(),
      where: z.string().describe("test, file or phase"),
      message: z.string(),
    }),
  )
  .describe("faults of the suite that belong to no requirement; with any of these a run is not green");

/** The conformance statement; the published JSON Schema is made from this. */
export const statementSchema = z
  .strictObject({
    schemaVersion: z
      .enum(["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", schemaVersion])
      .describe(
        "1.1 has causes, and tests that saw nothing; 1.2 has the outcome `engine at fault`; 1.3 has digests, whose plugin it is, and the command; 1.4 has what chapters and requirements cost; 1.5 has provisional requirements, and the load; 1.6 has gates",
      ),
    generator: z.strictObject({
      name: z.string(),
      version: z.string(),
      sha256: digestSchema.optional().describe("of what judges: suites, harness, drivers and reports"),
    }),
    catalogue: catalogueSchema.optional(),
    implementation: implementationSchema.optional(),
    run: z.strictObject({
      id: z.uuid(),
      startedAt: z.iso.datetime(),
      finishedAt: z.iso.datetime().optional().describe("absent while the run lasts, and when it was killed"),
      durationMs: z.number().nonnegative(),
      command: z.array(z.string()).optional().describe("the command as it was typed, word by word"),
      rounds: count.optional().describe("how often everything was to run; absent: once"),
      load: z
        .number()
        .nonnegative()
        .optional()
        .describe("highest load average of a minute on the machine that leads the run; absent before 1.5"),
      seed: count.optional().describe("of the order of chapters and tests; absent: as they are written"),
      complete: z
        .boolean()
        .describe(
          "whether everything that was selected ran to its end. False from the first moment on, so a killed run leaves a statement that says so",
        ),
      incompleteBecause: z.string().optional().describe("present when `complete` is false"),
      cost: costSchema
        .optional()
        .describe(
          "of the main process and of each target, by name; there is no memory of all of them, since clusters come and go. Absent before 1.4",
        ),
    }),
    environment: environmentSchema,
    targets: z.array(targetSchema),
    errors: errorsSchema,
    gates: z
      .array(gateSchema)
      .optional()
      .describe("limits of latencies that `--gate` gave, on each target; absent where it gave none"),
    summary: tallySchema.describe("requirements of all targets by outcome"),
    seal: sealSchema.optional().describe("absent while the run lasts, and when it was killed"),
  })
  .meta({
    title: "Conformance statement of a container network plugin",
    description: "What was shown, requirement by requirement, of each driver on each engine version.",
  });

export type Statement = z.infer<typeof statementSchema>;
export type TargetStatement = z.infer<typeof targetSchema>;
export type RequirementResult = z.infer<typeof result>;
export type CauseStatement = z.infer<typeof cause>;
export type ProfileResult = z.infer<typeof profile>;
export type Tally = z.infer<typeof tallySchema>;
export type SuiteError = Statement["errors"][number];

/** The JSON Schema (draft 2020-12) of the statement, as published in `conformance.schema.json`. */
export function publishedSchema(): Record<string, unknown> {
  return z.toJSONSchema(statementSchema, { target: "draft-2020-12" });
}

// `node reports/conformance/schema.ts > reports/conformance.schema.json` publishes a change.
if (import.meta.main) console.log(JSON.stringify(publishedSchema(), null, 2));
