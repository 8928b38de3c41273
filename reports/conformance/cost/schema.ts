import { z } from "zod";

const count = z.int().nonnegative();

const notMeasured = z
  .strictObject({ notMeasured: z.string().describe("why") })
  .meta({ id: "notMeasured", description: "There is no figure; it is not 0." });

const processor = z
  .union([z.strictObject({ seconds: z.number().nonnegative() }), notMeasured])
  .meta({ id: "processorTime", description: "Time of processors, user and system." });

const memory = z
  .union([
    z.strictObject({
      peakBytes: count,
      atMost: z
        .boolean()
        .describe("the counter was as high before: the peak of what is meant here was at most this"),
    }),
    notMeasured,
  ])
  .meta({
    id: "peakMemory",
    description: "Highest memory; of a node in a container with the page cache of its control group.",
  });

const part = z.strictObject({
  of: z.string().describe("`worker`, `main process`, the name of a host, or of a target"),
  processor,
  memory,
});

/** What a test used, its parts together. */
export const shortCostSchema = z
  .strictObject({ processor, memory })
  .meta({ id: "shortCost", description: "What a piece of work used." });

/** What a chapter, a target or a run used. */
export const costSchema = z.strictObject({ processor, memory, parts: z.array(part) }).meta({
  id: "cost",
  description:
    "What a piece of work used. Memory of parts that worked side by side is added up, although their peaks need not have been at the same moment; of chapters one after the other the highest counts. Nodes count from the chapter's begin to its end: bringing the cluster up is not in it, nor is the engine of this machine.",
});

/** One run of one file of a target. */
export const chapterSchema = z
  .strictObject({
    file: z.string().describe("test file, relative to the project"),
    durationMs: z.number().nonnegative(),
    round: count.optional().describe("of a repeated run, from 1"),
    cost: costSchema.optional().describe("absent where the file did not come to its end"),
    budget: z
      .strictObject({ processorSeconds: z.number().positive() })
      .optional()
      .describe("what it may use on a cluster of this size, by the catalogue; `--budget` asks for it"),
  })
  .meta({ id: "chapter", description: "What one test file cost on one target." });

export type ChapterStatement = z.infer<typeof chapterSchema>;
