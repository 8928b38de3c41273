import { readVersionResult } from "#harness/cni/protocol/result.ts";
import { versionSaid } from "#harness/cni/rules/answer-rules.ts";
import { additions } from "#harness/cni/testbed/state.ts";
import { Nonconformance, NothingSeen } from "#harness/core/errors.ts";
import { specVersions } from "#suites/requirements/spec-version.ts";
import { attach, expectFailure, expectSuccess, violation } from "./expect.ts";
import { cniSuite } from "./fixture.ts";

const stillThere = "what is there of containers that are gone";

await cniSuite("VERSION, STATUS and GC", ({ requirement, plugin }) => {
  const { profile, version } = plugin;

  requirement(
    "CNI-12a",
    "VERSION answers both keys, and the version under test is among the supported",
    async ({ testbed }) => {
      const invocation = await testbed.call("VERSION", undefined, {
        stdin: JSON.stringify({ cniVersion: version }),
      });
      expectSuccess(invocation);
      const read = readVersionResult(invocation.stdout);
      if (!read.ok) throw violation(invocation, "cniVersion and supportedVersions", read.reason);
      const { supportedVersions } = read.value;
      if (supportedVersions.includes(version)) return;
      throw violation(invocation, `${version} among the supported`, supportedVersions.join(", "));
    },
    { detached: true, together: true },
  );

  requirement(
    "CNI-12b",
    "VERSION answers in the version that it is asked in",
    async ({ testbed }) => {
      const invocation = await testbed.call("VERSION", undefined, {
        stdin: JSON.stringify({ cniVersion: version }),
      });
      const said = versionSaid({ stdout: invocation.stdout, stderr: "" });
      if (said !== version) throw violation(invocation, `cniVersion ${version}`, said ?? "none");
    },
    { detached: true, together: true },
  );

  requirement(
    "CNI-12b",
    "VERSION answers in every other version that it claims, when it is asked in that",
    async ({ testbed }) => {
      const claims = plugin.claims.length > 0 ? plugin.claims : [version];
      for (const asked of specVersions.toReversed().filter((one) => claims.includes(one))) {
        const invocation = await testbed.call("VERSION", undefined, {
          stdin: JSON.stringify({ cniVersion: asked }),
        });
        const said = versionSaid({ stdout: invocation.stdout, stderr: "" });
        if (said !== asked) throw violation(invocation, `cniVersion ${asked}`, said ?? "none");
      }
    },
    { detached: true, together: true },
  );

  requirement("CNI-13a", "STATUS succeeds, and so does the ADD that follows", async ({ testbed }) => {
    const invocation = await testbed.call("STATUS");
    await attach(testbed);
    expectSuccess(invocation, "success, since ADD can be served");
  });

  requirement(
    "CNI-13e",
    "STATUS fails when the last address is taken",
    async ({ testbed }) => {
      const config = profile.exhausted?.(testbed.values()) ?? {};
      expectSuccess(await testbed.call("STATUS", undefined, { config }), "success while there is an address");
      await attach(testbed, { config });
      const next = await testbed.call("ADD", await testbed.container(), { config });
      expectFailure(next, "the only address is taken");
      expectFailure(await testbed.call("STATUS", undefined, { config }), "no ADD can be served");
    },
    { when: ({ exhausted }) => exhausted !== undefined },
  );

  requirement(
    "CNI-14b",
    "GC removes what containers without DEL have left",
    async ({ testbed, saw }) => {
      const before = await testbed.state();
      const { container: listed } = await attach(testbed);
      const { container: stale } = await attach(testbed);
      await testbed.removeNetns(stale);
      const held = additions(await testbed.state(), before);
      const ofStale = (lines: readonly string[]) => lines.filter((line) => line.includes(stale.id));
      if (ofStale(held).length > 0) saw(stillThere);
      const invocation = await testbed.call("GC", undefined, {
        valid: [{ containerId: listed.id, ifName: listed.ifName }],
      });
      expectSuccess(invocation);
      const left = ofStale(additions(await testbed.state(), before));
      if (left.length > 0) throw violation(invocation, "nothing of the stale container", left.join("; "));
      if (profile.kind !== "chained") return;
      const none = await testbed.call("GC", undefined, { valid: [] });
      const own = additions(await testbed.state(), before);
      await testbed.call("DEL", listed);
      await testbed.call("DEL", stale);
      const permanent = additions(await testbed.state(), before);
      if (additions(held, permanent).length > 0) saw(stillThere);
      const kept = additions(own, permanent);
      if (kept.length > 0) throw violation(none, "nothing when nothing is listed", kept.join("; "));
    },
    { sees: [stillThere] },
  );

  requirement("CNI-14c", "GC keeps what a listed container has", async ({ testbed, note }) => {
    const { container: listed } = await attach(testbed);
    const held = await testbed.state();
    const sound = await testbed.call("CHECK", listed);
    const { container: stale } = await attach(testbed);
    await testbed.removeNetns(stale);
    const invocation = await testbed.call("GC", undefined, {
      valid: [{ containerId: listed.id, ifName: listed.ifName }],
    });
    const lost = additions(held, await testbed.state());
    if (lost.length > 0)
      throw violation(invocation, "everything of the listed container", `no ${lost.join("; no ")}`);
    if (sound.code !== 0) {
      if (held.length === 0) {
        throw new NothingSeen("the plugin keeps nothing, and its CHECK fails already before GC");
      }
      return note("CHECK failed already before GC, so it does not tell what GC has done");
    }
    const checked = await testbed.call("CHECK", listed);
    if (checked.code === 0) return;
    throw new Nonconformance({
      who: `GC of ${plugin.type}`,
      expected: "CHECK of the listed container to succeed afterwards",
      got: violation(checked, "success", "a failure").message,
    });
  });
});
