import { expect, test } from "vitest";
import { reasonIn } from "./ask-image.ts";

const usage =
  "Usage:\tdockerd [OPTIONS]\n\nA self-sufficient runtime for containers.\n\nOptions:\n      --icc\n, Code: 125";

test.each([
  [`Status: unknown flag: --nosuch\nSee 'dockerd --help'.\n\n${usage}`, "unknown flag: --nosuch"],
  ["Status: unknown flag: --nosuch\nSee 'dockerd --help'., Code: 125", "unknown flag: --nosuch"],
  [
    "unable to configure the Docker daemon: invalid mtu",
    "unable to configure the Docker daemon: invalid mtu",
  ],
  [usage, usage.split("\n").slice(-5).join("\n")],
])("%j is refused by its reason", (said, reason) => {
  expect(reasonIn(said)).toBe(reason);
});
