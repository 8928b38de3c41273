import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { UsageError } from "#harness/core/errors.ts";
import { describeMisfits } from "#harness/core/text/misfits.ts";
import { type Implementation, implementationSchema } from "./schema.ts";

/** Whose plugin it is, from a YAML or JSON file. Throws `UsageError` with the field that does not fit. */
export function readImplementation(path: string): Implementation {
  const wrong = (what: string) => new UsageError(`IMPLEMENTATION=${path}: ${what}`);
  let given: unknown;
  try {
    // Every scalar as it is written: a version such as 1.10 is no number.
    given = parse(readFileSync(path, "utf8"), { schema: "failsafe", logLevel: "error" });
  } catch (error) {
    throw wrong(`expected a YAML file, got ${(error as Error).message.split("\n")[0]}`);
  }
  const { data, error } = implementationSchema.safeParse(given);
  if (data) return data;
  throw wrong(`expected organisation, project, version and contact\n${describeMisfits(error, given)}`);
}
