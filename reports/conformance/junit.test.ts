import { expect, test } from "vitest";
import { formatJUnit } from "./junit.ts";
import { buildStatement } from "./statement.ts";

test("JUnit stays well-formed whatever a command printed", () => {
  const junit = formatJUnit(
    buildStatement({
      generator: { name: "netconform", version: "0.0.0" },
      id: "b7f0b1f4-6d3c-4a52-9b53-0d5a2c6a2f0e",
      startedAt: new Date(0),
      durationMs: 0,
      incompleteBecause: [],
      environment: {
        host: { platform: "", kernel: "", arch: "", cpus: 1 },
        node: "",
        packages: {},
        settings: {},
      },
      targets: [],
      observations: [],
      errors: [
        { where: 'a "quoted" <place>', message: "\u001b[31mred\u001b[0m\u0000 & ]]> <b>\nsecond line" },
      ],
    }),
  );
  expect(junit).toContain('name="a &quot;quoted&quot; &lt;place&gt;"');
  expect(junit).toContain("&amp; ]]&gt; &lt;b&gt;\nsecond line</error>");
  for (const control of ["\u001b", "\u0000"]) expect(junit).not.toContain(control);
});
