import { expect, test } from "vitest";
import { deriveEnvironment } from "./request.ts";

const attachment = { containerId: "c1", netns: "/run/netns/c1", ifName: "eth0" };
const of = { CNI_CONTAINERID: "c1", CNI_NETNS: "/run/netns/c1", CNI_IFNAME: "eth0" };

test("the environment of a call is that of the specification, section 2, and nothing for what is not there", () => {
  expect(deriveEnvironment("STATUS", ["/opt/cni/bin", "/usr/lib/cni"])).toEqual({
    CNI_COMMAND: "STATUS",
    CNI_PATH: "/opt/cni/bin:/usr/lib/cni",
  });
  const added = { CNI_COMMAND: "ADD", CNI_PATH: "/opt/cni/bin", ...of };
  expect(deriveEnvironment("ADD", ["/opt/cni/bin"], attachment)).toEqual(added);
  expect(deriveEnvironment("ADD", ["/opt/cni/bin"], { ...attachment, args: {} })).toEqual(added);
  expect(
    deriveEnvironment("ADD", ["/opt/cni/bin"], { ...attachment, args: { K: "v", IgnoreUnknown: "1" } }),
  ).toEqual({
    ...added,
    CNI_ARGS: "K=v;IgnoreUnknown=1",
  });
});
