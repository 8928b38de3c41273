import type { HeldResources } from "#harness/cnm/rules/conversation.ts";

/** What a plugin holds for which nothing was made. */
export const nothingHeld: HeldResources = {
  networks: [],
  endpoints: [],
  joins: [],
  pools: [],
  addresses: [],
};

/** What is held, in words; empty for nothing. */
export function describeHeldResources(held: HeldResources): string {
  return Object.entries(held)
    .filter(([, ids]) => ids.length > 0)
    .map(([kind, ids]) => `${ids.length} ${kind} (${ids.join(", ")})`)
    .join(", ");
}

/** What is held besides what was expected. */
export function subtractHeld(held: HeldResources, expected: HeldResources): HeldResources {
  const beside = (kind: keyof HeldResources) => held[kind].filter((id) => !expected[kind].includes(id));
  return {
    networks: beside("networks"),
    endpoints: beside("endpoints"),
    joins: beside("joins"),
    pools: beside("pools"),
    addresses: beside("addresses"),
  };
}
