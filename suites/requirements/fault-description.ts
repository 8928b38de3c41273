import type { RequirementId } from "./catalogue.ts";

/** What a fault is, wherever and however it is injected: what it breaks, for whom, and what must notice it. */
export interface FaultDescription<Id extends RequirementId = RequirementId> {
  /** What exactly is broken: "drops VXLAN that arrives at the second node". */
  readonly breaks: string;
  /** What a user of such a network or plugin would suffer. */
  readonly why: string;
  /** Requirements that must turn red: `failed`. An `error` is no verdict on a plugin and does not count. */
  readonly detectedBy: readonly Id[];
  /** It is an engine that breaks them, and they must end with this instead: the plugin is not to be charged. Proves no requirement. */
  readonly outcome?: "engine at fault";
  /** Requirements that may turn red as well, because they need what is broken. */
  readonly mayFollow?: readonly Id[];
  /** Texts that the failure must name, where it must tell several things apart. */
  readonly names?: readonly string[];
  /**
   * Texts that the first line of one such failure must have. Where packets are lost: the last interface that saw one, and the rule that
   * dropped it. Where they get through: the interfaces that they crossed, and the rule that let them. Of a name: whom its resolver asked.
   * Or why there is none: what fails is not sent once more, though other failures of the same requirement are. A fault of a chapter needs
   * either, unless nothing that must detect it is a check that can be sent once more (harness/proof/unfollowed.ts).
   */
  readonly hop?: readonly string[] | { readonly none: string };
  /** Runs only the tests of `detectedBy`: nothing else of the chapter can work, or its tests would hide the fault. */
  readonly alone?: true;
}
