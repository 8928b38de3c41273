import { expect, test } from "vitest";
import { hasVanished, tellEnd } from "./said.ts";

const networks = Array.from({ length: 60 }, (_, index) => `    "Name": "network-${index}",`).join("\n");
const inspected = `A Docker command executed by Vagrant didn't complete successfully!

Command: ["docker", "network", "inspect", "bridge", "nc-1"]

Stderr: Error response from daemon: network nc-1 not found

Stdout: [
${networks}
]`;

test("what went while Vagrant looked at all networks is found, however many there are", () => {
  expect(hasVanished(inspected)).toBe(true);
  expect(hasVanished(inspected.replace("network nc-1 not found", "permission denied"))).toBe(false);
});

test("of a command that failed the errors are told, and not its output", () => {
  expect(tellEnd(inspected)).toMatch(/Stderr: Error response from daemon: network nc-1 not found\s*$/);
  expect(tellEnd(inspected)).not.toContain("network-59");
});

test("of anything else the last 25 lines are told", () => {
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  expect(tellEnd(lines.join("\n"))).toBe(lines.slice(-25).join("\n"));
});
