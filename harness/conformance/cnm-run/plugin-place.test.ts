import { expect, test } from "vitest";
import { Scope } from "#harness/core/async/scope.ts";
import { Blocked, UsageError } from "#harness/core/errors.ts";
import { makeScratchFolder } from "#harness/core/process/scratch.ts";
import { locatePlugin } from "./plugin-place.ts";

const scope = new Scope("places");
const CACHE = makeScratchFolder();
const locate = (PLUGIN: string) => locatePlugin({ PLUGIN, CACHE }, scope);

test.each([
  "/run/docker/plugins/mine.sock",
  "tcp://127.0.0.1:9000",
  "tcp://localhost:9000",
  "tcp://[::1]:9000",
])("a plugin at %s works on this machine", async (address) => {
  expect((await locate(address)).host().name).toBe("local");
});

test("what a plugin at another machine's port makes cannot be looked at, and that is said", async () => {
  const { host, socket } = await locate("tcp://192.0.2.7:9000");
  expect(socket.address).toBe("tcp://192.0.2.7:9000");
  expect(host).toThrow(Blocked);
  expect(host).toThrow(
    "the interfaces of the machine behind tcp://192.0.2.7:9000 cannot be looked at from here",
  );
});

test("a node of no cluster is a mistake of the caller", async () => {
  await expect(locate("node1:/run/mine.sock")).rejects.toThrow(UsageError);
  await expect(locate("nc-1/node1:/run/mine.sock")).rejects.toThrow("0 clusters have a node node1");
});
