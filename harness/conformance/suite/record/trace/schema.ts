import { z } from "zod";
import { outcomes } from "#harness/conformance/outcome.ts";

const ms = z.number();
/** Milliseconds since the epoch, on the clock of the run. */
const moment = z.number();

const host = z.strictObject({
  name: z.string(),
  isExternal: z.boolean(),
  /** How far its clock was ahead; absent where it was not told. */
  clock: z.strictObject({ aheadMs: ms, withinMs: ms }).optional(),
});

const command = z.strictObject({
  host: z.string(),
  /** As people type it. */
  line: z.string(),
  /** A call of the engine's API, and no program. */
  isEngineCall: z.boolean(),
  code: z.number().nullable(),
  signal: z.string().nullable(),
  output: z.string(),
  startedAt: moment,
  durationMs: ms,
});

const exchange = z.strictObject({
  caller: z.string(),
  plugin: z.string(),
  call: z.string(),
  request: z.string(),
  status: z.number().nullable(),
  answer: z.string().nullable(),
  failure: z.string().optional(),
  injected: z.string().optional(),
  startedAt: moment,
  durationMs: ms,
});

const logLine = z.strictObject({
  host: z.string(),
  /** `engine`, `plugin`, or who else writes it. */
  of: z.string(),
  at: moment,
  text: z.string(),
});

const packet = z.strictObject({
  /** The namespace or host. */
  place: z.string(),
  link: z.string(),
  /** Absent where a capture does not tell it. */
  isOutgoing: z.boolean().optional(),
  at: moment,
  text: z.string(),
  /** Of the check that failed, or the answer to it. */
  isOfCheck: z.boolean(),
});

/** What happened around one test that failed, of all who took part in it, on the clock of the run. */
export const traceSchema = z.strictObject({
  requirement: z.string(),
  /** Title of the test. */
  test: z.string(),
  driver: z.string(),
  engine: z.string(),
  chapter: z.string(),
  outcome: z.enum(outcomes),
  reason: z.string(),
  /** Lines that show it by hand, each with what came of it. */
  byHand: z.array(z.strictObject({ line: z.string(), confirmed: z.string().optional() })),
  /** On which hop checks were lost, in words. */
  hops: z.array(z.string()),
  startedAt: moment,
  /** When checks had failed, before they were looked into. */
  checksFailedAt: z.array(moment),
  failedAt: moment.optional(),
  /** When the evidence was taken, and removal began. */
  collectedAt: moment.optional(),
  endedAt: moment,
  hosts: z.array(host),
  commands: z.array(command),
  /** Whether somebody recorded what engines and plugin say. */
  isRecorded: z.boolean(),
  exchanges: z.array(exchange),
  log: z.array(logLine),
  packets: z.array(packet),
  /** Absent where it was not looked at. */
  changes: z
    .array(z.strictObject({ host: z.string(), kind: z.string(), isThere: z.boolean(), thing: z.string() }))
    .optional(),
  /** Of the nodes at the failure. */
  states: z.array(
    z.strictObject({ host: z.string(), name: z.string(), command: z.string(), text: z.string() }),
  ),
  /** What is not in here, and where all of it is. */
  leftOut: z.array(z.string()),
  /** Evidence files, relative to the reports folder. */
  files: z.array(z.string()),
});

export type Trace = z.infer<typeof traceSchema>;
