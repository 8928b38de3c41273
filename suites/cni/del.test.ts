import { atLeast } from "#harness/cni/version.ts";
import { attach, expectFailure, expectSuccess, violation } from "./expect.ts";
import { readLink } from "./inside.ts";
import { additions, readContainerState } from "./state.ts";
import { cniSuite } from "./suite.ts";

await cniSuite("DEL", ({ requirement, subject }) => {
  const { kind, breakages = [] } = subject.profile;

  requirement("CNI-9a", "DEL after DEL, three times", async ({ domain }) => {
    const { container } = await attach(domain);
    for (const time of ["first", "second", "third"]) {
      expectSuccess(await domain.call("DEL", container), `success of the ${time} DEL`);
    }
  });

  requirement("CNI-9b", "DEL of what was never added", async ({ domain }) => {
    expectSuccess(await domain.call("DEL", await domain.container()));
  });

  requirement(
    "CNI-9b",
    "DEL when the interface is gone",
    async ({ domain }) => {
      const { container } = await attach(domain);
      await domain.shell("ip -n $NETNS link del $IF || true", container);
      expectSuccess(await domain.call("DEL", container));
    },
    { when: (profile) => profile.kind !== "ipam" && !profile.standsAlone },
  );

  requirement("CNI-9b", "DEL when the network namespace is gone", async ({ domain }) => {
    const { container } = await attach(domain);
    await domain.removeNetns(container);
    expectSuccess(await domain.call("DEL", container));
  });

  requirement(
    "CNI-9b",
    "DEL when the stored state is gone",
    async ({ domain }) => {
      const { container } = await attach(domain);
      await domain.shell(`rm -rf ${domain.dataDir}`);
      expectSuccess(await domain.call("DEL", container));
    },
    { spoils: true },
  );

  for (const { what, script } of breakages) {
    requirement("CNI-9b", `DEL when ${what} is gone`, async ({ domain }) => {
      const { container } = await attach(domain);
      await domain.shell(script, container);
      expectSuccess(await domain.call("DEL", container));
    });
  }

  requirement(
    "CNI-9b",
    "DEL when everything is gone",
    async ({ domain }) => {
      const { container } = await attach(domain);
      for (const { script } of breakages) await domain.shell(script, container);
      await domain.shell(`rm -rf ${domain.dataDir}`);
      await domain.removeNetns(container);
      expectSuccess(await domain.call("DEL", container));
    },
    { spoils: true },
  );

  requirement("CNI-10a", "DEL without CNI_NETNS", async ({ domain }) => {
    const { container } = await attach(domain);
    expectSuccess(await domain.call("DEL", container, { env: { CNI_NETNS: undefined } }));
  });

  requirement("CNI-10a", "DEL with an empty CNI_NETNS", async ({ domain }) => {
    const { container } = await attach(domain);
    await domain.removeNetns(container);
    expectSuccess(await domain.call("DEL", container, { env: { CNI_NETNS: "" } }));
  });

  requirement(
    "CNI-10b",
    "DEL without prevResult",
    async ({ domain }) => {
      const { container } = await attach(domain);
      expectSuccess(await domain.call("DEL", container, { prevResult: null }));
    },
    { when: (_profile, version) => atLeast(version, "0.4.0") },
  );

  requirement(
    "CNI-10c",
    "DEL without CNI_NETNS and prevResult gives the address back",
    async ({ domain }) => {
      const { container } = await attach(domain);
      const invocation = await domain.call("DEL", container, {
        env: { CNI_NETNS: undefined },
        prevResult: null,
      });
      const left = (await domain.state()).filter(
        (line) => line.startsWith("file ") && line.includes(container.id),
      );
      if (left.length > 0) throw violation(invocation, "the lease to be released", left.join("; "));
    },
    { when: (profile) => profile.allocates === true },
  );

  requirement(
    "CNI-10d",
    "the interface is gone from the container",
    async ({ domain }) => {
      const { container } = await attach(domain);
      const invocation = await domain.call("DEL", container);
      expectSuccess(invocation);
      if (await readLink(subject.host, container.name, container.ifName)) {
        throw violation(invocation, `no ${container.ifName} in the container`, "it is still there");
      }
    },
    { when: (profile) => profile.kind === "interface" },
  );

  requirement(
    "CNI-10d",
    "the container is as it was before ADD",
    async ({ domain }) => {
      const container = await domain.container();
      const before = await readContainerState(subject.host, container.name);
      await attach(domain, {}, container);
      const invocation = await domain.call("DEL", container);
      expectSuccess(invocation);
      const after = await readContainerState(subject.host, container.name);
      const changes = [
        ...additions(before, after).map((line) => `without ${line}`),
        ...additions(after, before).map((line) => `with ${line}`),
      ];
      if (changes.length > 0) throw violation(invocation, "the state before ADD", changes.join("; "));
    },
    { when: () => kind !== "ipam" },
  );

  requirement(
    "CNI-10d",
    "the lease of an ADD that failed half-way is released by DEL",
    async ({ domain }) => {
      const container = await domain.container();
      const ipam = domain.request("ADD", container).ipam as Record<string, unknown>;
      const config = { ipam: { ...ipam, routes: [{ dst: "10.99.0.0/16", gw: "10.77.77.77" }] } };
      const added = await domain.call("ADD", container, { config });
      expectFailure(added, "the next hop 10.77.77.77 cannot be reached");
      const invocation = await domain.call("DEL", container, { config });
      const left = (await domain.state()).filter((line) => line.includes(container.id));
      if (left.length > 0) throw violation(invocation, "nothing of the container", left.join("; "));
    },
    { when: (profile) => profile.delegates === true && profile.allocates === true },
  );
});
