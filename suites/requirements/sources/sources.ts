import { before10 } from "./cni/before-1.0.ts";
import { configuration } from "./cni/configuration.ts";
import { execution } from "./cni/execution.ts";
import { only03 } from "./cni/only-0.3.ts";
import { only04 } from "./cni/only-0.4.ts";
import { operations } from "./cni/operations.ts";
import { results } from "./cni/results.ts";
import { upkeep } from "./cni/upkeep.ts";
import { ipam } from "./cnm/ipam.ts";
import { remote } from "./cnm/remote.ts";
import { type PinnedSentence, pinned } from "./sentence.ts";
import type { TextName } from "./texts.ts";

/** Every sentence of the CNI specification that obliges or permits, the newest text first. */
export const cniSentences: readonly PinnedSentence[] = pinned([
  ...[...configuration, ...operations, ...upkeep, ...execution, ...results],
  ...[...only04, ...before10, ...only03],
]);

/** Those of the protocols of CNM. */
export const cnmSentences: readonly PinnedSentence[] = pinned([...remote, ...ipam]);

/** The sentences of one text. */
export function sentencesIn(text: TextName): PinnedSentence[] {
  return [...cniSentences, ...cnmSentences].filter(({ texts }) => texts.includes(text));
}
