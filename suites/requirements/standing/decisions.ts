import type { Decision } from "./decision.ts";

/** What was decided since, the newest last. Written by `npm run flips`. */
export const decisions: readonly Decision[] = [];
