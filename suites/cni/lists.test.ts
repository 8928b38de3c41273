import { ConfigurationError } from "#harness/cni/protocol/errors.ts";
import { describeEnd } from "#harness/cni/protocol/invocation.ts";
import { atLeast } from "#harness/cni/protocol/version.ts";
import { Chain, type ChainCall } from "#harness/cni/testbed/chain/chain.ts";
import { listsOf } from "#harness/cni/testbed/chain/lists.ts";
import { findObstacle } from "#harness/cni/testbed/chain/obstacle.ts";
import type { ChainMember } from "#harness/cni/testbed/profiles.ts";
import { additions } from "#harness/cni/testbed/state.ts";
import type { Testbed } from "#harness/cni/testbed/testbed.ts";
import { Blocked } from "#harness/core/errors.ts";
import { expectSuccess, violation } from "./expect.ts";
import { cniSuite } from "./fixture.ts";

const wholeLists = "lists that were added to their end";

/** One container that a list has attached, looked at and detached. */
interface Round {
  readonly adds: readonly ChainCall[];
  /** Empty where ADD did not come to its end, or the version has no CHECK. */
  readonly checks: readonly ChainCall[];
  readonly dels: readonly ChainCall[];
  /** What ADD of the plugin under test has brought, and what is there after DEL, as the lines of `readState`. */
  readonly brought: readonly string[];
  readonly left: readonly string[];
}

await cniSuite("lists", ({ requirement, plugin }) => {
  const isOwn = ({ member }: ChainCall) => member.type === plugin.type;
  for (const [index, members] of listsOf(plugin).entries()) {
    const title = members.map(({ type }) => type).join(", ");
    // Two lists may be of the same plugins.
    const together = `list ${index}`;
    let played: Promise<readonly Round[]> | undefined;
    /** Both rounds, in which a test that needs them finds the plugin's own calls. */
    const play = (testbed: Testbed) => {
      played ??= playTwice(testbed, members);
      return played;
    };

    requirement(
      "CNI-21",
      `ADD and DEL as part of ${title}, twice`,
      async ({ testbed }) => {
        for (const { adds, dels } of await play(testbed)) {
          const own = adds.find(isOwn);
          if (!own) throw new Blocked(withoutOthers(adds));
          expectSuccess(own.invocation, `success as part of ${title}`);
          for (const { invocation } of dels.filter(isOwn)) {
            expectSuccess(invocation, `success as part of ${title}`);
          }
        }
      },
      { together },
    );

    requirement(
      "CNI-11b",
      `CHECK with the final result of ${title}`,
      async ({ testbed, saw }) => {
        const [first, ...later] = await play(testbed);
        const failed = first?.adds.at(-1);
        if (failed && first?.checks.length === 0 && !isOwn(failed))
          throw new Blocked(withoutOthers(first.adds));
        for (const { invocation } of [first, ...later].flatMap(
          (round) => round?.checks.filter(isOwn) ?? [],
        )) {
          saw(wholeLists);
          expectSuccess(invocation, `success with the final result of ${title}`);
        }
      },
      { together, sees: [wholeLists] },
    );

    requirement(
      "CNI-10d",
      `nothing is left when ${title} has gone a second time`,
      async ({ testbed }) => {
        const [first, second] = await play(testbed);
        const deleted = second?.dels.find(isOwn);
        if (!first || !second?.adds.some(isOwn) || !deleted)
          throw new Blocked(withoutOthers(first?.adds ?? []));
        // What is there after the first round is what a network has for good, e.g. a bridge.
        const grown = additions(second.left, first.left).filter((line) => second.brought.includes(line));
        if (grown.length > 0)
          throw violation(deleted.invocation, "what the first DEL left", grown.join("; "));
      },
      { together },
    );
  }

  async function playTwice(testbed: Testbed, members: readonly ChainMember[]): Promise<readonly Round[]> {
    for (const member of members) {
      const obstacle = await findObstacle(plugin.host, member);
      if (obstacle) throw new Blocked(`${member.type} is part of the list: ${obstacle}`);
    }
    const chain = await Chain.open(testbed, members).catch((error: unknown) => {
      throw error instanceof ConfigurationError ? new Blocked(error.message) : error;
    });
    const container = await chain.container();
    const rounds: Round[] = [];
    for (let round = 0; round < 2; round += 1) {
      let before: string[] | undefined;
      let after: string[] | undefined;
      const adds = await chain.add(container, async ({ type }) => {
        if (before) after ??= await testbed.state();
        if (type === plugin.type) before = await testbed.state();
      });
      if (before) after ??= await testbed.state();
      const checked = atLeast(plugin.version, "0.4.0") && chain.resultOf(container) !== undefined;
      const checks = checked ? await chain.check(container) : [];
      const dels = await chain.del(container);
      const left = await testbed.state();
      rounds.push({ adds, checks, dels, brought: additions(after ?? [], before ?? []), left });
    }
    // It is judged here; what the others of the list leave is not the plugin's.
    await testbed.forget();
    return rounds;
  }
});

/** Why nothing can be said of the plugin under test: the last of the calls is the one that failed. */
function withoutOthers(adds: readonly ChainCall[]): string {
  const last = adds.at(-1);
  if (!last) return "no plugin of the list was called";
  return `ADD of ${last.member.type}, which is part of the list, is not done: ${describeEnd(last.invocation)}`;
}
