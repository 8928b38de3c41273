import { afterAll, beforeAll, expect, test } from "vitest";
import { daemon } from "#drivers/kit/daemon/daemon.ts";
import { connectRecorder } from "#harness/cnm/recorder/recorder.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { makeOneNode, type OneNode } from "#harness/testing/support/clusters/one-node.ts";
import { recordPlugin } from "./record-plugin.ts";

let made: OneNode;

beforeAll(async () => {
  made = await makeOneNode("recorder");
}, 180_000);

afterAll(() => made?.[Symbol.asyncDispose]());

/** A network driver that refuses every network by its own name, at a TCP port or at a unix socket. */
const plugin = `
import http.server, json, os, socketserver, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = {"/Plugin.Activate": {"Implements": ["NetworkDriver"]},
                "/NetworkDriver.GetCapabilities": {"Scope": "local"},
                }.get(self.path, {"Err": "refused by " + sys.argv[1]})
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def address_string(self): return "engine"
class Unix(socketserver.ThreadingUnixStreamServer): pass
at = sys.argv[2]
if at.startswith("/"): server = Unix(at, Answer)
else: server = http.server.ThreadingHTTPServer(("127.0.0.1", int(at)), Answer)
server.serve_forever()
`;

test.each([
  ["by-tcp", "8765", "/etc/docker/plugins/by-tcp.spec", "tcp://127.0.0.1:8765", "by-tcp"],
  [
    "by-unix",
    "/run/by-unix.sock",
    "/usr/lib/docker/plugins/by-unix.json",
    '{"Name":"by-unix","Addr":"unix:///run/by-unix.sock"}',
    "/usr/lib/docker/plugins/by-unix.json",
  ],
])(
  "records what the engine says to the plugin %s at %s, and puts %s back",
  async (name, at, file, spec, specFile) => {
    const [node] = made.cluster.nodes;
    const scope = new Scope("recorder test");
    const listens = ["sh", "-c", 'test -S "$1" || curl --silent --output /dev/null "127.0.0.1:$1"', "sh", at];
    await daemon(scope, {
      node: node!,
      name,
      argv: ["python3", "-c", plugin, name, at],
      ready: async (host) => (await host.exec(listens)).code === 0,
    });
    await node!.run(["mkdir", "--parents", file.slice(0, file.lastIndexOf("/"))]);
    scope.defer(file, () => node!.files.remove(file));
    await node!.files.write(file, spec);
    const recording = scope.child("the recorder");
    const { recorder } = await recordPlugin(recording, made.cluster, { specFile });
    const created = node!.docker.createNetwork({ Name: name, Driver: name });
    await expect(created).rejects.toThrow(`refused by ${name}`);
    const { exchanges } = await connectRecorder(recorder).since([0]);
    expect(exchanges.map(({ call }) => call)).toEqual(
      expect.arrayContaining(["Plugin.Activate", "NetworkDriver.CreateNetwork"]),
    );
    await recording.close();
    expect(await node!.files.readText(file)).toBe(spec);
    expect(
      (await node!.exec(["sh", "-c", "ls -d /run/netconform-recorder-* /run/*.behind-proxy"])).stdout,
    ).toBe("");
    await scope.close();
  },
);
