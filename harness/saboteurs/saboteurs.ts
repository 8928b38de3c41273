import type { Saboteur } from "./saboteur.ts";

/** Everybody who can be let loose with `SABOTAGE=name`; `npm run prove` lets each of them. */
export const saboteurs: readonly Saboteur[] = [];
