import type { z } from "zod";

/** What keeps a value from fitting a schema, in one place of it. */
export interface Misfit {
  /** Keys that lead to the place. */
  readonly path: readonly PropertyKey[];
  /** E.g. `expected string, got 3`. */
  readonly what: string;
}

const shownLength = 120;

/** What a schema found wrong with `value`, in the order of the schema. A schema's own message is a noun phrase: what was expected. */
export function misfitsOf(error: z.ZodError, value: unknown): Misfit[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") {
      const got = show(valueAt(value, issue.path));
      return [{ path: issue.path, what: `expected ${expectedBy(issue)}, got ${got}` }];
    }
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { path, what: `unknown key, with the value ${show(valueAt(value, path))}` };
    });
  });
}

/** The same for a person who has the value before them, one a line; at most `most`, and how many there are besides. */
export function describeMisfits(error: z.ZodError, value: unknown, most = 5): string {
  const told = misfitsOf(error, value).map(
    ({ path, what }) => `${path.map(String).join(".") || "the whole"}: ${what}`,
  );
  const rest = told.length - most;
  return [...told.slice(0, most), ...(rest > 0 ? [`and ${rest} more`] : [])].join("\n");
}

function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value" && issue.message.startsWith("Invalid")) {
    return issue.values.length === 1
      ? show(issue.values[0])
      : `one of ${issue.values.map(String).join(", ")}`;
  }
  // Zod's own words: `Invalid input: expected string, received number`, `Too small: expected array to have >=1 items`.
  return /^[A-Z][a-z ]+: expected (.*?)(, received .*)?$/.exec(issue.message)?.[1] ?? issue.message;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

function show(value: unknown): string {
  const text = written(value);
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}

/** As JSON, where it can be written so: YAML knows values that contain themselves. */
function written(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "nothing";
  } catch {
    return `something that is no JSON (${typeof value})`;
  }
}
