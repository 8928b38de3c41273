import { matchesGlob } from "node:path";
import { type Mutant, survives } from "./mutant.ts";

/** Survivors that stay, and why no unit test kills them. */
export interface Reason {
  /** A file, or a glob of files. */
  readonly files: string;
  /** Part of the line that is changed; all lines of the file where it is missing. */
  readonly code?: string;
  /** Stryker's word for the kind of change; any where it is missing. */
  readonly kind?: string;
  readonly because: string;
}

/** Every reason for which a survivor may stay. */
export const reasons: readonly Reason[] = [
  {
    files: "harness/conformance/pair.ts",
    because: "asks the engines of two nodes, which must be real ones: the proof does",
  },
];

/** Why a mutant may survive; `undefined` where nothing is written down. */
export function reasonFor(mutant: Mutant, among: readonly Reason[] = reasons): Reason | undefined {
  return among.find(
    ({ files, code, kind }) =>
      matchesGlob(mutant.file, files) &&
      (code === undefined || mutant.code.includes(code)) &&
      (kind === undefined || mutant.kind === kind),
  );
}

/** Reasons that no survivor needs any more, among files whose mutants were all tried. */
export function needless(mutants: readonly Mutant[], among: readonly Reason[] = reasons): Reason[] {
  const tried = among.filter(({ files }) => mutants.some(({ file }) => matchesGlob(file, files)));
  const needed = new Set(mutants.filter(survives).map((mutant) => reasonFor(mutant, among)));
  return tried.filter((reason) => !needed.has(reason));
}
