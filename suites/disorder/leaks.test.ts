import { chapter } from "#harness/conformance/chapter.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import { describeSpread } from "#harness/core/figures/statistics.ts";
import { amongOtherNetworks, expectNoneThrough, makeStrangers, packetsThrough } from "./leaks/apart.ts";
import { expectNoLeak, type Start, startAndStop } from "./leaks/campaign.ts";
import { makeField } from "./leaks/field.ts";
import { startContainer, startInNamespace } from "./leaks/first-process.ts";
import { sender } from "./leaks/sender.ts";

/** Each sends thousands of packets in a second. */
const startsAtATime = 3;
const deadlineMs = 30 * 60_000;

chapter("disorder", ({ requirement, shared }) => {
  const starts = shared("containers that send while they start and stop", async (context) => {
    const { declaration, scope } = context;
    const field = await makeField(context);
    const throughCni = declaration.capabilities.includes("cni");
    // What ends has its network until it has ended, but over CNI.
    const hotplug = declaration.capabilities.includes("hotplug");
    return startAndStop(field, scope, {
      starts: workerSettings().STARTS,
      atATime: startsAtATime,
      begin: (own, node, spec) =>
        (throughCni ? startInNamespace : startContainer)(own, field.network, node, sender(spec)),
      losesNetwork: (number) => throughCni || (hotplug && number % 4 >= 2),
    });
  });

  requirement(
    "D3",
    "no packet gets past a policy while a container starts, stops or leaves its network",
    async (test) => {
      const seen = tell(test, await test.use(starts));
      expectNoLeak(seen, "policy", "no packet past its policy, from its first instruction on");
    },
    { alone: true, deadlineMs },
  );

  requirement(
    "D3b",
    "no packet gets to another tenant while a container starts, stops or leaves its network",
    async (test) => {
      const seen = tell(test, await test.use(starts));
      expectNoLeak(seen, "tenant", "no packet to the other tenant, from its first instruction on");
    },
    { alone: true, deadlineMs },
  );

  requirement(
    "D3c",
    "no packet leaves a node untranslated while a container starts, stops or leaves its network",
    async (test) => {
      // Without one it is blocked.
      const { name } = test.cluster.external;
      const seen = tell(test, await test.use(starts));
      expectNoLeak(seen, "translation", `no packet at ${name} but from the node's address`);
    },
    { alone: true, deadlineMs },
  );

  requirement(
    "D3d",
    "no packet gets from one network to another while others are made and removed",
    async (test) => {
      const strangers = await makeStrangers(test);
      const seen = await amongOtherNetworks(test, strangers, workerSettings().NETWORK_ROUNDS);
      const { rounds, attempts, breaches } = seen;
      test.fact("networks made and removed", rounds);
      test.fact("packets sent meanwhile", attempts);
      test.fact("packets that came through", packetsThrough(seen));
      test.fact("rounds in which some came through", new Set(breaches.map(({ round }) => round)).size);
      test.keep({ name: "breaches.json", content: JSON.stringify(breaches, undefined, 2) });
      expectNoneThrough(strangers, seen);
    },
    { alone: true, deadlineMs },
  );
});

/** Says how many starts there were, and how long what the user sees of them takes. */
function tell({ fact, note, keep }: TestTools, starts: readonly Start[]): readonly Start[] {
  fact("starts", starts.length);
  note(`order to start to first packet: ${describeSpread(starts.map(({ startMs }) => startMs))}`);
  note(`order to stop to last packet: ${describeSpread(starts.map(({ stopMs }) => stopMs))}`);
  keep({ name: "starts.json", content: JSON.stringify(starts, undefined, 2) });
  return starts;
}
