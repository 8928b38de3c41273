import Docker from "dockerode";
import { expect, test } from "vitest";
import { Blocked } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { EngineControl } from "./control.ts";

test("an engine that holds what is somebody else's is not ended", async () => {
  const holds = "networks of somebody (theirs)";
  const host = Object.assign(new LocalHost(), { docker: new Docker(), holds });
  const control = EngineControl.of(host);
  await expect(control).rejects.toThrow(Blocked);
  await expect(control).rejects.toThrow(`is not ended: it holds ${holds}`);
});
