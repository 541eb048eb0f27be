// metrics/cloud-watch: Amazon CloudWatch's GetMetricData over its Query API
// (argo-metric-providers.md §7). config.ts reads the metric, answer.ts what Amazon said; finding the
// keys, signing and sending are runtime/aws.
import { awsCredentials } from "../../runtime/aws/credentials.ts";
import { awsQuery } from "../../runtime/aws/query.ts";
import { answered } from "../answered.ts";
import type {
  MetricAnswer,
  MetricProvider,
  MetricQuestion,
  ProviderContext,
  ProviderFactory,
} from "../provider.ts";
import { answerOf } from "./answer.ts";
import { cloudWatchConfigOf, parametersAt, type CloudWatchConfig } from "./config.ts";

const capabilities = { asynchronous: false } as const;
const timeoutMs = 30_000;

/** Whoever the controller is for Amazon: no metric names keys, a profile or a role. */
const ownIdentity = { region: "", profile: "", roleArn: "" };

class CloudWatchProvider implements MetricProvider {
  readonly type = "CloudWatch";
  readonly #config: CloudWatchConfig;
  readonly #context: ProviderContext;

  constructor(config: CloudWatchConfig, context: ProviderContext) {
    this.#config = config;
    this.#context = context;
  }

  async measure({ now, signal }: MetricQuestion): Promise<MetricAnswer> {
    return answered(async () => {
      const context = { env: this.#context.env, now, transport: { timeoutMs, signal } };
      const credentials = await awsCredentials(ownIdentity, context);
      const { secretAccessKey, sessionToken = "" } = credentials;
      const question = {
        service: "monitoring",
        endpointVariable: "CLOUDWATCH",
        title: "CloudWatch",
        action: "GetMetricData",
        version: "2010-08-01",
        parameters: parametersAt(this.#config, now),
      };
      return answered(
        async () => answerOf(await awsQuery(question, credentials, context)),
        [secretAccessKey, sessionToken],
      );
    });
  }
}

export const cloudWatchProvider: ProviderFactory = {
  kind: "cloudWatch",
  capabilities,
  create: (metric, context) => new CloudWatchProvider(cloudWatchConfigOf(metric), context),
};
