import { expect, test } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { spreadEngines } from "./variants.ts";

test("every engine runs once more with the flags of each variant", () => {
  expect(
    spreadEngines(["26.1", "28.5[icc=false]"], { variants: ["icc=false,live-restore", "ip6tables=false"] }),
  ).toEqual([
    "26.1",
    "28.5[icc=false]",
    "26.1[icc=false,live-restore]",
    "28.5[icc=false,live-restore]",
    "26.1[ip6tables=false]",
    "28.5[icc=false,ip6tables=false]",
  ]);
});

test("mixed is every ordered pair of two single engines, and no engine with itself", () => {
  expect(spreadEngines(["20.10", "26.1", "28.5", "20.10+28.5"], { mixed: true })).toEqual([
    "20.10",
    "26.1",
    "28.5",
    "20.10+28.5",
    "20.10+26.1",
    "26.1+20.10",
    "26.1+28.5",
    "28.5+20.10",
    "28.5+26.1",
  ]);
});

test.each([
  ["icc=false; reboot", /^flags of dockerd such as icc=false .*got "icc=false; reboot"$/],
  ["[icc=false]", /^flags of dockerd such as icc=false .*got "\[icc=false\]"$/],
  ["icc=true", /^each flag of dockerd once, got icc=false and icc=true$/],
])("a variant %s is refused", (variant, message) => {
  const spread = () => spreadEngines(["26.1[icc=false]"], { variants: [variant] });
  expect(spread).toThrow(UsageError);
  expect(spread).toThrow(message);
});
