import { z } from "zod";
import { contains } from "#harness/core/ip.ts";

/** A network configuration list of a node, as far as the driver reads it; everything else passes through. */
export const renderedSchema = z.looseObject({
  name: z.string(),
  plugins: z.array(
    z.looseObject({
      type: z.string(),
      /** Of a plugin that hands out addresses itself. */
      subnet: z.string().optional(),
      ipam: z
        .looseObject({
          subnet: z.string().optional(),
          ranges: z.array(z.array(z.looseObject({ subnet: z.string() }))).optional(),
          routes: z.array(z.looseObject({ dst: z.string() })).optional(),
        })
        .optional(),
    }),
  ),
});
export type Rendered = z.infer<typeof renderedSchema>;

const defaultRoutes = ["0.0.0.0/0", "::/0"];

/** For a container that is to have that address, wherever in the network's subnet: it need not be of the node's own part. */
export function withAddress(config: Rendered, address: string): Rendered {
  return {
    ...config,
    plugins: config.plugins.map(({ ipam, ...plugin }) => ({
      ...plugin,
      ...(ipam && {
        ipam: {
          ...ipam,
          ranges: ipam.ranges?.map((set) =>
            set.map((range) =>
              contains(range.subnet, address) ? { ...range, rangeStart: address, rangeEnd: address } : range,
            ),
          ),
        },
      }),
    })),
  };
}

/** For an interface beside a container's first one, which has the default route already. */
export function withoutDefaultRoute(config: Rendered): Rendered {
  return {
    ...config,
    plugins: config.plugins.map(({ ipam, ...plugin }) => ({
      ...plugin,
      ...(ipam && {
        ipam: { ...ipam, routes: ipam.routes?.filter(({ dst }) => !defaultRoutes.includes(dst)) ?? [] },
      }),
    })),
  };
}
