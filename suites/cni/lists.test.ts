import { ConfigurationError } from "#harness/cni/protocol/errors.ts";
import { describeEnd } from "#harness/cni/protocol/invocation.ts";
import { atLeast } from "#harness/cni/protocol/version.ts";
import { Chain, type ChainCall } from "#harness/cni/testbed/chain/chain.ts";
import { listsOf } from "#harness/cni/testbed/chain/lists.ts";
import { findObstacle } from "#harness/cni/testbed/chain/obstacle.ts";
import type { Container } from "#harness/cni/testbed/container.ts";
import type { ChainMember } from "#harness/cni/testbed/profiles.ts";
import { additions } from "#harness/cni/testbed/state.ts";
import { Testbed } from "#harness/cni/testbed/testbed.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, NothingSeen } from "#harness/core/errors.ts";
import { expectSuccess, violation } from "./expect.ts";
import { cniSuite } from "./fixture.ts";

const wholeLists = "lists that were added to their end";

/** One container that a list has attached, looked at and detached. */
interface Round {
  readonly adds: readonly ChainCall[];
  /** Whether every ADD of the list succeeded, so that there is a final result. */
  readonly whole: boolean;
  /** Empty where the list is not whole, or the version has no CHECK. */
  readonly checks: readonly ChainCall[];
  readonly dels: readonly ChainCall[];
  /** What ADD of the plugin under test has brought, and what is there after DEL, as the lines of `readState`. */
  readonly brought: readonly string[];
  readonly left: readonly string[];
}

type Rounds = readonly [Round, Round];

await cniSuite("lists", ({ requirement, plugin }) => {
  const isOwn = ({ member }: ChainCall) => member.type === plugin.type;
  for (const [index, members] of listsOf(plugin).entries()) {
    const title = members.map(({ type }) => type).join(", ");
    // Two lists may be of the same plugins.
    const together = `list ${index}`;
    let played: Promise<Rounds> | undefined;
    /** Both rounds, in which a test that needs them finds the plugin's own calls. */
    const play = (testbed: Testbed) => {
      played ??= playTwice(testbed, members);
      return played;
    };

    requirement(
      "CNI-21",
      `ADD and DEL as part of ${title}, twice`,
      async ({ testbed }) => {
        for (const round of await play(testbed)) {
          for (const { invocation } of round.adds.filter(isOwn)) {
            expectSuccess(invocation, `success as part of ${title}`);
          }
          const last = round.adds.at(-1);
          if (!round.whole && last && isOwn(last)) {
            throw violation(last.invocation, `a result as part of ${title}`, "none that can be read");
          }
          // Where there is no final result, DEL has none either: that it succeeds all the same is another rule.
          expectWhole([round]);
          for (const { invocation } of round.dels.filter(isOwn)) {
            expectSuccess(invocation, `success as part of ${title}`);
          }
        }
      },
      { together },
    );

    requirement(
      "CNI-11b",
      `CHECK with the final result of ${title}`,
      async ({ testbed, saw, scope }) => {
        const [first, second] = await play(testbed);
        expectWhole([first]);
        for (const { invocation } of [...first.checks, ...second.checks].filter(isOwn)) {
          // That it succeeds without the others is another rule.
          if (invocation.code !== 0 && !(await checksAlone(scope)))
            throw new NothingSeen("CHECK fails already without the others of the list");
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
        expectWhole([first, second]);
        // What is there after the first round is what a network has for good, e.g. a bridge.
        const grown = additions(second.left, first.left).filter((line) => second.brought.includes(line));
        const deleted = second.dels.find(isOwn);
        if (deleted && grown.length > 0)
          throw violation(deleted.invocation, "what the first DEL left", grown.join("; "));
      },
      { together },
    );
  }

  /** Throws where a list did not come to its end, so that there is nothing to judge. */
  function expectWhole(rounds: readonly Round[]): void {
    for (const { adds } of rounds.filter(({ whole }) => !whole)) {
      const last = adds.at(-1);
      if (!last || !isOwn(last)) throw new Blocked(withoutOthers(adds));
      throw new NothingSeen("the plugin's own ADD is not done as part of the list, which CNI-21 tells");
    }
  }

  /** Whether CHECK succeeds in an attachment of the plugin's own, in a place where no list has been. */
  async function checksAlone(scope: Scope): Promise<boolean> {
    const testbed = await Testbed.open(plugin, scope);
    try {
      const container = await testbed.container();
      const added = await testbed.call("ADD", container);
      return added.code === 0 && (await testbed.call("CHECK", container)).code === 0;
    } finally {
      await testbed.settle();
    }
  }

  async function playTwice(testbed: Testbed, members: readonly ChainMember[]): Promise<Rounds> {
    for (const member of members) {
      const obstacle = await findObstacle(plugin.host, member);
      if (obstacle) throw new Blocked(`${member.type} is part of the list: ${obstacle}`);
    }
    const chain = await Chain.open(testbed, members).catch((error: unknown) => {
      throw error instanceof ConfigurationError ? new Blocked(error.message) : error;
    });
    const container = await chain.container();
    const rounds: Rounds = [
      await playOnce(testbed, chain, container),
      await playOnce(testbed, chain, container),
    ];
    // It is judged here; what the others of the list leave is not the plugin's.
    await testbed.forget();
    return rounds;
  }

  async function playOnce(testbed: Testbed, chain: Chain, container: Container): Promise<Round> {
    let before: string[] | undefined;
    let after: string[] | undefined;
    const adds = await chain.add(container, async ({ type }) => {
      if (before) after ??= await testbed.state();
      if (type === plugin.type) before = await testbed.state();
    });
    if (before) after ??= await testbed.state();
    const whole = chain.resultOf(container) !== undefined;
    const checks = whole && atLeast(plugin.version, "0.4.0") ? await chain.check(container) : [];
    const dels = await chain.del(container);
    const left = await testbed.state();
    return { adds, whole, checks, dels, brought: additions(after ?? [], before ?? []), left };
  }
});

/** Why nothing can be said of the plugin under test: the last of the calls is the one that failed. */
function withoutOthers(adds: readonly ChainCall[]): string {
  const last = adds.at(-1);
  if (!last) return "no plugin of the list was called";
  return `ADD of ${last.member.type}, which is part of the list, is not done: ${describeEnd(last.invocation)}`;
}
