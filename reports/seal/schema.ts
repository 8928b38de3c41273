import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, { error: "a sha256: 64 hexadecimal digits" });

/** Whose plugin it is; what the file of the setting `IMPLEMENTATION` holds. */
export const implementationSchema = z
  .strictObject({
    organisation: z.string().min(1).describe("who makes the plugin"),
    project: z.string().min(1).describe("the plugin's name"),
    version: z.string().min(1).describe("the version that was tested"),
    url: z.url().optional().describe("where the project is found"),
    contact: z.array(z.string().min(1)).min(1).describe("who answers for it, e.g. mail addresses"),
  })
  .meta({ id: "implementation", description: "Whose plugin was tested, as they say." });
export type Implementation = z.infer<typeof implementationSchema>;

/** The catalogue of requirements by which a run judged. */
export const catalogueSchema = z
  .strictObject({
    version: z.string().describe("of the suite that holds it"),
    sha256: sha256.describe("of its canonical JSON; requirements by id"),
    requirements: z.int().positive(),
  })
  .meta({ id: "catalogue", description: "Requirements by which was judged." });
export type CatalogueOfRun = z.infer<typeof catalogueSchema>;

/** Digests over the statement, by which a change of it is found and named. */
export const sealSchema = z
  .strictObject({
    parts: z
      .record(z.string(), sha256)
      .describe(
        "sha256 of the canonical JSON of each part beside the results, which have digests of their own; of a target without its results",
      ),
    whole: sha256.describe("of `parts` and the digests of all results, so that none can be left out"),
  })
  .meta({
    id: "seal",
    description: "Digests over the statement. They show changes; a signature says who wrote it.",
  });
export type Seal = z.infer<typeof sealSchema>;

/** Files that a result names, by their paths. */
export const fileDigestsSchema = z.record(z.string(), sha256);
/** The digest of a result. */
export const digestSchema = sha256;
