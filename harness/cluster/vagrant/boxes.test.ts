import { expect, test } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { refuseOtherSources } from "./boxes.ts";

const asked = (...ENGINE: string[]) => ({ ENGINE, VAGRANT_BOX: undefined, VAGRANT_PROVIDER: undefined });

test("a box that is not made here has the engine of its Debian release, with any flags", () => {
  expect(() => refuseOtherSources(asked("20.10", "26.1+28.5[icc=false]"))).not.toThrow();
  const refused = () => refuseOtherSources(asked("26.1", "28.5+debian:sid"));
  expect(refused).toThrow(UsageError);
  expect(refused).toThrow("ENGINE=26.1,28.5+debian:sid: expected 20.10, 26.1, 28.5 on machines of a box");
  const box = { ...asked("newest"), VAGRANT_BOX: "local" };
  expect(() => refuseOtherSources(box)).toThrow("got newest");
});

test("boxes and images that are made here take every engine", () => {
  const wanted = asked("newest", "./docker.tgz");
  expect(() => refuseOtherSources({ ...wanted, VAGRANT_PROVIDER: "docker" as const })).not.toThrow();
  const made = { ...wanted, VAGRANT_PROVIDER: "libvirt", VAGRANT_BOX: "local" } as const;
  expect(() => refuseOtherSources(made)).not.toThrow();
});
