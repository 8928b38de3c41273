import { usualPolicySemantics } from "#drivers/driver.ts";
import { chapter } from "#harness/conformance/chapter.ts";
import { heldOver, nameOf } from "#harness/conformance/ip-versions/each.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { tellAll } from "#harness/observe/probe/held/connection.ts";
import { expectBlocked } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import { untilCarried } from "./carried.ts";
import { makeField } from "./established/field.ts";
import { changes, subjects } from "./established/orders.ts";
import { describeFates, dueMs, judge, refuseBusy, seenOf } from "./established/verdict.ts";

/** How long it is looked at whether anything gets through, after the last order is due. */
const windowMs = 1_500;
const port = 8101;

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
        const field = await makeField(test, test.scope, change.before(semantics));
        const { policy, ways, controls, versions, over } = field;
        heldOver(test, versions);
        const returned = new Map<(typeof subjects)[number], number>();
        for (const subject of subjects) {
          await change.order(policy, subject);
          returned.set(subject, Date.now());
        }
        const to = Math.max(...returned.values()) + scaled(dueMs) + windowMs;
        await untilCarried(controls, to, "while rules changed");
        const told = await tellAll(ways.map(({ connection }) => connection));
        const seen = ways.flatMap((way, index) =>
          seenOf(way, told[index]!, { returned: returned.get(way.subject)!, to }),
        );
        const fates = describeFates(seen);
        for (const version of versions) {
          const own = seen.filter(({ way }) => way.version === version);
          test.fact(`${name}: established connections over ${nameOf(version)}`, describeFates(own));
        }
        if (established === "cut")
          test.fact(`${name}: slowest cut ms`, Math.max(...seen.map((one) => one.lastMs)));
        const failure = established && judge(seen, established, name);
        if (failure && established === "cut")
          refuseBusy(await tellAll(controls), seen, Math.min(...returned.values()));
        if (!failure && fates === "kept") await expectInForce();
        for (const subject of subjects) await change.undo(policy, subject);
        await untilCarried(
          ways.filter(({ subject: { protocol } }) => protocol === "udp").map(({ connection }) => connection),
          Date.now(),
          "when the rules were as before",
        );
        if (failure) throw failure;
        if (!established)
          throw new Unsupported(
            `${test.declaration.name} does not declare what becomes of established connections`,
          );

        /** Else they are kept since no rule binds anything. */
        async function expectInForce(): Promise<void> {
          const { member, free } = over(4);
          const [closed, open] = await Promise.all(
            [member, free[0]].map((one) => serve(one, { ports: [port] })),
          );
          await Promise.all(
            versions.map(over).map(({ member: { ip }, free: [served, client] }) =>
              expectBlocked(client, closed!.at(port, { address: ip }), {
                control: { target: open!.at(port, { address: served.ip }) },
              }),
            ),
          );
        }
      },
      { alone: true, deadlineMs: 180_000 },
    );
  }
});
