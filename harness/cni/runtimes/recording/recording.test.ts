import { expect, test } from "vitest";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { Recording } from "./recording.ts";

const environment = {
  CNI_COMMAND: "ADD",
  CNI_CONTAINERID: "c",
  CNI_IFNAME: "eth0",
  CNI_NETNS: "/proc/self/ns/net",
};
const input = '{"cniVersion":"1.0.0","name":"net","type":"one"}';
const local = new LocalHost();

test("a recording plugin writes down its call and answers a result that names the record", async () => {
  using scratch = disposableFolder();
  const recording = await Recording.install(scratch.path);
  const { code, stdout } = await local.exec([`${recording.bin}/one`], { env: environment, input });
  expect(code).toBe(0);
  const [call] = await recording.calls();
  expect(call).toMatchObject({ plugin: "one", command: "ADD", stdin: input, code: 0, stdout });
  expect(call?.path).toBe(`${recording.bin}/one`);
  expect(call?.env).toMatchObject(environment);
  expect(call?.endedAt).toBeGreaterThan(call?.startedAt ?? Number.POSITIVE_INFINITY);
  expect(call?.target).toBe(call?.network);
  expect(JSON.parse(stdout)).toMatchObject({
    cniVersion: "1.0.0",
    interfaces: [{ name: "eth0", sandbox: "/proc/self/ns/net" }],
    dns: { domain: call?.id },
  });
  await recording.clear();
  expect(await recording.calls()).toEqual([]);
});

test("it refuses what it was told to refuse, until it obeys again", async () => {
  using scratch = disposableFolder();
  const recording = await Recording.install(scratch.path);
  await recording.refuse("one", "ADD");
  const refused = await local.exec([`${recording.bin}/one`], { env: environment, input });
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({ code: 111, msg: "one was told to refuse ADD" });
  await recording.obey();
  expect(await local.exec([`${recording.bin}/one`], { env: environment, input })).toMatchObject({ code: 0 });
});

test("one call is held until it is released, and the next is not", async () => {
  using scratch = disposableFolder();
  const recording = await Recording.install(scratch.path);
  await recording.hold("one", "ADD");
  const held = local.exec([`${recording.bin}/one`], { env: environment, input });
  await recording.held("one", "ADD");
  await local.exec([`${recording.bin}/one`], { env: environment, input });
  expect((await recording.calls()).map(({ endedAt }) => endedAt === undefined)).toEqual([true, false]);
  await recording.release();
  expect(await held).toMatchObject({ code: 0 });
});
