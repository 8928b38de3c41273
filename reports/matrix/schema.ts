import { z } from "zod";
import { outcomes } from "#harness/conformance/outcome.ts";
import { environmentSchema, errorsSchema, tallySchema, targetSchema } from "#reports/conformance/schema.ts";

/** Version of the published schema; the first number changes when a reader of the old form would misread the new one. */
export const matrixVersion = "1.1";

export const firewalls = ["nft", "legacy"] as const;
export type Firewall = (typeof firewalls)[number];

const milliseconds = z.number().nonnegative();

/** What a cell came to, apart from its requirements. */
const cellStates = ["complete", "incomplete", "broken", "blocked"] as const;

const cellSchema = z
  .strictObject({
    name: z
      .string()
      .describe(
        "e.g. `overlay@26.1`, with iptables-legacy `overlay@26.1+legacy`, with flags `overlay@26.1[icc=false]`",
      ),
    driver: z.string(),
    engine: z.string().describe("the version that answers; several joined by `+`, flags in brackets"),
    asked: z.string().optional().describe("the word of ENGINE that asked for it"),
    firewall: z.enum(firewalls).describe("the iptables that the engine on the nodes uses"),
    state: z
      .enum(cellStates)
      .describe(
        "`complete`: all that was selected ran to its end. `incomplete`: it left a statement that says what is missing. `broken`: it left none. `blocked`: the environment lacks what the cell needs. Only `complete` can be green.",
      ),
    because: z.string().optional().describe("why it is not `complete`"),
    durationMs: milliseconds.describe("wall time, the cluster's start and end included"),
    startedAfterMs: milliseconds.describe("how long after the run's start it began"),
    exitCode: z
      .int()
      .nullable()
      .describe("of the process that ran it; null: a signal ended it, or it was not begun"),
    folder: z
      .string()
      .describe(
        "reports and evidence of this cell, relative to this file; paths in `target` are relative to it",
      ),
    target: targetSchema.optional().describe("as in the cell's own statement; absent when it left none"),
    errors: errorsSchema,
  })
  .meta({ id: "cell", description: "One driver on one engine version with one firewall back end." });

const changeKinds = ["broke", "fixed", "outcome", "message", "fact"] as const;

const changeSchema = z
  .strictObject({
    kind: z
      .enum(changeKinds)
      .describe(
        "`broke`: it did not fail before and does now. `fixed`: the other way round. `outcome`: any other change of outcome. `message`: the same outcome for another reason. `fact`: a measured number or text changed.",
      ),
    cell: z.string(),
    requirement: z.string(),
    what: z.string().optional().describe("name of the fact"),
    before: z.string(),
    after: z.string(),
    against: z.string().describe("what it was compared with: the time of a run, or a cell of this run"),
    since: z.string().optional().describe("when it was first seen to fail without having passed since then"),
  })
  .meta({ id: "change" });

const driftSchema = z
  .strictObject({
    between: z.string().describe("`nights`, or two engine versions such as `20.10 28.5`"),
    compared: z
      .array(z.strictObject({ cell: z.string(), against: z.string() }))
      .describe("which cell was compared with what; what is not here had nothing to be compared with"),
    changes: z.array(changeSchema),
  })
  .meta({ id: "drift", description: "What differs from another run, or from another engine version." });

const speedSchema = z
  .strictObject({
    wallMs: milliseconds.describe("from the first cell's start to the last one's end"),
    clusters: z.int().positive().describe("how many clusters were up at a time"),
    engines: z.int().nonnegative(),
    longestRunMs: milliseconds.describe(
      "all cells of the engine version that took longest, one after the other",
    ),
    ratio: z.number().nonnegative().describe("wallMs / (longestRunMs × engines / clusters)"),
  })
  .meta({ id: "speed" });

const knownRedSchema = z
  .strictObject({
    cell: z.string(),
    requirement: z.string(),
    says: z.string().describe("what breaks, in plain words"),
    upstream: z.url().describe("the report that its authors have of it"),
    state: z.enum(["seen", "gone"]).describe("`seen`: it failed as was known. `gone`: it passed."),
  })
  .meta({ id: "knownRed", description: "A requirement that was known to fail in a cell, and what it did." });

/** The merged report of a matrix; the published JSON Schema is made from this. */
export const matrixSchema = z
  .strictObject({
    schemaVersion: z
      .enum(["1.0", matrixVersion])
      .describe("1.1 has what chapters, requirements and cells cost"),
    generator: z.strictObject({ name: z.string(), version: z.string() }),
    run: z.strictObject({
      id: z.uuid(),
      startedAt: z.iso.datetime(),
      durationMs: milliseconds,
      selection: z.array(z.string()).describe("what of the suite was selected; empty: all chapters"),
      shard: z
        .string()
        .regex(/^\d+\/\d+$/)
        .optional()
        .describe("which part of the test files was run, e.g. `1/2`; absent: all, or all parts merged"),
      interrupted: z.boolean(),
    }),
    environment: environmentSchema,
    cells: z.array(cellSchema),
    drift: z.array(driftSchema),
    speed: speedSchema,
    known: z
      .array(knownRedSchema)
      .optional()
      .describe("what the file of --known says of these cells; absent without one"),
    summary: tallySchema.describe("requirements of all cells by outcome"),
  })
  .meta({
    title: "Conformance matrix of container network plugins",
    description: "Every requirement on every driver, engine version and firewall back end of one run.",
  });

export type Matrix = z.infer<typeof matrixSchema>;
export type Cell = z.infer<typeof cellSchema>;
export type Change = z.infer<typeof changeSchema>;
export type Drift = z.infer<typeof driftSchema>;
export type KnownRed = z.infer<typeof knownRedSchema>;
export type Speed = z.infer<typeof speedSchema>;

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const pastCellSchema = z.strictObject({
  ms: milliseconds,
  complete: z.boolean(),
  outcomes: z.partialRecord(z.enum(outcomes), z.string()).describe("ids by outcome, separated by spaces"),
  reasons: z.record(z.string(), z.string()).optional(),
  facts: z.record(z.string(), facts).optional(),
});

/** One line of the history: what a run showed, small enough to keep for years. */
export const pastRunSchema = z.strictObject({
  version: z.literal(1),
  id: z.uuid(),
  at: z.iso.datetime(),
  ms: milliseconds,
  suite: z.string(),
  cells: z.record(z.string(), pastCellSchema),
});

export type PastRun = z.infer<typeof pastRunSchema>;
export type PastCell = z.infer<typeof pastCellSchema>;

/** The JSON Schema (draft 2020-12) of the matrix, as published in `matrix.schema.json`. */
export function publishedMatrixSchema(): Record<string, unknown> {
  return z.toJSONSchema(matrixSchema, { target: "draft-2020-12" });
}

// `node reports/matrix/schema.ts > reports/matrix/matrix.schema.json` publishes a change.
if (import.meta.main) console.log(JSON.stringify(publishedMatrixSchema(), null, 2));
