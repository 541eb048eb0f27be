// What this installation can carry out: an input to parsing, validating and linting, handed in by
// whoever knows the registries. Everything else in a manifest is accepted and reported.

/** What a router can do besides splitting by weight. routers/RouterCapabilities fits in here. */
export interface RouterAbilities {
  readonly headerRoutes: boolean;
  readonly mirrorRoutes: boolean;
  readonly experimentWeights: boolean;
}

export interface Capabilities {
  /** By key under trafficRouting (`nginx`) or name under trafficRouting.plugins. */
  readonly routers: Readonly<Record<string, RouterAbilities>>;
  /** By key under a metric's provider (`prometheus`) or name under provider.plugin. */
  readonly providers: readonly string[];
  /** Names under steps[].plugin.name. */
  readonly stepPlugins: readonly string[];
}

/** What to do about a router that is a program of its own, spoken to by Argo's plugin protocol. */
export function externalRouterText(known: readonly string[]): string {
  return (
    "Haldane does not run Argo Rollouts' traffic router plugins, which are programs of their own. Use " +
    `a router it has built in: ${known.join(", ")}. Most proxies that have a plugin (Contour, Gloo, ` +
    "Kong, Consul) are reached through the Gateway API: plugins[argoproj-labs/gatewayAPI]"
  );
}
