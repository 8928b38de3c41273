import { z } from "zod";
import { type Capability, capabilities } from "#suites/requirements/capability.ts";
import { longestHeldGapMs } from "#suites/requirements/rules/connections.ts";
import { lineNaming } from "./source-line.ts";

const capabilityNames = Object.keys(capabilities) as [Capability, ...Capability[]];

const optionalFunction = (expected: string) =>
  z.custom((value) => typeof value === "function", expected).optional();

const gapRule = `milliseconds, a whole number from 1 to ${longestHeldGapMs}, as long as H2 looks`;
const gap = z
  .int({ error: gapRule })
  .positive({ error: gapRule })
  .max(longestHeldGapMs, { error: gapRule })
  .optional();

const nameRule = "a name of letters, digits, '_', '.' and '-'";
const driverShape = z.object(
  {
    name: z.string({ error: nameRule }).regex(/^[a-z0-9][a-z0-9_.-]*$/i, nameRule),
    title: z.string({ error: "a text" }).min(1, { error: "a text" }),
    capabilities: z.array(z.enum(capabilityNames), { error: "a list of capabilities" }),
    install: optionalFunction("a function install(scope, cluster), or none"),
    prepare: optionalFunction("a function prepare(engine), or none"),
    binaries: optionalFunction("a function binaries(cluster), or none"),
    policySemantics: z
      .object({
        combine: z.enum(["priority", "additive"]),
        ties: z.enum(["deny", "allow", "unspecified"]),
        established: z.enum(["cut", "keep"]).optional(),
      })
      .optional(),
    heldGapMs: z
      .strictObject(
        { plugin: gap, engine: gap, upgrade: gap },
        { error: "gaps in milliseconds of any of plugin, engine and upgrade" },
      )
      .optional(),
    connect: z.custom((value) => typeof value === "function", "a function connect(cluster, attachment)"),
  },
  { error: "a driver object, as defineDriver makes it" },
);

/** What keeps a value from being a driver, a line each, with its line in the file where that names it; none for a driver. */
export function problemsOf(driver: unknown, file: string): string[] {
  return problemsIn(driverShape, driver, file);
}

/** As `problemsOf`, of what another kind of file exports. */
export function problemsIn(shape: z.ZodType, value: unknown, file: string): string[] {
  const checked = shape.safeParse(value);
  return checked.success ? [] : checked.error.issues.map((issue) => describeIssue(issue, value, file));
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown, file: string): string {
  const path = issue.path.join(".");
  const got = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], value);
  const expected = "values" in issue ? `one of ${(issue.values as string[]).join(", ")}` : issue.message;
  const [field] = issue.path;
  const named = typeof got === "string" && got ? [got] : [];
  const [, line] = /:(\d+)$/.exec(lineNaming(file, ...named, `${String(field)}:`, `${String(field)}(`)) ?? [];
  const told =
    typeof got === "function" ? "a function" : typeof got === "number" ? `${got}` : JSON.stringify(got);
  return `${path || "default export"}: expected ${expected}, got ${told}${line ? ` (line ${line})` : ""}`;
}
