/** One change that nobody chose, and whether a test noticed it. */
export interface Mutant {
  /** Relative to the project. */
  readonly file: string;
  /** Line of the change, from 1. */
  readonly line: number;
  /** Stryker's word for the kind of change, e.g. `ConditionalExpression`. */
  readonly kind: string;
  /** The line as it stands. */
  readonly code: string;
  /** What stands in its place, as much as fits on a line. */
  readonly replacement: string;
  /** `alive`: tests ran it and noticed nothing; `untested`: no test runs it; `invalid`: it could not be tried. */
  readonly fate: "killed" | "alive" | "untested" | "invalid";
}

/** Figures of a group of mutants. */
export interface Score {
  readonly tried: number;
  readonly killed: number;
  readonly alive: number;
  readonly untested: number;
  /** Killed of those tried, from 0 to 1; 1 where none was tried. */
  readonly share: number;
}

/** Counts mutants; those that could not be tried do not count. */
export function scoreOf(mutants: readonly Mutant[]): Score {
  const count = (fate: Mutant["fate"]) => mutants.filter((one) => one.fate === fate).length;
  const [killed, alive, untested] = [count("killed"), count("alive"), count("untested")];
  const tried = killed + alive + untested;
  return { tried, killed, alive, untested, share: tried === 0 ? 1 : killed / tried };
}

/** Whether a test noticed nothing of it. */
export function survives({ fate }: Mutant): boolean {
  return fate === "alive" || fate === "untested";
}
