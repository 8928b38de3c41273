import { expect, test } from "vitest";
import { HarnessError, Nonconformance } from "#harness/core/errors.ts";
import { refusal } from "./refusal.ts";

test.each([
  'Error: plugin type="bridge" failed (add): no IP addresses available in range set',
  'failed to destroy network for sandbox "1f": plugin type="portmap" name="cni-1" failed (delete): exit status 1',
])("what a plugin could not do is the plugin's failure: %s", (words) => {
  expect(refusal("podman run", words)).toBeInstanceOf(Nonconformance);
});

test("everything else is no plugin's", () => {
  const error = refusal("podman run", "Error: the container name is already in use\n");
  expect(error).toBeInstanceOf(HarnessError);
  expect(error.message).toBe("podman run: Error: the container name is already in use");
});
