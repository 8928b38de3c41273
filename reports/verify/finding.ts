/** What is wrong with a statement, and where. */
export interface Finding {
  /** E.g. `targets.overlay@26.1.results.M4.outcome`. */
  readonly field: string;
  /** E.g. `expected failed, got passed`. */
  readonly what: string;
}

/** A finding where two values differ, none where they are equal. */
export function differs(field: string, expected: unknown, got: unknown): Finding[] {
  const [one, other] = [show(expected), show(got)];
  return one === other ? [] : [{ field, what: `expected ${one}, got ${other}` }];
}

/** A finding where something that must hold does not. */
export function unless(holds: boolean, field: string, what: string): Finding[] {
  return holds ? [] : [{ field, what }];
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "" ? '""' : text;
}
