import { chapter } from "#harness/conformance/chapter.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import { tellSpread } from "./latencies/verdict.ts";
import { amongOtherNetworks, expectNoneThrough, makeStrangers, packetsThrough } from "./leaks/apart.ts";
import { Campaign } from "./leaks/campaign.ts";
import { amongOtherGroups, expectNoneIn, makeClosedPorts } from "./leaks/closed.ts";
import { makeField } from "./leaks/field.ts";
import { startContainer, startInNamespace } from "./leaks/first-process.ts";
import { sender } from "./leaks/sender.ts";
import { type Border, expectNoLeak } from "./leaks/starts.ts";

/** Each sends thousands of packets in a second. */
const startsAtATime = 3;
const deadlineMs = 30 * 60_000;
/** A group is made in a tenth of the time that a network with a container takes. */
const groupsPerRound = 10;

chapter("disorder", ({ requirement, shared }) => {
  const campaign = shared("containers that send while they start and stop", async (context) => {
    const { declaration, scope } = context;
    const field = await makeField(context);
    const throughCni = declaration.capabilities.includes("cni");
    // What ends has its network until it has ended, but over CNI.
    const hotplug = declaration.capabilities.includes("hotplug");
    return new Campaign(field, scope, {
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
      await judge(
        test,
        await test.use(campaign),
        "policy",
        "no packet past its policy, from its first instruction on",
      );
    },
    { alone: true, deadlineMs },
  );

  requirement(
    "D3b",
    "no packet gets to another tenant while a container starts, stops or leaves its network",
    async (test) => {
      await judge(
        test,
        await test.use(campaign),
        "tenant",
        "no packet to the other tenant, from its first instruction on",
      );
    },
    { alone: true, deadlineMs },
  );

  requirement(
    "D3c",
    "no packet leaves a node untranslated while a container starts, stops or leaves its network",
    async (test) => {
      // Without one it is blocked.
      const { name } = test.cluster.external;
      const expected = `no packet at ${name} but from the node's address`;
      await judge(test, await test.use(campaign), "translation", expected);
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
      test.varyingFact("packets sent meanwhile", attempts);
      test.varyingFact("packets that came through", packetsThrough(seen));
      test.varyingFact("rounds in which some came through", new Set(breaches.map(({ round }) => round)).size);
      test.keep({ name: "breaches.json", content: JSON.stringify(breaches, undefined, 2) });
      expectNoneThrough(strangers, seen);
    },
    { alone: true, deadlineMs },
  );

  requirement(
    "D3e",
    "nothing gets past a policy while other groups and their policies are made and removed",
    async (test) => {
      const ports = await makeClosedPorts(test);
      const seen = await amongOtherGroups(test, ports, groupsPerRound * workerSettings().NETWORK_ROUNDS);
      const { rounds, attempts, intrusions } = seen;
      test.fact("groups made and removed", rounds);
      test.varyingFact("attempts meanwhile", attempts);
      test.keep({ name: "intrusions.json", content: JSON.stringify(intrusions, undefined, 2) });
      expectNoneIn(ports, seen);
    },
    { alone: true, deadlineMs },
  );
});

/** Judges a border, and says by how many starts, and how long what the user sees of them takes. */
async function judge(test: TestTools, campaign: Campaign, border: Border, expected: string): Promise<void> {
  const starts = await campaign.judge(border);
  test.varyingFact("starts", starts.length);
  const begins = starts.map(({ startMs }) => startMs);
  tellSpread(test, "first packet", "from the order to start to the first packet", begins);
  const stops = starts.map(({ stopMs }) => stopMs);
  tellSpread(test, "last packet", "from the order to stop to the last packet", stops);
  test.keep({ name: "starts.json", content: JSON.stringify(starts, undefined, 2) }, { always: true });
  expectNoLeak(starts, campaign.asked, border, expected);
}
