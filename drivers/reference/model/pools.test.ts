import { describe, expect, test } from "vitest";
import { Pools } from "./pools.ts";
import { emptyState } from "./state/state.ts";

const pools = () => new Pools(emptyState());
const pool = { tenant: "default", pool: "10.1.2.0/24", subPool: "", v6: false };
const any = { address: "", gateway: false };

describe("pools", () => {
  test("equal requests share one id and one table until the last release", () => {
    const book = pools();
    const { id } = book.request(pool);
    expect(book.request(pool).id).toBe(id);
    book.requestAddress(id, { address: "10.1.2.9", gateway: false });
    book.release(id);
    expect(() => book.requestAddress(id, { address: "10.1.2.9", gateway: false })).toThrow(
      "address 10.1.2.9 is in use in pool 10.1.2.0/24",
    );
    book.release(id);
    expect(() => book.requestAddress(id, any)).toThrow('pool "default/10.1.2.0/24" is unknown');
  });

  test("tenants have tables of their own for one subnet", () => {
    const book = pools();
    const one = book.request(pool);
    const other = book.request({ ...pool, tenant: "blue" });
    expect(book.requestAddress(one.id, any)).toBe("10.1.2.1/24");
    expect(book.requestAddress(other.id, any)).toBe("10.1.2.1/24");
  });

  test("a subnet that overlaps another of the tenant is refused by name", () => {
    const book = pools();
    book.request(pool);
    expect(() => book.request({ ...pool, pool: "10.1.0.0/16" })).toThrow(
      "subnet 10.1.0.0/16 overlaps 10.1.2.0/24 of tenant default",
    );
  });

  test.each([
    ["0.0.0.0/26", "10.160.0.0/26", "10.160.0.64/26"],
    ["::/72", "fd6e:6366::/72", "fd6e:6366:0:0:100::/72"],
  ])("a pool of the unspecified address, %s, is any of that size", (asked, first, second) => {
    const book = pools();
    const ask = { ...pool, pool: asked, v6: asked.includes(":") };
    expect([book.request(ask).subnet, book.request(ask).subnet]).toEqual([first, second]);
    expect(() => book.request({ ...pool, pool: "0.0.0.0/8" })).toThrow(
      "no subnet of 10.160.0.0/12 has the prefix length 8",
    );
  });

  test.each([
    ["10.1.2.0", '"10.1.2.0" is no CIDR'],
    ["10.1.2.0/33", '"10.1.2.0/33" is no CIDR'],
    ["10.1.2.7/24", '"10.1.2.7/24" has host bits set: the network is 10.1.2.0/24'],
  ])("the pool %s is refused", (text, message) => {
    expect(() => pools().request({ ...pool, pool: text })).toThrow(message);
  });

  test("what a lost node's engine had is free, and stays whose it is then when that engine is back", () => {
    const book = pools();
    const { id } = book.request(pool);
    const asked = { address: "10.1.2.9", gateway: false };
    book.requestAddress(id, { ...asked, node: "node1" });
    expect(() => book.requestAddress(id, { ...asked, node: "node2" })).toThrow("in use");
    book.forget("node1");
    book.requestAddress(id, { ...asked, node: "node2" });
    book.releaseAddress(id, "10.1.2.9", "node1");
    expect(() => book.requestAddress(id, asked)).toThrow("in use");
    book.releaseAddress(id, "10.1.2.9", "node2");
    expect(book.requestAddress(id, asked)).toBe("10.1.2.9/24");
  });

  test("engines share the gateway, which is free again after the last of them gave it back", () => {
    const book = pools();
    const { id } = book.request(pool);
    const gateway = { address: "", gateway: true };
    expect(book.requestAddress(id, gateway)).toBe("10.1.2.1/24");
    expect(book.requestAddress(id, gateway)).toBe("10.1.2.1/24");
    expect(() => book.requestAddress(id, { address: "10.1.2.200", gateway: true })).toThrow(
      "differs from the gateway",
    );
    book.releaseAddress(id, "10.1.2.1");
    expect(() => book.requestAddress(id, { address: "10.1.2.1", gateway: false })).toThrow("in use");
    book.releaseAddress(id, "10.1.2.1");
    expect(book.requestAddress(id, { address: "10.1.2.1", gateway: false })).toBe("10.1.2.1/24");
  });

  test("an exhausted pool says so, and a released address is found again", () => {
    const book = pools();
    const { id } = book.request({ ...pool, pool: "10.1.2.0/30" });
    expect([book.requestAddress(id, any), book.requestAddress(id, any)]).toEqual([
      "10.1.2.1/30",
      "10.1.2.2/30",
    ]);
    expect(() => book.requestAddress(id, any)).toThrow(
      "pool 10.1.2.0/30 is exhausted: all 2 addresses are in use",
    );
    book.releaseAddress(id, "10.1.2.1");
    expect(book.requestAddress(id, any)).toBe("10.1.2.1/30");
  });

  test("a sub-pool limits what is given out, not what can be asked for", () => {
    const book = pools();
    const { id } = book.request({ ...pool, subPool: "10.1.2.128/25" });
    expect(book.requestAddress(id, any)).toBe("10.1.2.128/24");
    expect(book.requestAddress(id, { address: "10.1.2.5", gateway: false })).toBe("10.1.2.5/24");
  });

  test("pools of the plugin's choice are of the family asked for and do not overlap", () => {
    const book = pools();
    const subnets = [false, true, false].map((v6) => book.request({ ...pool, pool: "", v6 }).subnet);
    expect(subnets).toEqual(["10.160.0.0/24", "fd6e:6366::/64", "10.160.1.0/24"]);
  });
});
