import { expect, test } from "vitest";
import { namedOnNetwork } from "./overlay-names.ts";

test.for([
  ["docker run -dit --name alpine2 --network test-net alpine", { name: "alpine2", network: "test-net" }],
  ["docker container run -d --net=a --name=b alpine", { name: "b", network: "a" }],
  ["docker run -d --name b alpine", undefined],
  ["docker run -d --network a alpine", undefined],
  ["docker network create --network x --name y", undefined],
] as const)("%s", ([command, expected]) => {
  expect(namedOnNetwork(command)).toEqual(expected);
});
