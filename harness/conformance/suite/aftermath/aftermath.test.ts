import { expect, test } from "vitest";
import type { SnapshotDifference } from "#harness/cluster/snapshot/snapshot.ts";
import { EngineAtFault, Nonconformance } from "#harness/core/errors.ts";
import { Aftermath, failureThat, type Remains } from "./aftermath.ts";
import { judgeOmissions, judgeRefusal } from "./engine-at-fault.ts";
import { nothingHeld } from "./held.ts";

const left = (thing: string): SnapshotDifference => ({
  ...{ host: "node1", kind: "links" },
  change: "left behind",
  thing,
});
const failure = new Nonconformance({ who: "c-1 to c-2", expected: "an answer", got: "none" });

/** A test of R6 before and after which this was there, and that ended with `thrown`. */
async function after(before: Remains, then: Remains, thrown: unknown = failure): Promise<Aftermath> {
  const aftermath = new Aftermath();
  const looks = [before, then];
  const failed = await aftermath.watch("R6", async () => looks.shift() ?? then);
  await failed(thrown);
  return aftermath;
}

const nothing: Remains = { differences: [], held: nothingHeld };
const some: Remains = {
  differences: [left("veth1"), left("shared")],
  held: { ...nothingHeld, endpoints: ["node1 e1"] },
};

test("what came to be in a test that failed, and stayed, follows from it", async () => {
  const aftermath = await after(nothing, some);
  const because = { kind: "same words", what: "c-1 to c-2: expected an answer, got none" };
  expect(aftermath.ofLeft([left("veth1")])).toMatchObject({
    because,
    evidence: expect.stringMatching(/^it follows from R6: /),
  });
  expect(aftermath.ofHeld(some.held)).toMatchObject({ because });
});

test("what was there before, or came later, is a cause of its own", async () => {
  expect((await after(some, some)).ofLeft([left("veth1")])).toBeUndefined();
  expect((await after(some, some)).ofHeld(some.held)).toBeUndefined();
  const aftermath = await after(nothing, some);
  expect(aftermath.ofLeft([left("veth1"), left("veth2")])).toBeUndefined();
  expect(aftermath.ofHeld({ ...some.held, joins: ["node1 e1"] })).toBeUndefined();
  expect(new Aftermath().ofLeft([left("veth1")])).toBeUndefined();
});

test("a failure that names its cause has that one, and one that nobody foresaw takes nothing along", async () => {
  const because = { kind: "plugin start", what: "mine ended" } as const;
  const named = new Nonconformance({ who: "mine", expected: "a", got: "b", because });
  expect((await after(nothing, some, named)).ofLeft([left("veth1")])).toMatchObject({ because });
  expect((await after(nothing, some, new TypeError("no"))).ofLeft([left("veth1")])).toBeUndefined();
});

test("what follows from an engine's fault charges the plugin no more than that did", async () => {
  const because = { kind: "call left out", what: "the engine of node1 never sent Leave" } as const;
  const aftermath = await after(nothing, some, new EngineAtFault("no Leave", { because }));
  const finding = { who: "the nodes", expected: "nothing left", got: "veth1" };
  const failed = failureThat(finding, aftermath.ofLeft([left("veth1")]));
  expect(failed).toBeInstanceOf(EngineAtFault);
  expect(failed).toMatchObject({
    because,
    message: expect.stringMatching(/^the nodes: expected nothing left, got veth1\nit follows from R6: /),
  });
  expect(failureThat(finding, aftermath.ofLeft([left("veth9")]))).toBeInstanceOf(Nonconformance);
  expect(failureThat(finding, (await after(nothing, some)).ofLeft([left("veth1")]))).toBeInstanceOf(
    Nonconformance,
  );
});

test("the engine is named with the call that never came, and what failed then is told", () => {
  const exchange = (call: string) => ({
    ...{ id: 1, plugin: "mine", caller: "node1", call, request: '{"NetworkID":"n","EndpointID":"e1"}' },
    ...{ status: 200, answer: "{}", startedAt: 0, endedAt: 1 },
  });
  const has = { networks: new Set<string>(), endpoints: new Set<string>() };
  const told = judgeOmissions("net-1 would not go", {
    ...{ held: some.held, has, exchanges: [exchange("NetworkDriver.CreateEndpoint")] },
  });
  expect(told).toMatchObject({
    message:
      "the engine of node1 never sent NetworkDriver.DeleteEndpoint for an endpoint that it had made\n  the engine of node1: expected NetworkDriver.DeleteEndpoint for endpoint e1, whose container is gone, got no such call in the recording\n  What failed then: net-1 would not go",
    because: {
      kind: "call left out",
      what: "the engine of node1 never sent NetworkDriver.DeleteEndpoint for an endpoint that it had made",
    },
  });
  const asked = [exchange("NetworkDriver.CreateEndpoint"), exchange("NetworkDriver.DeleteEndpoint")];
  expect(judgeOmissions("no", { held: some.held, has, exchanges: asked })).toBeUndefined();
});

test("a refusal that follows from what an engine left out is the engine's, unless something else is held", () => {
  const exchange = (call: string, answer: object, at: number, id = "e1", address = "10.1.1.9/24") => ({
    ...{ id: at, plugin: "mine", caller: "node1", call, startedAt: at, endedAt: at + 1 },
    request: JSON.stringify({ NetworkID: "n", EndpointID: id, Interface: { Address: address } }),
    ...{ status: 200, answer: JSON.stringify(answer) },
  });
  const made = exchange("NetworkDriver.CreateEndpoint", {}, 1);
  const refused = exchange("NetworkDriver.CreateEndpoint", { Err: "it has an owner" }, 3, "e2");
  const has = { networks: new Set<string>(), endpoints: new Set<string>() };
  const failed = "node1: docker start c-1: expected success, got HTTP 500: remote: it has an owner";
  const seen = { held: nothing.held, has, exchanges: [made, refused] };
  expect(judgeRefusal(failed, seen)?.message).toBe(
    `the engine of node1 never sent NetworkDriver.DeleteEndpoint for an endpoint that it had made\n  the engine of node1: expected NetworkDriver.DeleteEndpoint for endpoint e1, whose container is gone, got no such call in the recording\n  What failed then: ${failed}`,
  );
  expect(judgeRefusal(failed, { ...seen, held: some.held })).toBeInstanceOf(EngineAtFault);
  const asked = exchange("NetworkDriver.CreateEndpoint", {}, 5, "e3", "10.1.1.7/24");
  const deleted = exchange("NetworkDriver.DeleteEndpoint", { Err: "busy" }, 7, "e3");
  const held = { ...some.held, endpoints: [...some.held.endpoints, "node1 e3"] };
  const exchanges = [made, refused, asked, deleted];
  expect(judgeRefusal(failed, { held, has, exchanges })).toBeUndefined();
});
