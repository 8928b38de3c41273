import { granted, textField } from "#harness/cnm/client/answers.ts";
import type { PlayedEndpoint, PlayedEngine } from "#harness/cnm/client/engine.ts";
import { randomId, randomMac } from "#harness/cnm/client/random.ts";
import { describeExchange, fieldsOf, type ReadExchange } from "#harness/cnm/protocol/exchange.ts";
import { exposedPortsKey, noProxy6To4Key, portMapKey } from "#harness/cnm/protocol/protocol.ts";
import { gatewayIsReachable } from "#harness/cnm/rules/answer-rules.ts";
import { Nonconformance, ProbeFailed, Unsupported } from "#harness/core/errors.ts";
import { contains, isAddress, isCidr } from "#harness/core/ip.ts";
import { cnmSuite, holds, interfaceExists, play, sourceName } from "./fixture.ts";

cnmSuite(({ requirement }) => {
  requirement("CNM-8", "an address and a MAC that the engine chose are not returned", async (test) => {
    const engine = play(test);
    const network = await engine.network();
    await engine.endpoint(network);
    const address = await engine.endpointAddress(network);
    granted(await engine.createEndpoint(network, randomId(), { Address: address, MacAddress: randomMac() }));
    holds(engine, "CNM-8");
  });

  requirement("CNM-9", "what the plugin fills in can be parsed", async (test) => {
    const engine = play(test);
    const network = await engine.network();
    const { created } = await engine.endpoint(network);
    const withoutAddress = await engine.createEndpoint(network, randomId(), { Address: "" });
    if (!withoutAddress.succeeded) test.note(`without an address: "${withoutAddress.message}"`);
    if (!fieldsOf(fieldsOf(created.answer)?.Interface)?.MacAddress)
      test.note("the plugin leaves the MAC to the engine");
    holds(engine, "CNM-9");
  });

  requirement("CNM-10", "the engine can find the interface that it has to move", async (test) => {
    const engine = play(test);
    const endpoint = await engine.endpoint(await engine.network());
    const joined = granted(await engine.join(endpoint));
    holds(engine, "CNM-10");
    const name = sourceName(joined);
    const host = test.host();
    if (!(await interfaceExists(host, "lo"))) {
      throw new ProbeFailed(`${host.name} shows no interface lo, so nothing can be said about others`);
    }
    if (name !== "" && (await interfaceExists(host, name))) return;
    throw new Nonconformance({
      who: test.socket.name,
      expected: `SrcName to be an interface on ${host.name}`,
      got: name === "" ? "no SrcName" : `${name}, which ip link does not know`,
      evidence: describeExchange(joined.exchange),
    });
  });

  // Whether the engine then attaches docker_gwbridge, and whether traffic takes the egress, is seen in the chapters.
  requirement("CNM-11", "gateway and routes parse; Leave right after Join, and Join again", async (test) => {
    const engine = play(test);
    const endpoint = await engine.endpoint(await engine.network());
    for (const _turn of ["first", "again"]) {
      granted(await engine.join(endpoint));
      holds(engine, "CNM-11");
      granted(await engine.leave(endpoint));
    }
  });

  // An engine lets an endpoint leave whose Join failed, and twice where what comes after the Join failed.
  requirement("CNM-11b", "Leave without a Join, Leave twice, and the deletion after it", async (test) => {
    const engine = play(test);
    const network = await engine.network();
    const [never, twice] = [await engine.endpoint(network), await engine.endpoint(network)];
    await engine.leave(never);
    granted(await engine.deleteEndpoint(never));
    granted(await engine.join(twice));
    granted(await engine.leave(twice));
    await engine.leave(twice);
    granted(await engine.deleteEndpoint(twice));
    const lost = engine.client.exchanges.find(({ answer }) => answer === null);
    if (!lost) return;
    throw new Nonconformance({
      who: test.socket.name,
      expected: `${lost.call} to be answered`,
      got: lost.failure ?? "no answer",
      evidence: describeExchange(lost),
    });
  });

  // That the engine asks only the endpoint that gives the gateway, and that a published port answers, is seen in the chapters.
  requirement("CNM-12", "the gateway of a Join is within reach of the endpoint", async (test) => {
    const engine = play(test);
    const network = await engine.network();
    const endpoint = await engine.endpoint(network);
    const joined = granted(await engine.join(endpoint));
    const answer = fieldsOf(joined.answer) ?? {};
    const gateway =
      textField(joined, "Gateway") ||
      (answer.DisableGatewayService === true ? "none, as DisableGatewayService asks" : "docker_gwbridge");
    test.fact(
      "egress",
      isCidr(network.pool) && isAddress(gateway) && contains(network.pool, gateway)
        ? "gateway in the subnet"
        : gateway,
    );
    if (gatewayIsReachable(joined.answer, endpoint.address)) return;
    throw new Nonconformance({
      who: test.socket.name,
      expected: `a gateway that ${endpoint.address} reaches directly, or none`,
      got: textField(joined, "Gateway") ?? "an answer that cannot be read",
      evidence: describeExchange(joined.exchange),
    });
  });

  requirement("CNM-13", "published ports are programmed and revoked, also twice", async (test) => {
    const engine = play(test);
    const endpoint = await engine.endpoint(await engine.network());
    granted(await engine.join(endpoint));
    const results = [
      await program(engine, endpoint),
      await program(engine, endpoint),
      await revoke(engine, endpoint),
      await revoke(engine, endpoint),
    ];
    const missing = results.filter(({ exchange }) => exchange.status === 404);
    if (missing.length === results.length) {
      throw new Unsupported(`${test.socket.name} has no external connectivity: it answers 404 to both calls`);
    }
    if (missing.length > 0) {
      throw new Nonconformance({
        who: test.socket.name,
        expected: "both calls or none of them",
        got: `404 for ${missing[0]!.exchange.call} only`,
        evidence: results.map(({ exchange }) => describeExchange(exchange)).join("\n"),
      });
    }
    granted(results[0]!);
    granted(results[2]!);
  });

  // What an engine does when another endpoint takes over one of two families.
  requirement("CNM-13b", "published ports are programmed again with other options", async (test) => {
    const engine = play(test);
    const endpoint = await engine.endpoint(await engine.network());
    granted(await engine.join(endpoint));
    const first = await program(engine, endpoint);
    if (first.exchange.status === 404) throw new Unsupported("the plugin has no external connectivity");
    granted(first);
    granted(await program(engine, endpoint, { [noProxy6To4Key]: true }));
    granted(await revoke(engine, endpoint));
  });

  requirement("CNM-14", "operational information is a map, before and after Join", async (test) => {
    const engine = play(test);
    const endpoint = await engine.endpoint(await engine.network());
    const ids = { NetworkID: endpoint.network.id, EndpointID: endpoint.id };
    granted(await engine.client.call("NetworkDriver.EndpointOperInfo", ids));
    granted(await engine.join(endpoint));
    granted(await engine.client.call("NetworkDriver.EndpointOperInfo", ids));
    holds(engine, "CNM-14");
  });
});

/** One published TCP port, in the form in which the engine hands it on. Protocol 6 is TCP. */
function program(
  { client }: PlayedEngine,
  { network, id }: PlayedEndpoint,
  more: Readonly<Record<string, boolean>> = {},
): Promise<ReadExchange> {
  const binding = { Proto: 6, IP: "", Port: 80, HostIP: "127.0.0.1", HostPort: 20_251, HostPortEnd: 20_251 };
  return client.call("NetworkDriver.ProgramExternalConnectivity", {
    NetworkID: network.id,
    EndpointID: id,
    Options: { [exposedPortsKey]: [{ Proto: 6, Port: 80 }], [portMapKey]: [binding], ...more },
  });
}

function revoke({ client }: PlayedEngine, { network, id }: PlayedEndpoint): Promise<ReadExchange> {
  return client.call("NetworkDriver.RevokeExternalConnectivity", { NetworkID: network.id, EndpointID: id });
}
