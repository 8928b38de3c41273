import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { DeadlineExceeded, HarnessError, ProbeFailed } from "#harness/core/errors.ts";
import { RpcClient } from "./client.ts";
import { bothHalves, errorCodes, RpcError } from "./messages.ts";
import { checked, type Handlers, serveRpc } from "./server.ts";
import { callSocket, serveSocket } from "./socket.ts";

interface Methods {
  double(given: { value: number }): number;
  nothing(given: object): void;
  fail(given: object): number;
  wait(given: object): string;
}

interface Echo {
  echo(given: { said: string }): string;
}

/** A client and the methods that it calls; `cancelled` are the reasons why `wait` was given up. */
function connected() {
  const cancelled: unknown[] = [];
  const methods: Handlers<Methods> = {
    double: checked(z.object({ value: z.number() }), ({ value }) => value * 2),
    nothing: () => {},
    fail: () => {
      throw new RpcError("it does not fit", { kind: "size" });
    },
    wait: (_, signal) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          cancelled.push(signal.reason.message);
          reject(signal.reason);
        });
      });
    },
  };
  const [near, far] = duplexPair();
  serveRpc(bothHalves(far), methods);
  return { near, far, cancelled, client: new RpcClient<Methods>(bothHalves(near), { peer: "the peer" }) };
}

/** A client whose peer says what a test writes. */
function lonely(options: Partial<ConstructorParameters<typeof RpcClient>[1]> = {}): {
  far: Duplex;
  client: RpcClient<Methods>;
} {
  const [near, far] = duplexPair();
  return { far, client: new RpcClient<Methods>(bothHalves(near), { peer: "the peer", ...options }) };
}

it("answers any number of calls that are under way at once", async () => {
  const { client } = connected();
  const values = Array.from({ length: 100 }, (_, value) => value);
  expect(await Promise.all(values.map((value) => client.call("double", { value })))).toEqual(
    values.map((value) => value * 2),
  );
  expect(await client.call("nothing", {})).toBeNull();
});

it("carries text that readline would take for the end of a line", async () => {
  const path = `/tmp/netconform-rpc-test-${process.pid}-${Math.random()}.sock`;
  const served = await serveSocket<Echo>(path, {
    echo: ({ said }) => said,
  });
  onTestFinished(() => served.close());
  const said = `a\u2028b\r\n${"é".repeat(100_000)}`;
  const lost = (reason: string) => new HarnessError(reason);
  expect(await callSocket<Echo, "echo">(path, "echo", { said }, { lost })).toBe(said);
});

it("tells why a method failed, and which failure it is", async () => {
  const { client } = connected();
  await expect(client.call("fail", {})).rejects.toThrow(/^it does not fit$/);
  await expect(client.call("fail", {})).rejects.toMatchObject({ code: errorCodes.failed, kind: "size" });
});

it("refuses parameters and methods that do not exist by name", async () => {
  const { client } = connected();
  await expect(client.call("double", { value: "two" as unknown as number })).rejects.toThrow(
    /^double: .*value/s,
  );
  const other = client as unknown as RpcClient<{ toString(given: object): string }>;
  await expect(other.call("toString", {})).rejects.toMatchObject({
    message: 'there is no method "toString"',
    code: errorCodes.unknownMethod,
  });
});

it("gives a call up on both sides at its deadline, and at a signal", async () => {
  const { client, cancelled } = connected();
  const late = client.call("wait", {}, { deadline: { what: "the peer to answer", deadlineMs: 20 } });
  await expect(late).rejects.toThrow(DeadlineExceeded);
  const control = new AbortController();
  const aborted = client.call("wait", {}, { signal: control.signal });
  control.abort(new Error("no longer wanted"));
  await expect(aborted).rejects.toThrow("no longer wanted");
  await client.call("nothing", {});
  expect(cancelled).toEqual(["the caller gave the call up", "the caller gave the call up"]);
  expect(await client.call("double", { value: 4 })).toBe(8);
});

it("aborts what is under way when the caller goes away", async () => {
  const { client, near, cancelled } = connected();
  const pending = client.call("wait", {});
  await client.call("nothing", {});
  near.destroy();
  await expect(pending).rejects.toThrow("the peer: the connection was closed");
  await expect.poll(() => cancelled).toEqual(["the caller went away"]);
});

it("fails what is under way, and later calls, once the peer ended", async () => {
  const { client, far } = lonely();
  const pending = client.call("wait", {});
  far.end();
  await expect(pending).rejects.toThrow(new HarnessError("the peer: the connection was closed"));
  await expect(client.call("wait", {})).rejects.toThrow("the peer: the connection was closed");
});

it("fails with why the peer ended, where that is known", async () => {
  const { promise, resolve } = Promise.withResolvers<Error>();
  const { client, far } = lonely({ ended: promise });
  const pending = client.call("wait", {});
  far.end();
  resolve(new ProbeFailed("it exited with 127"));
  await expect(pending).rejects.toThrow(new ProbeFailed("it exited with 127"));
});

it.each([
  ["no JSON", "Traceback (most recent call last):\n", "Traceback"],
  ["no answer", '{"jsonrpc":"2.0","id":"one"}\n', "id"],
  ["half an answer", '{"jsonrpc":"2.0","id":1,"res', "res"],
])("fails everything when the peer says %s", async (_, said, shown) => {
  const { client, far } = lonely({ lost: (reason) => new ProbeFailed(`lost: ${reason}`) });
  const pending = [client.call("wait", {}), client.call("nothing", {})];
  far.end(said);
  for (const call of await Promise.allSettled(pending)) {
    expect(call).toMatchObject({ status: "rejected", reason: expect.any(ProbeFailed) });
    expect(String((call as PromiseRejectedResult).reason)).toMatch(
      /lost: expected an answer of JSON-RPC in one line, got /,
    );
    expect(String((call as PromiseRejectedResult).reason)).toContain(shown);
  }
});

it("ignores an answer that nobody waits for any more", async () => {
  const { client, far } = lonely();
  const pending = client.call("double", { value: 1 });
  far.write('{"jsonrpc":"2.0","id":7,"result":1}\n{"jsonrpc":"2.0","id":1,"result":2}\n');
  expect(await pending).toBe(2);
});

it("answers what is no request once, and ends the connection", async () => {
  const [near, far] = duplexPair();
  serveRpc<Methods>(bothHalves(far), { double: () => 1, nothing: () => {}, fail: () => 1, wait: () => "" });
  near.write('hello\n{"jsonrpc":"2.0","id":1,"method":"double"}\n');
  const answers = (await text(near)).trim().split("\n");
  expect(answers).toHaveLength(1);
  expect(JSON.parse(answers[0]!)).toMatchObject({
    id: null,
    error: { code: errorCodes.garbage, message: expect.stringContaining('got "hello"') },
  });
});

it("makes the peer's complaint about garbage the error of what is under way", async () => {
  const { client, near } = connected();
  const pending = client.call("wait", {});
  near.write("garbage\n");
  await expect(pending).rejects.toThrow(
    /^the peer: expected a request of JSON-RPC in one line, got "garbage"$/,
  );
});

it("serves a socket until it is closed, which cuts off what is under way", async () => {
  const path = `/tmp/netconform-rpc-test-${process.pid}-${Math.random()}.sock`;
  const lost = (reason: string, cause?: Error) => new HarnessError(`nobody at ${path}: ${reason}`, { cause });
  await expect(callSocket<Methods, "nothing">(path, "nothing", {}, { lost })).rejects.toThrow(
    `nobody at ${path}: connect ENOENT`,
  );
  const served = await serveSocket<Pick<Methods, "double" | "wait">>(path, {
    double: ({ value }) => value * 2,
    wait: () => new Promise(() => {}),
  });
  const call = (name: "wait") => callSocket<Methods, "wait">(path, name, {}, { lost });
  expect(await callSocket<Methods, "double">(path, "double", { value: 3 }, { lost })).toBe(6);
  const pending = call("wait");
  pending.catch(() => {});
  const idle = connect(path);
  idle.on("error", () => {});
  await once(idle, "connect");
  served.close();
  await expect(pending).rejects.toThrow(/^nobody at .*: (the connection was closed|read ECONNRESET)$/);
  expect(existsSync(path)).toBe(false);
});
