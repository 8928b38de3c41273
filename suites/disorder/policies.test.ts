import { usualPolicySemantics } from "#drivers/driver.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { workerSelection, workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import { allEnded } from "#harness/core/async/all-ended.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { generateCases } from "#harness/oracle/cases/generate.ts";
import { makeSmaller, playAll } from "./policies/campaign.ts";
import { differs, evidenceOf } from "./policies/failure.ts";
import { makeField, makeSurroundings } from "./policies/field.ts";
import { Player } from "./policies/player.ts";

/** Fields on which cases are played at the same time: a case waits for packets that do not come most of its time. */
const fieldsAtATime = 3;
const usualSeed = 1;
/** It takes two minutes where nothing else runs. */
const deadlineMs = 30 * 60_000;

chapter("disorder", ({ requirement, shared }) => {
  const surroundings = shared("another tenant and another network", makeSurroundings);

  requirement(
    "D1",
    "generated cases of policies come to what the rules say",
    async (test) => {
      const { policySemantics: semantics = usualPolicySemantics } = test.declaration;
      const around = await test.use(surroundings);
      const another = async () => {
        const scope: Scope = test.scope.child("a field", { kind: "field" });
        const player = new Player(await makeField({ ...test, scope }, around), scope, semantics);
        await player.begin();
        return player;
      };
      const { seed: shuffled = usualSeed, generated: seed = shuffled } = workerSelection();
      const cases = generateCases(seed, workerSettings().POLICY_CASES, { semantics, ipv6: around.ipv6 });
      const players = await allEnded(Array.from({ length: fieldsAtATime }, another));
      const { played, failed } = await playAll(players, cases);
      const flows = played.flatMap(({ table }) => table);
      test.fact("seed", seed);
      test.fact("cases", played.length);
      test.fact("flows", flows.length);
      test.fact("flows that must be blocked", flows.filter(({ verdict }) => verdict === "blocked").length);
      const late = played.filter(({ atOnce }) => !atOnce).length;
      if (late > 0) test.note(`${late} of ${played.length} cases were right at a second look only`);
      if (!failed) return;
      const smallest = await makeSmaller(failed, another);
      for (const file of evidenceOf(smallest, { cases, seed })) test.keep(file);
      throw differs(smallest, { cases, seed });
    },
    { alone: true, deadlineMs },
  );
});
