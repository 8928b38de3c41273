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
