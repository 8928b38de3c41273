import { describe, expect, it } from "vitest";
import {
  ConnectionLost,
  DeadlineExceeded,
  HarnessError,
  HostUnreachable,
  Nonconformance,
} from "#harness/core/errors.ts";
import { until, within } from "./poll.ts";
import { NotRemoved, Scope } from "./scope.ts";

describe("Scope", () => {
  it("removes last in, first out", async () => {
    const order: string[] = [];
    {
      await using scope = new Scope("test");
      scope.defer("first", () => order.push("first"));
      scope.defer("second", () => order.push("second"));
    }
    expect(order).toEqual(["second", "first"]);
  });

  it("removes everything even when some will not go, and names what will not", async () => {
    const removed: string[] = [];
    const scope = new Scope("chapter");
    scope.defer("network", () => removed.push("network"));
    scope.defer("container", () => Promise.reject(new Error("device busy")));
    await expect(scope.close()).rejects.toThrow(/chapter[\s\S]*container: device busy/);
    expect(removed).toEqual(["network"]);
  });

  it("blames the plugin for what would not go only where it was the plugin each time that refused", async () => {
    const refuse = () =>
      Promise.reject(new Nonconformance({ who: "net rm", expected: "success", got: "in use" }));
    const refused = new Scope("chapter");
    refused.child("network").defer("it", refuse);
    await expect(refused.close()).rejects.toThrow(Nonconformance);
    const both = new Scope("chapter");
    both.defer("network", refuse);
    both.defer("container", () => Promise.reject(new Error("device busy")));
    await expect(both.close()).rejects.toThrow(HarnessError);
  });

  it("removes neighbours of one kind at the same time, and only those", async () => {
    const order: string[] = [];
    const scope = new Scope("chapter");
    const both = Promise.withResolvers<void>();
    scope.defer("network", () => order.push("network"));
    // Never ends unless the second starts.
    scope.defer("one", () => both.promise.then(() => order.push("one")), { kind: "workload" });
    scope.defer("two", () => both.resolve(), { kind: "workload" });
    await scope.close();
    expect(order).toEqual(["one", "network"]);
  });

  it("makes a removal again whose connection was lost, and no other", async () => {
    const asked: string[] = [];
    const failing = (what: string, ...errors: Error[]) => {
      return () => {
        asked.push(what);
        const error = errors.shift();
        if (error) throw error;
      };
    };
    const scope = new Scope("chapter");
    const lost = () => new ConnectionLost("node2", "docker rm");
    scope.defer("busy", failing("busy", new Error("device busy")));
    scope.defer("container", failing("container", lost(), new Error("broke off", { cause: lost() })));
    await expect(scope.close()).rejects.toThrow("busy: device busy");
    expect(asked).toEqual(["container", "container", "container", "busy"]);
  });

  it("tells apart what there was no connection for, with the connection as the cause", async () => {
    const scope = new Scope("chapter");
    const gone = new HostUnreachable("node2", "docker rm", new Error("timed out"));
    const child = scope.child("test");
    child.defer("container", () => Promise.reject(gone));
    scope.defer("network", () => Promise.reject(new Error("device busy")));
    const failure: unknown = await scope.close().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NotRemoved);
    const { unreached, because, message } = failure as NotRemoved;
    expect(unreached.map(({ what }) => what)).toEqual(["container"]);
    expect(because).toEqual({ kind: "connection lost", what: "the SSH connection to node2 was lost" });
    expect(message).toContain("network: device busy");
  });

  it("closes its children with it", async () => {
    const removed: string[] = [];
    const scope = new Scope("chapter");
    scope.child("test").defer("container", () => removed.push("container"));
    await scope.close();
    expect(removed).toEqual(["container"]);
  });

  it("refuses what would leak", async () => {
    const scope = new Scope("chapter");
    await scope.close();
    expect(() => scope.defer("container", () => {})).toThrow(HarnessError);
  });
});

describe("until", () => {
  it("yields the first value that is there", async () => {
    let looks = 0;
    await expect(
      until({ what: "the third look", deadlineMs: 5_000, everyMs: 1 }, () => ++looks === 3 && "here"),
    ).resolves.toBe("here");
  });

  it("says what it waited for and what it last saw", async () => {
    const waiting = until({ what: "node2 to answer", deadlineMs: 5, everyMs: 1 }, () => {
      throw new Error("connection refused");
    });
    await expect(waiting).rejects.toThrow(DeadlineExceeded);
    await expect(waiting).rejects.toThrow(/node2 to answer; last seen: connection refused/);
  });
});

describe("within", () => {
  it("passes on what the work yields or throws", async () => {
    await expect(within({ what: "work", deadlineMs: 5_000 }, Promise.resolve(7))).resolves.toBe(7);
    await expect(
      within({ what: "work", deadlineMs: 5_000 }, Promise.reject(new Error("no"))),
    ).rejects.toThrow("no");
  });

  it("names what did not end", async () => {
    await expect(within({ what: "the evidence", deadlineMs: 5 }, new Promise(() => {}))).rejects.toThrow(
      /the evidence/,
    );
  });
});
