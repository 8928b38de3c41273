import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { inventorySchema, readInventory } from "./inventory.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-inventory-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(...lines: string[]): string {
  const path = join(folder, "hosts.yaml");
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJlYXI=";

describe("readInventory", () => {
  it("fills in defaults, finds files beside it, and looks host keys up", () => {
    writeFileSync(join(folder, "known"), `192.0.2.10 ${key}\n[192.0.2.11]:2222 ssh-rsa AAAA\n`);
    const { nodes, external } = readInventory(
      file(
        "defaults: { user: ops, key: id, knownHosts: known, jump: gate }",
        `jumps: [{ name: gate, address: gate.example, hostKey: "${key}" }]`,
        "nodes:",
        "  - { name: node1, address: 192.0.2.10 }",
        "  - { name: node2, address: 192.0.2.11, port: 2222, user: root, interfaces: { data: { device: eth2 } } }",
        "external: { name: out, address: 192.0.2.10, hostName: www.example }",
      ),
    );
    expect(nodes[0]).toMatchObject({
      ...{ name: "node1", port: 22, user: "ops", sudo: true, hostKeys: [key], interfaces: {} },
      keyFile: join(folder, "id"),
      jump: { name: "gate", user: "ops", keyFile: join(folder, "id"), hostKeys: [key] },
    });
    expect(nodes[1]).toMatchObject({ port: 2222, sudo: false, hostKeys: ["ssh-rsa AAAA"] });
    expect(nodes[1]?.interfaces).toEqual({ data: { device: "eth2" } });
    expect(external).toMatchObject({ hostName: "www.example", httpPort: 8090 });
  });

  it.each([
    [
      ["nodes:", "  - name: node1", "    address: 192.0.2.1", "    port: ssh"],
      /hosts\.yaml:4: nodes\.0\.port: expected .*, got "ssh"/,
    ],
    [["nodes:", "  - name: node1"], /hosts\.yaml:2: nodes\.0\.address: expected string, got nothing/],
    [["nodes:", "  - { name: a, address: b, colour: red }"], /hosts\.yaml:2: nodes\.0\.colour: unknown key/],
    [["nodes: []"], /hosts\.yaml:1: nodes: expected at least one node/],
    [
      ["nodes:", "  - { name: a, address: b }", "  - { name: a, address: c }"],
      /hosts\.yaml:3: nodes\.1\.name: expected a name of its own, got a again/,
    ],
    [
      ["nodes:", "  - { name: a, address: b, jump: gate }"],
      /hosts\.yaml:2: nodes\.0\.jump: expected one of jumps .*, got gate/,
    ],
    [["nodes: [unclosed"], /hosts\.yaml:\d: /],
  ])("refuses %j with file, line and value", (lines, message) => {
    const read = () => readInventory(file(...lines));
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });

  it("names a file that is not there", () => {
    expect(() => readInventory(join(folder, "none.yaml"))).toThrow(/INVENTORY=.*none\.yaml: expected a file/);
    expect(() => readInventory("none.yaml", "--inventory none.yaml")).toThrow(
      "--inventory none.yaml: expected a file",
    );
  });
});

describe("inventorySchema", () => {
  it("describes what a file may hold", () => {
    expect(inventorySchema()).toMatchObject({ type: "object", required: ["nodes"] });
  });
});
