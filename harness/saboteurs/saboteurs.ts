import { attachmentSaboteurs } from "./attachments.ts";
import { engineSaboteurs } from "./engine.ts";
import { interfaceSaboteurs } from "./interfaces.ts";
import { leftoverSaboteurs } from "./leftovers.ts";
import { nameSaboteurs } from "./names.ts";
import { referenceCniSaboteurs, referenceSaboteurs } from "./reference.ts";
import { remoteSaboteurs } from "./remote.ts";
import type { Saboteur } from "./saboteur.ts";
import { translationSaboteurs } from "./translation.ts";
import { wireSaboteurs } from "./wire.ts";

/** Everybody who can be let loose with `SABOTAGE=name`; `npm run prove` lets each of them. */
export const saboteurs: readonly Saboteur[] = [
  ...engineSaboteurs,
  ...interfaceSaboteurs,
  ...attachmentSaboteurs,
  ...wireSaboteurs,
  ...nameSaboteurs,
  ...translationSaboteurs,
  ...leftoverSaboteurs,
  ...referenceSaboteurs,
  ...referenceCniSaboteurs,
  ...remoteSaboteurs,
];
