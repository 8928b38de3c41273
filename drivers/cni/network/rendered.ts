import { z } from "zod";

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
