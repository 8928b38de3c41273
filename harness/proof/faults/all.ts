import type { Fault } from "#harness/proof/fault.ts";
import { attachmentFaults, faultsThroughRuntimes } from "./attachment.ts";
import { bgpFaults } from "./bgp.ts";
import { changeFaults } from "./changes.ts";
import { chosenPortFaults } from "./chosen-ports.ts";
import { cniFaults } from "./cni/all.ts";
import { connectionFaults } from "./connections.ts";
import { datapathFaults } from "./datapath.ts";
import { disorderFaults } from "./disorder.ts";
import { encryptionFaults } from "./encryption.ts";
import { engineFaults } from "./engine.ts";
import { exposureFaults } from "./exposure.ts";
import { gatewayModeFaults } from "./gateway-modes.ts";
import { interfaceFaults } from "./interfaces.ts";
import { internalFaults } from "./internal.ts";
import { ipv6Faults } from "./ipv6.ts";
import { leftoverFaults } from "./leftovers.ts";
import { lifecycleFaults } from "./lifecycle.ts";
import { nameFaults } from "./names.ts";
import { ownDefects } from "./own-defects.ts";
import { referenceChapterFaults } from "./reference/chapters.ts";
import { cnmSuiteFaults } from "./reference/protocol.ts";
import { remoteFaults } from "./reference/remote.ts";
import { sctpFaults } from "./sctp.ts";
import { speakerFaults } from "./speakers.ts";
import { translationFaults } from "./translation.ts";
import { wireFaults } from "./wire.ts";

/** Every fault of a chapter on a cluster: what `FAULT=name` injects into one. */
export const chapterFaults: readonly Fault<"chapters">[] = [
  ...engineFaults,
  ...interfaceFaults,
  ...wireFaults,
  ...changeFaults,
  ...attachmentFaults,
  ...faultsThroughRuntimes,
  ...nameFaults,
  ...translationFaults,
  ...datapathFaults,
  ...chosenPortFaults,
  ...exposureFaults,
  ...internalFaults,
  ...gatewayModeFaults,
  ...encryptionFaults,
  ...ipv6Faults,
  ...sctpFaults,
  ...speakerFaults,
  ...lifecycleFaults,
  ...connectionFaults,
  ...bgpFaults,
  ...disorderFaults,
  ...leftoverFaults,
  ...ownDefects,
  ...referenceChapterFaults,
  ...remoteFaults,
];

/** Every fault there is; `npm run prove` injects each of them. */
export const faults: readonly Fault[] = [...chapterFaults, ...cnmSuiteFaults, ...cniFaults];
