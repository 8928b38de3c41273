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

test("a variant that is no flag is refused", () => {
  expect(() => spreadEngines(["26.1"], { variants: ["icc=false; reboot"] })).toThrow(UsageError);
});
