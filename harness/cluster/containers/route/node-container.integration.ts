import { expect, test } from "vitest";
import { ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ensureNodeImage } from "#harness/cluster/images/node-image.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { parseEngine } from "#harness/core/engines/grammar.ts";
import { passOnUnlessGiven } from "#harness/core/settings/session.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { NodeContainer } from "./node-container.ts";

test("a node that does not boot is told with what it said last", async () => {
  const settings = readSettings();
  const [{ source } = { source: undefined }] = parseEngine(settings.ENGINE[0] ?? "");
  if (!source) throw new Error("expected an engine in the settings");
  const progress = progressOn(process.stderr);
  const engine = await ensureEngine(settings, progress);
  // As for a cluster: nodes are reached at their own addresses.
  passOnUnlessGiven({ TESTCONTAINERS_HOST_OVERRIDE: "127.0.0.1" });
  try {
    const { image } = await ensureNodeImage(engine.docker, source, settings, progress);
    const mark = { id: `nc-unbootable-${process.pid}`, nodeImage: image, cache: settings.CACHE };
    const node = new NodeContainer(mark, "node1", { ROLE: "node", AUTHORIZED_KEY: "" });
    await expect(node.onNetwork("none").boot()).rejects.toThrow(
      /-node1 \(\S+\) did not start: [\s\S]*its last lines:\n.*AUTHORIZED_KEY must hold the public key/,
    );
  } finally {
    await engine.release();
  }
}, 300_000);
