import { expect, test } from "vitest";
import { commandFor } from "./supervisors.ts";

test("an engine is started and ended by what supervises it", () => {
  expect(commandFor("node", "restart")).toEqual(["/usr/local/sbin/netconform-engine", "restart"]);
  expect(commandFor("script", "stop")).toEqual(["/etc/init.d/docker", "stop"]);
});

test("systemd forgets how often it started the engine, and is kept from starting it when somebody connects", () => {
  expect(commandFor("systemd", "start").at(-1)).toMatch(/reset-failed docker\.service[\s\S]*systemctl start/);
  expect(commandFor("systemd", "stop").at(-1)).toContain('units="docker.socket docker.service"');
});
