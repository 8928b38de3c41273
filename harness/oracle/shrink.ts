/** How something that fails was made smaller. */
export interface Shrunk<T> {
  readonly smallest: T;
  /** How many were tried. */
  readonly tries: number;
  /** Whether each one that is a step simpler passes; else there was no time left. */
  readonly complete: boolean;
}

/** By which steps something becomes simpler, and what is tried with it. */
export interface Shrinking<T> {
  /** Those that are simpler by one step, those that leave most out first. */
  readonly simpler: (given: T) => readonly T[];
  readonly fails: (simpler: T) => Promise<boolean>;
  /** Asked before each try whether there is time for it. */
  readonly more?: () => boolean;
}

/** The smallest that still fails, of those to which simplifications lead that fail as well. */
export async function shrink<T>(
  failing: T,
  { simpler, fails, more = () => true }: Shrinking<T>,
): Promise<Shrunk<T>> {
  let smallest = failing;
  let tries = 0;
  for (;;) {
    let next: T | undefined;
    for (const candidate of simpler(smallest)) {
      if (!more()) return { smallest, tries, complete: false };
      tries += 1;
      if (!(await fails(candidate))) continue;
      next = candidate;
      break;
    }
    if (next === undefined) return { smallest, tries, complete: true };
    smallest = next;
  }
}
