import { expect, test } from "vitest";
import { readSettings } from "#harness/core/settings/settings.ts";
import { exampleCell, exampleMatrix } from "#harness/testing/support/examples/matrix.ts";
import { pastRunOf } from "#harness/tools/matrix/history.ts";
import { speedOf } from "#harness/tools/matrix/matrix-run.ts";
import { longestFirst, planCells } from "./plan.ts";

test("every driver meets every engine and every firewall", async () => {
  const cells = await planCells(readSettings({ DRIVER: "bridge,overlay", ENGINE: "20.10,26.1" }), [
    "nft",
    "legacy",
  ]);
  expect(cells.map(({ name }) => name)).toEqual([
    "bridge@20.10",
    "overlay@20.10",
    "bridge@20.10+legacy",
    "overlay@20.10+legacy",
    "bridge@26.1",
    "overlay@26.1",
    "bridge@26.1+legacy",
    "overlay@26.1+legacy",
  ]);
  expect(cells[3]).toMatchObject({ project: "overlay@20.10", firewall: "legacy" });
});

test("an unknown driver is named", async () => {
  await expect(planCells(readSettings({ DRIVER: "nosuch" }), ["nft"])).rejects.toThrow(/nosuch/);
});

test("what took longest the last time begins first, what is not known before it", async () => {
  const history = [
    pastRunOf(
      exampleMatrix([
        exampleCell("bridge@26.1", { B1: { outcome: "passed" } }, { durationMs: 20_000 }),
        exampleCell("overlay@26.1", { B1: { outcome: "passed" } }, { durationMs: 70_000 }),
      ]),
    ),
  ];
  const cells = await planCells(readSettings({ DRIVER: "bridge,overlay,macvlan,reference" }), ["nft"]);
  const drivers = longestFirst(cells, history).map(({ driver }) => driver);
  expect(drivers).toEqual(["reference", "macvlan", "overlay", "bridge"]);
});

test("the speed is told against one engine version after the other on so many clusters", () => {
  const at = (name: string, startedAfterMs: number, durationMs: number) =>
    exampleCell(name, {}, { startedAfterMs, durationMs });
  const cells = [at("a@20.10", 0, 100), at("b@20.10", 0, 60), at("a@26.1", 60, 80), at("b@26.1", 100, 60)];
  expect(speedOf(cells, 2)).toEqual({ wallMs: 160, clusters: 2, engines: 2, longestRunMs: 160, ratio: 1 });
});
