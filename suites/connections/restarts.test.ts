import { chapter } from "#harness/conformance/chapter.ts";
import { runPair } from "#harness/conformance/pair.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { startEngine, stopEngine } from "#harness/workload/docker/engine/ends.ts";
import { enableLiveRestore } from "#harness/workload/docker/engine/live-restore.ts";
import { refuseCni } from "#suites/lifecycle/fixture.ts";
import { holdThrough } from "./held.ts";

const alone = { alone: true, breaks: true, deadlineMs: 300_000 };

/** What is held while what carries it ends and comes back. */
chapter("connections", ({ requirement }) => {
  requirement(
    "H2",
    "the plugin is ended, and started again",
    async (test) => {
      const { restart } = test.driver;
      if (!restart) throw new Unsupported("the driver cannot restart its plugin");
      const { a, b } = await runPair(test.scope, test);
      await holdThrough(test, [a, b], {
        what: "the plugin was started again",
        budget: "plugin",
        act: () => restart.call(test.driver),
      });
    },
    alone,
  );

  requirement(
    "H3",
    "an engine is ended, and started again",
    async (test) => {
      refuseCni(test.declaration);
      // The second one, since others in a swarm of one manager need the first.
      const { a, b } = await runPair(test.scope, test);
      await enableLiveRestore(test.scope, b.node);
      await holdThrough(test, [a, b], {
        what: `the engine of ${b.node.name} was started again`,
        budget: "engine",
        act: async () => {
          await stopEngine(test.scope, b.node);
          await startEngine(b.node);
        },
      });
    },
    alone,
  );
});
