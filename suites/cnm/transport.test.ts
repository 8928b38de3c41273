import { granted } from "#harness/cnm/client/answers.ts";
import type { PlayedEngine } from "#harness/cnm/client/engine.ts";
import { randomId } from "#harness/cnm/client/random.ts";
import { describeExchange } from "#harness/cnm/protocol/exchange.ts";
import { genericOptionsKey } from "#harness/cnm/protocol/protocol.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import { type CnmTest, cnmSuite, connectRaw, play } from "./fixture.ts";

/** Larger than any request of an engine, smaller than what a machine notices. */
const oversizedBytes = 8 * 1024 * 1024;

cnmSuite(({ requirement }) => {
  requirement("CNM-15c", "a client that stops in the middle of its request", async (test) => {
    const slow = await connectRaw(test);
    const { client } = play(test);
    const body = JSON.stringify({ NetworkID: randomId() });
    slow.write(client.head("NetworkDriver.DeleteNetwork", body.length) + body.slice(0, 5));
    await servesOthers(play(test));
    slow.write(body.slice(5));
  });

  requirement("CNM-15c", "connections that say nothing, and one that is cut in the middle", async (test) => {
    await Promise.all(Array.from({ length: 20 }, () => connectRaw(test)));
    const cut = await connectRaw(test);
    cut.write(`${play(test).client.head("NetworkDriver.CreateNetwork", 1000)}{"NetworkID": "`);
    cut.destroy();
    await servesOthers(play(test));
  });

  requirement("CNM-15c", "a body of eight megabytes, and a request without a length", async (test) => {
    const engine = play(test);
    const call = test.facts.subsystems.has("NetworkDriver")
      ? "NetworkDriver.CreateEndpoint"
      : "IpamDriver.RequestAddress";
    const padding = "x".repeat(oversizedBytes);
    const body = JSON.stringify({
      NetworkID: randomId(),
      EndpointID: randomId(),
      PoolID: "none",
      Options: { [genericOptionsKey]: { padding } },
    });
    await engine.client.sendRaw({
      call,
      shown: `${body.slice(0, 200)}… (${body.length} bytes)`,
      write: (stream) => void stream.write(engine.client.head(call, body.length) + body),
    });
    await engine.client.sendRaw({
      call,
      shown: "",
      write: (stream) => void stream.write(engine.client.head(call, undefined)),
    });
    await servesOthers(engine);
    await healthy(test);
  });
});

/** An ordinary call on a connection of its own is answered while the bad one is open. */
async function servesOthers({ client, facts }: PlayedEngine): Promise<void> {
  const call = facts.subsystems.has("NetworkDriver")
    ? "NetworkDriver.GetCapabilities"
    : "IpamDriver.GetDefaultAddressSpaces";
  const result = await client.call(call);
  if (result.succeeded) return;
  throw new Nonconformance({
    who: client.socket.name,
    expected: `${call} to be answered on another connection`,
    got: result.exchange.failure ?? `status ${result.exchange.status}`,
    evidence: describeExchange(result.exchange),
  });
}

async function healthy(test: CnmTest): Promise<void> {
  const engine = play(test, "afterwards");
  if (test.facts.subsystems.has("NetworkDriver"))
    granted(await engine.createNetwork(await engine.prepareNetwork()));
  else await engine.pool();
}
