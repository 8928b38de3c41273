import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { labels, removeByLabel } from "#harness/cluster/containers/labels.ts";
import { ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ensureNodeImage } from "#harness/cluster/images/node-image.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { parseEngine } from "#harness/core/engines/grammar.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { passOnUnlessGiven } from "#harness/core/settings/session.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { NodeContainer } from "./node-container.ts";

describe("a node that does not boot", () => {
  test("is told with what it said last", async () => {
    await using scope = new Scope("a node without a key");
    const node = await prepare(scope, { AUTHORIZED_KEY: "" });
    await expect(node.onNetwork("none").boot()).rejects.toThrow(
      /-node1 \(\S+\) did not start: [\s\S]*its last lines:\n.*AUTHORIZED_KEY must hold the public key/,
    );
  }, 300_000);

  test("because its engine refuses is told with that one's own words", async () => {
    await using scope = new Scope("a node whose engine refuses");
    const node = await prepare(scope, { AUTHORIZED_KEY: "none", DOCKERD_FLAGS: "--no-such-flag" });
    await expect(node.boot()).rejects.toThrow(
      /did not start: dockerd ended before it answered; [\s\S]*unknown flag: --no-such-flag/,
    );
  }, 300_000);
});

/** Boots the node again with an sshd that listens half a second after it went to the background, and connects once it is said to listen. */
const bootSlowly = `
kill "$(cat /run/sshd.pid)"
mv /usr/sbin/sshd /usr/sbin/sshd-soon
printf '#!/bin/sh\\n(sleep 0.5; exec /usr/sbin/sshd-soon "$@") &\\n' >/usr/sbin/sshd
chmod +x /usr/sbin/sshd
netconform-node | {
  while read -r line && [ "$line" != "netconform-node: sshd listens" ]; do :; done
  bash -c '</dev/tcp/127.0.0.1/22' && echo connected
  pkill --newest --full 'sleep infinity'
}`;

test("a node says that sshd listens when it does", async () => {
  await using scope = new Scope("a node that boots");
  const node = await prepare(scope, { AUTHORIZED_KEY: "none", ROLE: "external" });
  const container = await node.onNetwork("none").start();
  const { output } = await container.exec(["sh", "-c", bootSlowly]);
  expect(output).toMatch(/^connected$/m);
}, 300_000);

async function prepare(
  scope: Scope,
  environment: { AUTHORIZED_KEY: string; DOCKERD_FLAGS?: string; ROLE?: "external" },
): Promise<NodeContainer> {
  const settings = readSettings();
  const progress = progressOn(process.stderr);
  const { docker, release } = await ensureEngine(settings, progress);
  scope.defer("the host engine", () => release());
  // As for a cluster: nodes are reached at their own addresses.
  passOnUnlessGiven({ TESTCONTAINERS_HOST_OVERRIDE: "127.0.0.1" });
  const [own] = parseEngine("26.1");
  if (!own) throw new HarnessError("expected an engine, got none");
  const { image: nodeImage } = await ensureNodeImage(docker, own.source, settings, progress);
  const id = `nc-refuses-${randomBytes(3).toString("hex")}`;
  scope.defer("the node", () => removeByLabel(docker, labels.cluster, id));
  return new NodeContainer({ id, nodeImage, cache: settings.CACHE }, "node1", {
    ROLE: "node",
    ...environment,
  });
}
