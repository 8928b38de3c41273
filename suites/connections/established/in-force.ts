import type { IpVersion } from "#harness/conformance/ip-versions/stacked.ts";
import { expectBlocked } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import type { Field } from "./field.ts";
import { subjects } from "./orders.ts";

const port = 8101;

/**
 * What is opened anew is blocked, for each member, direction, protocol and IP version: else established connections are kept since no rule
 * binds anything. Throws `Nonconformance` where it is open.
 */
export async function expectInForce({ over, versions }: Pick<Field, "over" | "versions">): Promise<void> {
  for (const protocol of ["tcp", "udp"] as const) {
    const { members, free } = over(4);
    const [near, far, open] = await Promise.all(
      [...members, free[0]].map((one) => serve(one, { ports: [port], protocol })),
    );
    for (const version of versions) await expectOver(version, { near: near!, far: far!, open: open! });

    type Service = Awaited<ReturnType<typeof serve>>;
    async function expectOver(version: IpVersion, at: Record<"near" | "far" | "open", Service>) {
      const ends = over(version);
      const [served, client] = ends.free;
      const open = at.open.at(port, { address: served.ip });
      const own = subjects.filter((subject) => subject.protocol === protocol);
      await Promise.all(
        own.flatMap(({ direction }) =>
          ends.members.map((member, index) =>
            direction === "in"
              ? expectBlocked(client, (index === 0 ? at.near : at.far).at(port, { address: member.ip }), {
                  control: { target: open },
                })
              : expectBlocked(member, open, { control: { from: client } }),
          ),
        ),
      );
    }
  }
}
