import { expect, test } from "vitest";
import { lackOfCri } from "./containerd-install.ts";

const head = "TYPE                     ID     PLATFORMS      STATUS    \n";
const watcherFailed =
  'time="2026-11-28T23:01:07.065345638Z" level=warning msg="failed to load plugin io.containerd.grpc.v1.cri" error="failed to create CRI service: failed to create cni conf monitor for network0: failed to create fsnotify watcher: too many open files"\n';

test("nothing is lacking where the plugin is there, whatever an earlier start wrote", () => {
  const listed = `${head}io.containerd.grpc.v1    cri    linux/amd64    ok        \n`;
  expect(lackOfCri(listed, watcherFailed)).toBeUndefined();
});

test("the plugin's own words are told, and which limit it is where inotify instances have run out", () => {
  const listed = `${head}io.containerd.grpc.v1    cri    linux/amd64    error     \n`;
  expect(lackOfCri(listed, watcherFailed)).toBe(
    "failed to create CRI service: failed to create cni conf monitor for network0: failed to create fsnotify watcher: too many open files; no inotify instance is left (fs.inotify.max_user_instances)",
  );
  expect(lackOfCri(head, "")).toBe("its log does not say why");
});
