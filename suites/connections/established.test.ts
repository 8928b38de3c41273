import { usualPolicySemantics } from "#drivers/driver.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { heldOver, nameOf } from "#harness/conformance/ip-versions/each.ts";
import { type Nonconformance, Unsupported } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { tellAll } from "#harness/observe/probe/held/connection.ts";
import { silentAfter, untilCarried } from "./carried.ts";
import { makeField } from "./established/field.ts";
import { expectInForce } from "./established/in-force.ts";
import { giveInTurn, unconcerned } from "./established/in-turn.ts";
import { changes, standing } from "./established/orders.ts";
import { describeFates, dueMs, judge, refuseBusy, seenOf } from "./established/verdict.ts";

/** How long it is looked at whether anything gets through, after the last order is due. */
const windowMs = 1_500;

chapter("connections", ({ requirement }) => {
  for (const [name, change] of Object.entries(changes)) {
    requirement(
      "H1",
      `after ${name}`,
      async (test) => {
        const { policySemantics: semantics = usualPolicySemantics } = test.declaration;
        const { established } = semantics;
        if (semantics.combine === "additive" && change.before(semantics).length === 0)
          throw new Unsupported("rules only allow, so that none denies");
        const field = await makeField(test, test.scope, [...change.before(semantics), ...standing]);
        const { policy, ways, beside, controls, versions } = field;
        heldOver(test, versions);
        const { given, broken } = await giveInTurn(field, change, name);
        if (broken) await tellBroken(broken);
        const to = Math.max(...given.map(({ returned }) => returned)) + scaled(dueMs) + windowMs;
        await untilCarried(controls, to, "while rules changed");
        const silent = await silentAfter(beside, to);
        if (silent.length > 0) await tellBroken(await unconcerned(silent, beside, `${name}, in the end`));
        const told = await tellAll(ways.map(({ connection }) => connection));
        const seen = ways.flatMap((way, index) => {
          const own = given.find(({ subject }) => subject === way.subject)!;
          return seenOf(way, told[index]!, { ...own, to });
        });
        const fates = describeFates(seen);
        for (const version of versions) {
          const own = seen.filter(({ way }) => way.version === version);
          test.fact(`${name}: established connections over ${nameOf(version)}`, describeFates(own));
        }
        if (established === "cut")
          test.varyingFact(`${name}: slowest cut ms`, Math.max(...seen.map((one) => one.lastMs)));
        const failure = established && judge(seen, established, name);
        if (failure && established === "cut")
          refuseBusy(await tellAll(controls), seen, Math.min(...given.map(({ returned }) => returned)));
        if (!failure && fates === "kept") await expectInForce(field);
        await undoAll();
        await untilCarried(
          ways.filter(({ subject: { protocol } }) => protocol === "udp").map(({ connection }) => connection),
          Date.now(),
          "when the rules were as before",
        );
        if (failure) throw failure;
        refuseUndeclared();

        async function undoAll(): Promise<void> {
          for (const { subject } of given) await change.undo(policy, subject);
        }

        function refuseUndeclared(): void {
          if (established) return;
          throw new Unsupported(
            `${test.declaration.name} does not declare what becomes of established connections`,
          );
        }

        /** What no order concerns goes on, whichever is declared. Where neither is, it is a fact as all the rest. */
        async function tellBroken(failure: Nonconformance): Promise<never> {
          await undoAll();
          test.fact(`${name}: connections that no order concerned`, failure.message);
          refuseUndeclared();
          throw failure;
        }
      },
      { alone: true, deadlineMs: 180_000 },
    );
  }
});
