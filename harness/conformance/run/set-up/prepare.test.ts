import { expect, it } from "vitest";
import type { EngineVersion } from "#harness/core/engines/grammar.ts";
import { UsageError } from "#harness/core/errors.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { refuseMistakes } from "./prepare.ts";

const on = (version: EngineVersion) => ({
  name: version,
  nodes: [{ version, source: { kind: "known" as const, version }, flags: [] }],
});

it("what a driver was given is looked at before anything starts, and what blocks it is left to its requirements", async () => {
  const contiv = { reference: "contiv", engines: on("20.10") };
  await refuseMistakes([contiv], readSettings({}));
  await refuseMistakes([{ ...contiv, engines: on("26.1") }], readSettings({ CONTIV: "/nosuch" }));
  await expect(
    refuseMistakes(
      [{ reference: "bridge", engines: on("26.1") }, contiv],
      readSettings({ CONTIV: "/nosuch" }),
    ),
  ).rejects.toThrow(
    new UsageError("CONTIV=/nosuch: there is no /nosuch (set in the environment)", {
      hint: "CONTIV=path of a release tarball, of a folder with the three programs, its URL, or running",
    }),
  );
});

it("a driver that is to be upgraded is looked at before anything starts, and is of the same kind", async () => {
  const reference = { reference: "reference", engines: on("26.1") };
  const refuse = (DRIVER_BEFORE: string) => refuseMistakes([reference], readSettings({ DRIVER_BEFORE }));
  await refuse("bridge");
  await expect(refuse("nosuch")).rejects.toThrow(/^DRIVER_BEFORE=nosuch: no such driver; expected one of /);
  await expect(refuse("cni-bridge")).rejects.toThrow(
    new UsageError(
      "DRIVER_BEFORE: expected a driver of CNM as DRIVER=reference is, got cni-bridge, which is of CNI (set in the environment)",
    ),
  );
});
