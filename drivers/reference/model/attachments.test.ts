import { expect, test } from "vitest";
import { type AttachmentRequest, attachmentId } from "./attachments.ts";
import { Model } from "./model.ts";
import { Store } from "./state/store.ts";

const place = { tenant: "default", name: "web", subnet: "10.1.2.0/29" };

function newModel(): Model {
  return new Model(new Store(), { firstVni: 10_001 });
}

function request(containerId: string, details: Partial<AttachmentRequest> = {}): AttachmentRequest {
  return {
    ...{
      node: "node1",
      containerId,
      ifName: "eth0",
      netns: "/run/netns/a",
      network: "web",
      place,
      names: [],
    },
    ...details,
  };
}

const add = (model: Model, one: AttachmentRequest) => model.change(({ attachments }) => attachments.add(one));
const remove = (model: Model, one: AttachmentRequest) =>
  model.change(({ attachments }) => attachments.remove(attachmentId(one)));

test("the last DEL removes everything that the first ADD made", () => {
  const model = newModel();
  const before = model.state;
  const [one, other] = [request("c1", { egress: { ports: [] } }), request("c2", { node: "node2" })];
  for (const each of [one, other]) add(model, each);
  expect(Object.keys(model.state.networks)).toEqual(["default/web"]);
  for (const each of [one, other]) remove(model, each);
  expect(model.state).toEqual(before);
});

test("a network that was created stays after the last DEL, and goes when no attachment uses it", () => {
  const model = newModel();
  const before = model.state;
  model.change(({ attachments }) => attachments.createNetwork("node1", place));
  add(model, request("c1"));
  expect(() => model.change(({ attachments }) => attachments.deleteNetwork("node1", place))).toThrow("c1");
  remove(model, request("c1"));
  expect(model.state.networks["default/web"]?.gateway).toBe("10.1.2.1");
  model.change(({ attachments }) => attachments.deleteNetwork("node1", place));
  expect(model.state).toEqual(before);
});

test("no address is given twice, and a full subnet is named", () => {
  const model = newModel();
  const addresses = ["c1", "c2", "c3", "c4", "c5"].map((id) => {
    const { endpoint } = add(model, request(id, { node: id }));
    return model.state.endpoints[endpoint]?.ipv4;
  });
  expect(new Set(addresses).size).toBe(5);
  expect(addresses).not.toContain("10.1.2.1/29");
  expect(() => add(model, request("c6"))).toThrow("10.1.2.0/29");
});

test("a second ADD for an interface and a port that is taken are refused by name", () => {
  const model = newModel();
  const ports = [{ hostPort: 9099, containerPort: 80, protocol: "tcp" as const, hostIP: "" }];
  add(model, request("c1", { egress: { ports } }));
  expect(() => add(model, request("c1"))).toThrow("c1");
  expect(() => add(model, request("c2", { egress: { ports } }))).toThrow("9099");
  add(model, request("c2", { node: "node2", egress: { ports } }));
});

test("without a subnet only a network that exists can be joined", () => {
  const model = newModel();
  const unsized = { tenant: "default", name: "web" };
  expect(() => add(model, request("c1", { place: unsized }))).toThrow('"web"');
  model.change(({ attachments }) => attachments.createNetwork("node1", place));
  add(model, request("c1", { node: "node2", place: unsized }));
});

test("a rehearsal changes nothing", () => {
  const model = newModel();
  const before = model.state;
  model.rehearse(({ attachments }) => attachments.add(request("c1")));
  expect(model.state).toBe(before);
});
