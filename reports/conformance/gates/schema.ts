import { z } from "zod";
import { latencyNames, latencyPercentiles } from "#suites/requirements/rules/latencies.ts";

/** One gate on one target. */
export const gateSchema = z
  .strictObject({
    gate: z.string().describe("its name, e.g. `policy-p99`"),
    latency: z.enum(latencyNames).describe("what was measured"),
    percentile: z.literal([...latencyPercentiles]),
    limitMs: z.number().positive().describe("what it may be at most"),
    target: z.string().describe("name of the target"),
    ms: z.number().nonnegative().optional().describe("what was measured; absent where nothing was"),
    outcome: z
      .enum(["passed", "failed", "error"])
      .describe("`error`: nothing was measured. The run is green only where all of them passed"),
    reason: z.string().optional().describe("why it is not `passed`"),
  })
  .meta({ id: "gate", description: "What a latency was allowed to be by `--gate`, and what it was." });

export type GateResult = z.infer<typeof gateSchema>;
