import { expect, test } from "vitest";
import { isSameSince, readSessions } from "./sessions.ts";

test("sessions and their states are read from what BIRD 2 and 3 show", () => {
  const answer = `BIRD 2.0.12 ready.
Name       Proto      Table      State  Since         Info
device1    Device     ---        up     10:58:39.461  
kernel4    Kernel     master4    up     10:58:39.461  
node1      BGP        ---        up     10:58:41.123  Established   
node2      BGP        ---        start  10:58:41.123  Active        Socket: Connection refused
node3      BGP        ---        down   10:58:41.123  
`;
  expect(readSessions(answer)).toEqual([
    { protocol: "node1", state: "Established", since: "10:58:41.123" },
    { protocol: "node2", state: "Active", since: "10:58:41.123" },
    { protocol: "node3", state: "down", since: "10:58:41.123" },
  ]);
});

test("a time is the same with another last millisecond, and another one after a session began anew", () => {
  expect(isSameSince("16:23:36.775", "16:23:36.776")).toBe(true);
  expect(isSameSince("23:59:59.999", "00:00:00.000")).toBe(true);
  expect(isSameSince("16:23:36.775", "16:23:37.776")).toBe(false);
  expect(isSameSince("2026-11-25", "2026-11-25")).toBe(true);
  expect(isSameSince("2026-11-25", "16:23:36.775")).toBe(false);
});
