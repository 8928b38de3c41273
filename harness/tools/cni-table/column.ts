import type { Outcome } from "#harness/conformance/outcome.ts";
import type { CniRequirementId } from "#suites/requirements/rules/cni.ts";

/** One plugin of one generation at one version of the specification. */
export interface TableColumn {
  /** What the user called the folder, e.g. `1.9.1`. */
  readonly generation: string;
  /** Where its plugins lay. */
  readonly folder: string;
  readonly plugin: string;
  /** Version of the specification, e.g. `1.1.0`. */
  readonly version: string;
  /** What its first attachment leaves permanently, which is no leak: lines of the comparison with `; ` between. */
  readonly left?: string;
  /** By rule; a rule that is not here does not apply to the plugin. */
  readonly rules: Readonly<Partial<Record<CniRequirementId, TableCell>>>;
}

export interface TableCell {
  readonly outcome: Outcome;
  /** Nothing happened of what the rule is about, so that it was neither kept nor broken. */
  readonly sawNothing?: true;
  /** First lines of what was wrong, one per test that did not pass. */
  readonly reasons: readonly string[];
  /** Shell lines that show it by hand. */
  readonly reproduce: readonly string[];
}
