import { refuseSharedClock } from "#harness/cluster/engines/loss/clock.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { workerSelection, workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import type { History } from "#harness/oracle/nemesis/history.ts";
import { factsOf, playSeeds, varyingFactsOf } from "./nemesis/campaign.ts";
import { filesOf, notHealed } from "./nemesis/failure.ts";
import { placesOf } from "./nemesis/field.ts";
import { play } from "./nemesis/play.ts";
import { whatIsPossible } from "./nemesis/possible.ts";

const usualSeed = 1;
/** Thirty seeds take four minutes where nothing else runs. */
const deadlineMs = 90 * 60_000;

chapter("disorder", ({ requirement }) => {
  requirement(
    "D5",
    "schedules of disturbances, each from a seed, with changes meanwhile",
    async (test) => {
      const { name } = test.declaration;
      const { possible, without } = await whatIsPossible(test);
      for (const reason of without) test.note(`not among the disturbances: ${reason}`);
      const { generated, seed: shuffled } = workerSelection();
      const first = generated ?? shuffled ?? usualSeed;
      const seeds = Array.from({ length: workerSettings().NEMESIS_SEEDS }, (_, index) => first + index);
      const kept: History[] = [];
      try {
        const { histories, smallest } = await playSeeds(test, seeds, possible, (one) => kept.push(one));
        test.fact("first seed", first);
        for (const [what, value] of factsOf(histories)) test.fact(what, value);
        for (const [what, value] of varyingFactsOf(histories)) test.varyingFact(what, value);
        if (smallest) {
          kept.push(smallest.history);
          throw notHealed({ ...smallest, again: `-t D5 --seed ${smallest.history.seed}` });
        }
      } finally {
        for (const file of filesOf(`Nemesis on ${name}`, kept)) test.keep(file, { always: true });
      }
    },
    { alone: true, breaks: true, deadlineMs },
  );

  requirement(
    "D5b",
    "the clock of a node, set an hour ahead and back",
    async (test) => {
      const { near, far } = placesOf(test.cluster);
      await refuseSharedClock(far, [near]);
      const jump = { what: { kind: "clock jump" }, from: 0, to: 1 } as const;
      const schedule = { disturbances: [jump], changes: [] };
      const files = (history: History) =>
        filesOf(`A clock that jumps, on ${test.declaration.name}`, [history]);
      const history = await play(test, { seed: usualSeed, schedule }, (kept) => {
        for (const file of files(kept)) test.keep(file, { always: true });
      });
      if (history.findings.length > 0) {
        throw notHealed({ history, told: "which is always this one", again: "-t D5b" });
      }
    },
    { alone: true, breaks: true },
  );
});
