// TargetGroups of Amazon: Elastic Load Balancing v2, asked by its Query protocol. What a balancer
// serves is in the rules of its listeners; what a target group stands for, in its tags.
import type { Clock } from "../../runtime/clock.ts";
import { membersAt, textAt, type XmlElement } from "../../lib/xml.ts";
import { awsCredentials } from "../../runtime/aws/credentials.ts";
import { awsQuery } from "../../runtime/aws/query.ts";
import type { AwsContext } from "../../runtime/aws/context.ts";
import type { ServedBalancer, ServedTarget, TargetGroups } from "../target-groups.ts";

export interface ElasticLoadBalancingOptions {
  readonly clock: Clock;
  /** Region, keys and endpoints, as Amazon's own clients find them. */
  readonly env: AwsContext["env"];
  /** Tag of target groups that says what they stand for; default `ingress.k8s.aws/resource`. */
  readonly resourceTag?: string;
}

type Parameters = readonly (readonly [string, string])[];
/** Asks one action to its last page and gives the members of the list in all answers. */
type Ask = (action: string, list: string, parameters: Parameters) => Promise<readonly XmlElement[]>;

const usualResourceTag = "ingress.k8s.aws/resource";
const timeoutMs = 10_000;
const balancersPerPage = "300";
const mostTaggedAtOnce = 20;
const nothingWished = { region: "", profile: "", roleArn: "" };

interface Target {
  readonly arn: string;
  readonly weight: number;
}

/** One way of asking for as long as one answer takes: the keys are found once. */
async function asking({ clock, env }: ElasticLoadBalancingOptions): Promise<Ask> {
  const signal = AbortSignal.timeout(timeoutMs * 3);
  const context: AwsContext = { env, now: clock.now(), transport: { timeoutMs, signal } };
  const credentials = await awsCredentials(nothingWished, context);
  return async (action, list, parameters) => {
    const members: XmlElement[] = [];
    let marker = "";
    do {
      const question = {
        service: "elasticloadbalancing",
        endpointVariable: "ELASTIC_LOAD_BALANCING_V2",
        title: "Elastic Load Balancing v2",
        action,
        version: "2015-12-01",
        parameters: marker === "" ? parameters : [...parameters, ["Marker", marker] as const],
      };
      const root = await awsQuery(question, credentials, { ...context, now: clock.now() });
      const result = root.children.find(({ name }) => name === `${action}Result`) ?? root;
      members.push(...membersAt(result, list));
      marker = textAt(result, "NextMarker");
    } while (marker !== "");
    return members;
  };
}

/** The targets of a rule's forward actions; none where it does something else. */
function targetsOf(rule: XmlElement): readonly Target[] {
  const forwards = membersAt(rule, "Actions").filter(
    (action) => textAt(action, "Type") === "forward",
  );
  return forwards.flatMap((action): readonly Target[] => {
    const config = action.children.find(({ name }) => name === "ForwardConfig");
    const groups = config ? membersAt(config, "TargetGroups") : [];
    if (groups.length === 0) return [{ arn: textAt(action, "TargetGroupArn"), weight: 1 }];
    return groups.map((group) => ({
      arn: textAt(group, "TargetGroupArn"),
      weight: Number(textAt(group, "Weight") || "1"),
    }));
  });
}

async function rulesOf(balancer: string, ask: Ask): Promise<readonly (readonly Target[])[]> {
  const listeners = await ask("DescribeListeners", "Listeners", [["LoadBalancerArn", balancer]]);
  const rules: (readonly Target[])[] = [];
  for (const listener of listeners) {
    const arn = textAt(listener, "ListenerArn");
    const found = await ask("DescribeRules", "Rules", [["ListenerArn", arn]]);
    rules.push(...found.map(targetsOf));
  }
  return rules.filter((targets) => targets.length > 0);
}

function tagOf(description: XmlElement, key: string): string {
  const tag = membersAt(description, "Tags").find((candidate) => textAt(candidate, "Key") === key);
  return tag ? textAt(tag, "Value") : "";
}

/** What each target group stands for, by its ARN. */
async function resourcesOf(
  arns: readonly string[],
  tag: string,
  ask: Ask,
): Promise<ReadonlyMap<string, string>> {
  const resources = new Map<string, string>();
  for (let from = 0; from < arns.length; from += mostTaggedAtOnce) {
    const some = arns.slice(from, from + mostTaggedAtOnce);
    const parameters = some.map((arn, index) => [`ResourceArns.member.${index + 1}`, arn] as const);
    for (const description of await ask("DescribeTags", "TagDescriptions", parameters)) {
      resources.set(textAt(description, "ResourceArn"), tagOf(description, tag));
    }
  }
  return resources;
}

async function describe(balancer: XmlElement, tag: string, ask: Ask): Promise<ServedBalancer> {
  const arn = textAt(balancer, "LoadBalancerArn");
  const rules = await rulesOf(arn, ask);
  const groups = [...new Set(rules.flat().map((target) => target.arn))];
  const resources = await resourcesOf(groups, tag, ask);
  return {
    name: textAt(balancer, "LoadBalancerName"),
    arn,
    rules: rules.map((rule) =>
      rule.map((target): ServedTarget => ({
        ...target,
        resource: resources.get(target.arn) ?? "",
      })),
    ),
  };
}

export function elasticLoadBalancing(options: ElasticLoadBalancingOptions): TargetGroups {
  return {
    async servedBy(hostname) {
      const ask = await asking(options);
      const all = await ask("DescribeLoadBalancers", "LoadBalancers", [
        ["PageSize", balancersPerPage],
      ]);
      // Names in DNS are the same in any case.
      const wanted = hostname.toLowerCase();
      const found = all.find((balancer) => textAt(balancer, "DNSName").toLowerCase() === wanted);
      return found && describe(found, options.resourceTag ?? usualResourceTag, ask);
    },
  };
}
