import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import { type CniCommand, deriveRequest } from "#harness/cni/protocol/request.ts";
import type { AddResult } from "#harness/cni/protocol/result.ts";
import { atLeast } from "#harness/cni/protocol/version.ts";
import { findPlugin } from "#harness/cni/runtime/binary.ts";
import { networkName } from "#harness/cni/testbed/calls/requests.ts";
import { type Container, readResult } from "#harness/cni/testbed/container.ts";
import { type ChainMember, capabilityArgs } from "#harness/cni/testbed/profiles.ts";
import type { Testbed } from "#harness/cni/testbed/testbed.ts";

/** One plugin of the list, and how it answered. */
export interface ChainCall {
  readonly member: ChainMember;
  readonly invocation: Invocation;
}

interface Found {
  readonly member: ChainMember;
  readonly path: string;
}

/**
 * A configuration list in a testbed, run as the chain that it is: each plugin gets the result of the one before it at ADD, and the
 * final result at CHECK and DEL (specification, section 3). What a plugin does is a value.
 */
export class Chain {
  readonly #testbed: Testbed;
  readonly #found: readonly Found[];
  readonly #results = new Map<Container, AddResult>();

  private constructor(testbed: Testbed, found: readonly Found[]) {
    this.#testbed = testbed;
    this.#found = found;
  }

  /** Throws `ConfigurationError` for a plugin that is not in `CNI_PATH`. */
  static async open(testbed: Testbed, members: readonly ChainMember[]): Promise<Chain> {
    const { host, type, path, cniPath } = testbed.plugin;
    const find = async (member: ChainMember) => ({
      member,
      path: member.type === type ? path : await findPlugin(host, cniPath, member.type),
    });
    const found = await Promise.all(members.map(find));
    for (const { prepareHost } of members) await testbed.prepare(prepareHost);
    return new Chain(testbed, found);
  }

  /** An empty container, with what the plugins need for it. */
  async container(): Promise<Container> {
    const container = await this.#testbed.emptyContainer();
    const testbed = this.#testbed;
    for (const { prepareContainer: line } of this.#found.map(({ member }) => member)) {
      if (line) await testbed.owning(() => testbed.shell(line, container, true));
    }
    return container;
  }

  /** The last result of ADD, where the last ADD of the list succeeded. */
  resultOf(container: Container): AddResult | undefined {
    return this.#results.get(container);
  }

  /**
   * ADD of every plugin in order; the first that fails, or answers no result, is the last that is called. `before` is told of each call
   * that is about to be made.
   */
  async add(container: Container, before?: (member: ChainMember) => Promise<void>): Promise<ChainCall[]> {
    const calls: ChainCall[] = [];
    let previous: AddResult | undefined;
    this.#results.delete(container);
    for (const found of this.#found) {
      await before?.(found.member);
      const invocation = await this.#call("ADD", found, container, previous);
      calls.push({ member: found.member, invocation });
      previous = invocation.code === 0 ? readResult(invocation, this.#testbed.plugin.version) : undefined;
      if (!previous) return calls;
    }
    if (previous) this.#results.set(container, previous);
    return calls;
  }

  /** CHECK of every plugin in order with the final result, also past failures: they change nothing. */
  async check(container: Container): Promise<ChainCall[]> {
    return this.#inTurn("CHECK", this.#found, container);
  }

  /** DEL of every plugin in reverse order with the final result, also past failures, as after an ADD that failed. */
  async del(container: Container): Promise<ChainCall[]> {
    return this.#inTurn("DEL", this.#found.toReversed(), container);
  }

  async #inTurn(command: CniCommand, among: readonly Found[], container: Container): Promise<ChainCall[]> {
    const hasResult = command === "CHECK" || atLeast(this.#testbed.plugin.version, "0.4.0");
    const previous = hasResult ? this.#results.get(container) : undefined;
    const calls: ChainCall[] = [];
    for (const found of among) {
      calls.push({
        member: found.member,
        invocation: await this.#call(command, found, container, previous),
      });
    }
    return calls;
  }

  async #call(
    command: CniCommand,
    { member, path }: Found,
    container: Container,
    prevResult: AddResult | undefined,
  ): Promise<Invocation> {
    const testbed = this.#testbed;
    const request = deriveRequest({
      network: { name: networkName },
      plugin: { ...member.config(testbed.values(container)), type: member.type },
      version: testbed.plugin.version,
      capabilityArgs: capabilityArgs(container.index),
      prevResult,
    });
    return testbed.invoke({ type: member.type, path }, command, JSON.stringify(request), container);
  }
}
