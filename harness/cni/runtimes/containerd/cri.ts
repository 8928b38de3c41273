import { type Client, credentials, loadPackageDefinition, type ServiceError } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { z } from "zod";
import { HarnessError } from "#harness/core/errors.ts";

/** Fields of a message: name, type and number. */
type Fields = Readonly<Record<string, readonly [type: string, id: number]>>;

const message = (fields: Fields, repeated: readonly string[] = []) => ({
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, [type, id]]) => [
      name,
      { type, id, ...(repeated.includes(name) && { rule: "repeated" }) },
    ]),
  ),
});
const text = (fields: Fields, maps: Readonly<Record<string, number>>) => ({
  fields: {
    ...message(fields).fields,
    ...Object.fromEntries(
      Object.entries(maps).map(([name, id]) => [name, { keyType: "string", type: "string", id }]),
    ),
  },
});

/** The part of the Container Runtime Interface (runtime.v1) that is used here. */
const methods = {
  RuntimeService: [
    "Version",
    "RunPodSandbox",
    "StopPodSandbox",
    "RemovePodSandbox",
    "ListPodSandbox",
    "PodSandboxStatus",
    "Status",
  ],
  ImageService: ["ImageStatus"],
} as const;

const messages = {
  VersionRequest: message({ version: ["string", 1] }),
  VersionResponse: message({
    version: ["string", 1],
    runtimeName: ["string", 2],
    runtimeVersion: ["string", 3],
  }),
  PodSandboxMetadata: message({
    name: ["string", 1],
    uid: ["string", 2],
    namespace: ["string", 3],
    attempt: ["uint32", 4],
  }),
  PortMapping: message({
    protocol: ["int32", 1],
    containerPort: ["int32", 2],
    hostPort: ["int32", 3],
    hostIp: ["string", 4],
  }),
  LinuxPodSandboxConfig: message({ cgroupParent: ["string", 1] }),
  PodSandboxConfig: message(
    {
      metadata: ["PodSandboxMetadata", 1],
      hostname: ["string", 2],
      logDirectory: ["string", 3],
      portMappings: ["PortMapping", 5],
      linux: ["LinuxPodSandboxConfig", 8],
    },
    ["portMappings"],
  ),
  RunPodSandboxRequest: message({ config: ["PodSandboxConfig", 1], runtimeHandler: ["string", 2] }),
  RunPodSandboxResponse: message({ podSandboxId: ["string", 1] }),
  StopPodSandboxRequest: message({ podSandboxId: ["string", 1] }),
  StopPodSandboxResponse: message({}),
  RemovePodSandboxRequest: message({ podSandboxId: ["string", 1] }),
  RemovePodSandboxResponse: message({}),
  PodSandboxStatusRequest: message({ podSandboxId: ["string", 1], verbose: ["bool", 2] }),
  PodSandboxStatusResponse: text({}, { info: 2 }),
  ListPodSandboxRequest: message({}),
  PodSandbox: message({ id: ["string", 1], metadata: ["PodSandboxMetadata", 2] }),
  ListPodSandboxResponse: message({ items: ["PodSandbox", 1] }, ["items"]),
  StatusRequest: message({ verbose: ["bool", 1] }),
  RuntimeCondition: message({
    type: ["string", 1],
    status: ["bool", 2],
    reason: ["string", 3],
    message: ["string", 4],
  }),
  RuntimeStatus: message({ conditions: ["RuntimeCondition", 1] }, ["conditions"]),
  StatusResponse: text({ status: ["RuntimeStatus", 1] }, { info: 2 }),
  ImageSpec: message({ image: ["string", 1] }),
  ImageStatusRequest: message({ image: ["ImageSpec", 1] }),
  Image: message({ id: ["string", 1] }),
  ImageStatusResponse: message({ image: ["Image", 1] }),
};

const services = Object.fromEntries(
  Object.entries(methods).map(([service, names]) => [
    service,
    {
      methods: Object.fromEntries(
        names.map((name) => [name, { requestType: `${name}Request`, responseType: `${name}Response` }]),
      ),
    },
  ]),
);

const descriptor = { nested: { runtime: { nested: { v1: { nested: { ...messages, ...services } } } } } };

const answers = {
  Version: z.object({ runtimeVersion: z.string() }),
  RunPodSandbox: z.object({ podSandboxId: z.string() }),
  StopPodSandbox: z.unknown(),
  RemovePodSandbox: z.unknown(),
  ListPodSandbox: z.object({
    items: z.array(z.object({ id: z.string(), metadata: z.object({ name: z.string() }) })),
  }),
  PodSandboxStatus: z.object({ info: z.record(z.string(), z.string()) }),
  Status: z.object({
    status: z.object({
      conditions: z.array(
        z.object({ type: z.string(), status: z.boolean(), reason: z.string(), message: z.string() }),
      ),
    }),
    info: z.record(z.string(), z.string()),
  }),
  ImageStatus: z.object({ image: z.object({ id: z.string() }).nullable() }),
} as const;
type Method = keyof typeof answers;

/** A client of the Container Runtime Interface over a unix socket. */
export class CriClient implements Disposable {
  readonly #clients: Readonly<Record<string, Client>>;

  /** `socket`: path on this machine. */
  constructor(socket: string) {
    const defined = fromJSON(descriptor, { longs: String, defaults: true });
    const { runtime } = loadPackageDefinition(defined) as unknown as {
      runtime: { v1: Record<keyof typeof methods, new (target: string, how: typeof insecure) => Client> };
    };
    const insecure = credentials.createInsecure();
    this.#clients = Object.fromEntries(
      (Object.keys(methods) as (keyof typeof methods)[]).map((service) => [
        service,
        new runtime.v1[service](`unix:${socket}`, insecure),
      ]),
    );
  }

  /** Rejects with `HarnessError`, in the runtime's own words, when it refuses or does not answer in time. */
  async call<M extends Method>(
    method: M,
    request: object = {},
    deadlineMs = 90_000,
  ): Promise<z.infer<(typeof answers)[M]>> {
    const service = (methods.ImageService as readonly string[]).includes(method)
      ? "ImageService"
      : "RuntimeService";
    const client = this.#clients[service] as unknown as Record<string, Unary>;
    const answer = await new Promise<unknown>((resolve, reject) => {
      client[method]?.(request, { deadline: Date.now() + deadlineMs }, (error, value) => {
        if (error) reject(new HarnessError(`${method}: ${error.details}`, { cause: error }));
        else resolve(value);
      });
    });
    return answers[method].parse(answer) as z.infer<(typeof answers)[M]>;
  }

  [Symbol.dispose](): void {
    for (const client of Object.values(this.#clients)) client.close();
  }
}

type Unary = (
  request: object,
  options: { deadline: number },
  done: (error: ServiceError | null, value: unknown) => void,
) => void;
