import type { Played, SceneName } from "#harness/cni/runtimes/scenes/played.ts";

/** One look at what a rule is about: what was wrong, or `kept`. No look at all is no judgement. */
export type Look = string | typeof kept;
export const kept = Symbol("kept");

/** How a rule is looked at in the scenes where it can be seen. */
export interface Judge {
  /** Default: all. */
  readonly scenes?: readonly SceneName[];
  readonly look: (played: Played) => readonly Look[];
}

/** What became of a rule: `not seen` where nothing happened of what it is about. */
export interface Judgement {
  readonly outcome: "kept" | "broken" | "not seen";
  /** What was wrong, each once, with the scenes. */
  readonly reasons: readonly string[];
}

/** Judges one rule by what a runtime has played. */
export function judgeBy({ scenes, look }: Judge, all: readonly Played[]): Judgement {
  const looks = all
    .filter(({ scene }) => scenes?.includes(scene) ?? true)
    .flatMap((played) =>
      look(played).map((one) => ({ scene: played.scene, one: one === kept ? one : told(one, played) })),
    );
  if (looks.length === 0) return { outcome: "not seen", reasons: [] };
  const wrong = Map.groupBy(
    looks.filter(({ one }) => one !== kept),
    ({ one }) => String(one),
  );
  const reasons = [...wrong].map(
    ([reason, found]) => `${reason} (${[...new Set(found.map(({ scene }) => scene))].join(", ")})`,
  );
  return { outcome: reasons.length === 0 ? "kept" : "broken", reasons };
}

/** A reason as it reads for every run: results by the plugin that answered them, ids of containers as `…`. */
function told(reason: string, { calls }: Played): string {
  return calls
    .reduce((text, { id, plugin }) => text.replaceAll(id, `the result of ${plugin}`), reason)
    .replace(/[0-9a-f]{40,}/g, "…");
}

/** `kept` where it is so, else what was expected and got. */
export function expected(isSo: boolean, what: string, got: string): Look {
  return isSo ? kept : `expected ${what}, got ${got}`;
}
