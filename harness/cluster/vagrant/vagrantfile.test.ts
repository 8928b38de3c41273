import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeHostConfig } from "#harness/cluster/images/node-contract.ts";
import { engineVersions } from "#harness/core/engines/grammar.ts";
import { projectRoot } from "#harness/core/project-root.ts";

const vagrantfile = readFileSync(join(projectRoot, "vagrant/Vagrantfile"), "utf8");
const [header = ""] = vagrantfile.split("\n\n\n")[0]?.split("\ndef ") ?? [];

test("the provider docker creates containers as the container provider does", () => {
  const { CapAdd, SecurityOpt, CgroupnsMode, Tmpfs } = nodeHostConfig;
  const wanted = [
    ...CapAdd.map((capability) => `--cap-add ${capability}`),
    ...SecurityOpt.map((option) => `--security-opt ${option}`),
    `--cgroupns ${CgroupnsMode}`,
    ...Object.entries(Tmpfs).map(([path, options]) => `--tmpfs ${path}:${options}`),
  ];
  expect(wanted.filter((argument) => !vagrantfile.includes(argument))).toEqual([]);
});

test("every variable that the Vagrantfile reads is explained at its top, and no other", () => {
  const read = [...vagrantfile.matchAll(/setting\("(\w+)"/g)].map(([, name]) => name);
  const explained = [...header.matchAll(/^# {3}([A-Z_]+(?:, [A-Z_]+)*) {2,}/gm)].flatMap(([, names]) =>
    (names ?? "").split(", "),
  );
  expect([...new Set(explained)].sort()).toEqual([...new Set(read)].sort());
});

test("there is a box for every engine version", () => {
  for (const version of engineVersions) expect(vagrantfile).toContain(`"${version}" => "`);
});
