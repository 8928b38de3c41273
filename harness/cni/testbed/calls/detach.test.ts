import { expect, test } from "vitest";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { CallChanges, Container } from "#harness/cni/testbed/container.ts";
import { changesOfDetaching, detach } from "./detach.ts";

/** The calls with which an ADD that differed by this is taken back, by a plugin that ends each DEL with the next of these codes. */
async function calledFor(
  added: CallChanges,
  codes: readonly number[],
  result?: Container["result"],
): Promise<readonly (CallChanges | undefined)[]> {
  const made: (CallChanges | undefined)[] = [];
  const caller = {
    folder: "/nowhere",
    shell: async () => "",
    request: () => ({}),
    call: async (_command: string, _container: Container, changes?: CallChanges) => {
      made.push(changes);
      return { code: codes[made.length - 1] ?? 0 } as Invocation;
    },
  };
  await detach(caller, { changes: changesOfDetaching(added), result } as Container);
  return made;
}

const odd = { CNI_CONTAINERID: "has a space" };

test("DEL names the attachment that ADD named, and nothing else of its environment", async () => {
  const env = { ...odd, CNI_IFNAME: undefined, CNI_NETNS: "/run/netns/gone", CNI_COMMAND: "FROBNICATE" };
  const [changes] = await calledFor({ env, prevResult: null, path: ["/own"] }, [0]);
  expect(changes).toStrictEqual({ env: { ...odd, CNI_IFNAME: undefined }, path: ["/own"] });
});

test("an ordinary ADD has an ordinary DEL", async () => {
  expect(await calledFor({}, [0])).toStrictEqual([{}]);
});

test("where ADD failed and no DEL can be done with its names either, one follows with the right ones", async () => {
  expect(await calledFor({ env: odd }, [1, 0])).toStrictEqual([{ env: odd }, undefined]);
});

test("where ADD succeeded a DEL that fails is the last word", async () => {
  expect(await calledFor({ env: odd }, [1], { cniVersion: "1.1.0" })).toStrictEqual([{ env: odd }]);
});
