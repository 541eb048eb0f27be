// Schema of a metric's provider (argo-metric-providers.md §3–10): one block per provider.
import { jobSpecSchema } from "./workloads.ts";
import { labelsAndAnnotationsSchema } from "./meta.ts";
import {
  any,
  bool,
  crdEnum,
  defaulted,
  int64,
  intOrString,
  list,
  map,
  object,
  openObject,
  strings,
  text,
} from "./schema.ts";
import type { Schema, SchemaNode } from "./schema.ts";
import type { JsonObject } from "../../lib/json.ts";

const header = object({ key: text, value: text }, ["key", "value"]);

const authentication = object({
  sigv4: object({ region: text, profile: text, roleArn: text }),
  oauth2: object({ tokenUrl: text, clientId: text, clientSecret: text, scopes: strings }),
  basicAuth: object({ username: text, password: text }),
});

const prometheus = object({
  address: text,
  query: text,
  timeout: int64,
  insecure: bool,
  headers: list(header),
  authentication,
  rangeQuery: object({ start: text, end: text, step: text }),
});

const web = object(
  {
    url: text,
    method: text,
    headers: list(header),
    body: text,
    jsonBody: any,
    timeoutSeconds: int64,
    jsonPath: text,
    insecure: bool,
    authentication,
  },
  ["url"],
);

const aggregators = [
  "avg",
  "min",
  "max",
  "sum",
  "last",
  "percentile",
  "mean",
  "l2norm",
  "area",
] as const;

const datadog = object({
  query: text,
  queries: map(text),
  formula: text,
  apiVersion: defaulted(crdEnum(["v1", "v2"]), "v1"),
  interval: defaulted(text, "5m"),
  aggregator: crdEnum(aggregators),
  secretRef: object({ name: text, namespaced: bool }),
  requestTimeout: defaulted(text, "10s"),
});

const scope = object({ scope: text, region: text, step: int64, start: text, end: text }, [
  "scope",
  "region",
  "step",
]);

const kayenta = object(
  {
    address: text,
    application: text,
    canaryConfigName: text,
    metricsAccountName: text,
    configurationAccountName: text,
    storageAccountName: text,
    threshold: object({ pass: int64, marginal: int64 }, ["pass", "marginal"]),
    scopes: list(
      object({ name: text, controlScope: scope, experimentScope: scope }, [
        "name",
        "controlScope",
        "experimentScope",
      ]),
    ),
    lookback: bool,
  },
  [
    "address",
    "application",
    "canaryConfigName",
    "metricsAccountName",
    "configurationAccountName",
    "storageAccountName",
    "threshold",
    "scopes",
  ],
);

const metricDataQuery = object({
  id: text,
  expression: text,
  label: text,
  metricStat: object({
    metric: object({
      dimensions: list(object({ name: text, value: text })),
      metricName: text,
      namespace: text,
    }),
    period: intOrString,
    stat: text,
    unit: text,
  }),
  period: intOrString,
  returnData: bool,
});

/** Exactly one key is set. Typed as JSON: each provider reads its own block. */
const providers: SchemaNode = object({
  prometheus,
  job: object({ metadata: labelsAndAnnotationsSchema, spec: jobSpecSchema }, ["spec"]),
  kayenta,
  web,
  datadog,
  wavefront: object({ address: text, query: text }),
  newRelic: object({ query: text, profile: text, timeout: int64 }, ["query"]),
  cloudWatch: object({ interval: text, metricDataQueries: list(metricDataQuery) }, [
    "metricDataQueries",
  ]),
  graphite: object({ address: text, query: text }),
  influxdb: object({ profile: text, query: text }),
  skywalking: object({ address: text, query: text, interval: text }),
  plugin: map(openObject({})),
});

export const providerSchema: Schema<JsonObject> = providers;
