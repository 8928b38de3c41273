import { afterAll, beforeAll, expect, test } from "vitest";
import { daemon } from "#drivers/kit/daemon/daemon.ts";
import { connectRecorder } from "#harness/cnm/recorder/recorder.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { makeOneNode, type TestNodes } from "#harness/testing/support/clusters/one-node.ts";
import { smallPlugin } from "#harness/testing/support/small-plugin.ts";
import { recordPlugin } from "./record-plugin.ts";

let made: TestNodes;

beforeAll(async () => {
  made = await makeOneNode("recorder");
}, 180_000);

afterAll(() => made?.[Symbol.asyncDispose]());

test.each([
  ["by-tcp", "8765", "/etc/docker/plugins/by-tcp.spec", "tcp://127.0.0.1:8765", "by-tcp"],
  [
    "by-unix",
    "/run/by-unix.sock",
    "/usr/lib/docker/plugins/by-unix.json",
    '{"Name":"by-unix","Addr":"unix:///run/by-unix.sock"}',
    "/usr/lib/docker/plugins/by-unix.json",
  ],
])(
  "records what the engine says to the plugin %s at %s, and puts %s back",
  async (name, at, file, spec, specFile) => {
    const [node] = made.cluster.nodes;
    const scope = new Scope("recorder test");
    const listens = ["sh", "-c", 'test -S "$1" || curl --silent --output /dev/null "127.0.0.1:$1"', "sh", at];
    await daemon(scope, {
      node: node!,
      name,
      argv: smallPlugin(name, at, { refuses: true }),
      ready: async (host) => (await host.exec(listens)).code === 0,
    });
    await node!.run(["mkdir", "--parents", file.slice(0, file.lastIndexOf("/"))]);
    scope.defer(file, () => node!.files.remove(file));
    await node!.files.write(file, spec);
    const recording = scope.child("the recorder");
    const { recorder } = await recordPlugin(recording, made.cluster, { specFile });
    const created = node!.docker.createNetwork({ Name: name, Driver: name });
    await expect(created).rejects.toThrow(`refused by ${name}`);
    const { exchanges } = await connectRecorder(recorder).since([0]);
    expect(exchanges.map(({ call }) => call)).toEqual(
      expect.arrayContaining(["Plugin.Activate", "NetworkDriver.CreateNetwork"]),
    );
    await recording.close();
    expect(await node!.files.readText(file)).toBe(spec);
    expect(
      (await node!.exec(["sh", "-c", "ls -d /run/netconform-recorder-* /run/*.behind-proxy"])).stdout,
    ).toBe("");
    await scope.close();
  },
);
