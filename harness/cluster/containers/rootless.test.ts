import { expect, test } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { refuseRootless } from "./rootless.ts";

// As `docker info` of Docker 20.10 has it, of a rootless engine and of one that is not.
const rootless = ["name=seccomp,profile=default", "name=rootless"];
const rootful = ["name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"];

test("a rootless engine is refused by name, with what it cannot give", () => {
  const refuse = () => refuseRootless("unix:///run/user/1000/docker.sock", { SecurityOptions: rootless });
  expect(refuse).toThrow(UsageError);
  expect(refuse).toThrow(/^unix:\/\/\/run\/user\/1000\/docker\.sock: .* a rootless one, which cannot give/);
});

test.each([[rootful], [[]], [null]])("an engine with the security options %j is not", (SecurityOptions) => {
  expect(() => refuseRootless("tcp://build.example:2375", { SecurityOptions })).not.toThrow();
});
