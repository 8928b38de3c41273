import { expect, test } from "vitest";
import { InTurn } from "./in-turn.ts";

function listen() {
  const heard: string[] = [];
  return { heard, turns: new InTurn<string>((said) => heard.push(said)) };
}

test("of chapters that run side by side one is told as it goes, the others after it", () => {
  const { heard, turns } = listen();
  turns.say("basics", "S5");
  turns.say("swarm", "W1");
  turns.say("basics", "B1");
  expect(heard).toEqual(["S5", "B1"]);
  turns.end("basics");
  expect(heard).toEqual(["S5", "B1", "W1"]);
  turns.say("swarm", "W2");
  expect(heard.at(-1)).toBe("W2");
});

test("chapters that have ended meanwhile are told whole, the first that goes on is told as it goes", () => {
  const { heard, turns } = listen();
  turns.say("basics", "B1");
  turns.say("swarm", "W1");
  turns.say("policy", "P1");
  turns.end("swarm");
  turns.end("basics");
  turns.say("policy", "P2");
  expect(heard).toEqual(["B1", "W1", "P1", "P2"]);
});

test("a word that comes after the end of its chapter is told, and holds nobody up", () => {
  const { heard, turns } = listen();
  turns.say("basics", "B1");
  turns.end("basics");
  turns.say("basics", "R1");
  turns.say("swarm", "W1");
  turns.say("policy", "P1");
  turns.end("policy");
  turns.say("policy", "P2");
  expect(heard).toEqual(["B1", "R1", "W1"]);
  turns.end("swarm");
  expect(heard).toEqual(["B1", "R1", "W1", "P1", "P2"]);
});

test("a chapter that ends without a word leaves nothing behind, and nothing is lost at the end", () => {
  const { heard, turns } = listen();
  turns.end("silent");
  turns.say("basics", "B1");
  turns.say("swarm", "W1");
  turns.finish();
  turns.say("policy", "P1");
  expect(heard).toEqual(["B1", "W1", "P1"]);
});
