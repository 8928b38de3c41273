import { parseJson, versionResultSchema } from "#harness/cni/result.ts";
import { Nonconformance } from "#harness/errors.ts";
import { attach, expectFailure, expectSuccess, violation } from "./expect.ts";
import { additions } from "./state.ts";
import { cniSuite } from "./suite.ts";

await cniSuite("VERSION, STATUS and GC", ({ requirement, subject }) => {
  const { profile, version } = subject;

  requirement(
    "CNI-12a",
    "VERSION answers both keys, and the version under test is among the supported",
    async ({ domain }) => {
      const invocation = await domain.call("VERSION", undefined, {
        stdin: JSON.stringify({ cniVersion: version }),
      });
      expectSuccess(invocation);
      const json = parseJson(invocation.stdout);
      const parsed = json.ok ? versionResultSchema.safeParse(json.value) : undefined;
      if (!parsed?.success) throw violation(invocation, "cniVersion and supportedVersions", "something else");
      const { supportedVersions } = parsed.data;
      if (supportedVersions.includes(version)) return;
      throw violation(invocation, `${version} among the supported`, supportedVersions.join(", "));
    },
    { detached: true, together: true },
  );

  requirement(
    "CNI-12b",
    "VERSION answers in the version that it is asked in",
    async ({ domain }) => {
      const invocation = await domain.call("VERSION", undefined, {
        stdin: JSON.stringify({ cniVersion: version }),
      });
      const said = /"cniVersion"\s*:\s*"([^"]*)"/.exec(invocation.stdout)?.[1];
      if (said !== version) throw violation(invocation, `cniVersion ${version}`, said ?? "none");
    },
    { detached: true, together: true },
  );

  requirement("CNI-13a", "STATUS succeeds, and so does the ADD that follows", async ({ domain }) => {
    const invocation = await domain.call("STATUS");
    await attach(domain);
    expectSuccess(invocation, "success, since ADD can be served");
  });

  requirement(
    "CNI-13e",
    "STATUS fails when the last address is taken",
    async ({ domain }) => {
      const config = profile.exhausted?.({ dataDir: domain.dataDir, index: 0 }) ?? {};
      expectSuccess(await domain.call("STATUS", undefined, { config }), "success while there is an address");
      await attach(domain, { config });
      const next = await domain.call("ADD", await domain.container(), { config });
      expectFailure(next, "the only address is taken");
      expectFailure(await domain.call("STATUS", undefined, { config }), "no ADD can be served");
    },
    { when: ({ exhausted }) => exhausted !== undefined },
  );

  requirement("CNI-14b", "GC removes what containers without DEL have left", async ({ domain }) => {
    const before = await domain.state();
    const { container: listed } = await attach(domain);
    const { container: stale } = await attach(domain);
    await domain.removeNetns(stale);
    const invocation = await domain.call("GC", undefined, {
      valid: [{ containerId: listed.id, ifName: listed.ifName }],
    });
    expectSuccess(invocation);
    const left = additions(await domain.state(), before).filter((line) => line.includes(stale.id));
    if (left.length > 0) throw violation(invocation, "nothing of the stale container", left.join("; "));
    if (profile.kind !== "chained") return;
    const none = await domain.call("GC", undefined, { valid: [] });
    const own = additions(await domain.state(), before);
    await domain.call("DEL", listed);
    await domain.call("DEL", stale);
    const lasting = additions(await domain.state(), before);
    const kept = additions(own, lasting);
    if (kept.length > 0) throw violation(none, "nothing when nothing is listed", kept.join("; "));
  });

  requirement("CNI-14c", "GC keeps what a listed container has", async ({ domain }) => {
    const { container: listed } = await attach(domain);
    const held = await domain.state();
    const { container: stale } = await attach(domain);
    await domain.removeNetns(stale);
    const invocation = await domain.call("GC", undefined, {
      valid: [{ containerId: listed.id, ifName: listed.ifName }],
    });
    const lost = additions(held, await domain.state());
    if (lost.length > 0)
      throw violation(invocation, "everything of the listed container", `no ${lost.join("; no ")}`);
    const checked = await domain.call("CHECK", listed);
    if (checked.code === 0) return;
    throw new Nonconformance({
      who: `GC of ${subject.type}`,
      expected: "CHECK of the listed container to succeed afterwards",
      got: violation(checked, "success", "a failure").message,
    });
  });
});
