import { afterEach, describe, expect, it } from "vitest";
import { loopback, type Heard, type Loopback } from "../../metrics/loopback.test-support.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { elasticLoadBalancing } from "./elastic-load-balancing.ts";

// A stand-in for Elastic Load Balancing v2: answers as the API reference shows them, in pages.

const arnOf = (kind: string, name: string): string =>
  `arn:aws:elasticloadbalancing:eu-west-1:1:${kind}/${name}`;

function page(action: string, list: string, members: readonly string[], marker?: string): string {
  const items = members.map((member) => `<member>${member}</member>`).join("");
  const next = marker === undefined ? "" : `<NextMarker>${marker}</NextMarker>`;
  return `<?xml version="1.0"?><${action}Response xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><${action}Result><${list}>${items}</${list}>${next}</${action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${action}Response>`;
}

function forward(groups: readonly (readonly [string, number])[]): string {
  const members = groups.map(
    ([name, weight]) =>
      `<member><TargetGroupArn>${arnOf("targetgroup", name)}</TargetGroupArn><Weight>${weight}</Weight></member>`,
  );
  return `<Actions><member><Type>forward</Type><ForwardConfig><TargetGroups>${members.join("")}</TargetGroups></ForwardConfig></member></Actions>`;
}

const balancer = (name: string): string =>
  `<LoadBalancerName>${name}</LoadBalancerName><LoadBalancerArn>${arnOf("loadbalancer/app", name)}</LoadBalancerArn><DNSName>${name}.elb.amazonaws.com</DNSName>`;

const single = `<Actions><member><Type>forward</Type><TargetGroupArn>${arnOf("targetgroup", "plain")}</TargetGroupArn></member></Actions>`;
const redirect = `<Actions><member><Type>redirect</Type></member></Actions>`;
const many = Array.from({ length: 25 }, (_, index) => [`g${index}`, index] as const);

function answer({ body }: Heard): { readonly body: string } {
  const form = new URLSearchParams(body);
  const marker = form.get("Marker");
  const action = form.get("Action") ?? "";
  switch (action) {
    case "DescribeLoadBalancers": {
      const names = marker === null ? ["other"] : ["shop"];
      const next = marker === null ? "page-2" : undefined;
      return { body: page(action, "LoadBalancers", names.map(balancer), next) };
    }
    case "DescribeListeners": {
      const listener = (name: string): string => `<ListenerArn>${name}</ListenerArn>`;
      return { body: page(action, "Listeners", ["http", "https"].map(listener)) };
    }
    case "DescribeRules": {
      const rules = form.get("ListenerArn") === "http" ? [redirect] : [forward(many), single];
      return { body: page(action, "Rules", rules) };
    }
    default: {
      const arns = [...form].filter(([name]) => name.startsWith("ResourceArns.member."));
      const described = arns.map(([, arn]) => {
        const tags = `<member><Key>x</Key><Value>y</Value></member><member><Key>ingress.k8s.aws/resource</Key><Value>ns/${arn.split("/")[1]}:80</Value></member>`;
        return `<ResourceArn>${arn}</ResourceArn><Tags>${tags}</Tags>`;
      });
      return { body: page(action, "TagDescriptions", described) };
    }
  }
}

let server: Loopback | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function balancers(reply: Parameters<typeof loopback>[0] = answer) {
  server = await loopback(reply);
  const env = {
    AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2: server.url,
    AWS_ACCESS_KEY_ID: "AK",
    AWS_SECRET_ACCESS_KEY: "SK",
    AWS_REGION: "eu-west-1",
  };
  const clock = new VirtualClock(Date.UTC(2026, 0, 2));
  return { heard: server.heard, targetGroups: elasticLoadBalancing({ clock, env }) };
}

describe("Elastic Load Balancing", () => {
  it("says what the balancer of a host name serves, over all pages and listeners", async () => {
    const { targetGroups, heard } = await balancers();
    const served = await targetGroups.servedBy("SHOP.elb.amazonaws.com");
    expect(served).toEqual({
      name: "shop",
      arn: arnOf("loadbalancer/app", "shop"),
      rules: [
        many.map(([name, weight]) => ({
          arn: arnOf("targetgroup", name),
          weight,
          resource: `ns/${name}:80`,
        })),
        [{ arn: arnOf("targetgroup", "plain"), weight: 1, resource: "ns/plain:80" }],
      ],
    });
    expect(heard.map(({ body }) => new URLSearchParams(body).get("Action"))).toEqual([
      "DescribeLoadBalancers",
      "DescribeLoadBalancers",
      "DescribeListeners",
      "DescribeRules",
      "DescribeRules",
      "DescribeTags",
      "DescribeTags",
    ]);
    expect(new URLSearchParams(heard[0]?.body).get("PageSize")).toBe("300");
    expect(new URLSearchParams(heard[6]?.body).get("ResourceArns.member.6")).toBe(
      arnOf("targetgroup", "plain"),
    );
    expect(heard[0]?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AK\/20260102\/eu-west-1\/elasticloadbalancing\/aws4_request, /,
    );
  });

  it("knows of no balancer with another name", async () => {
    const { targetGroups } = await balancers();
    expect(await targetGroups.servedBy("gone.elb.amazonaws.com")).toBeUndefined();
  });

  it("reads the tag it is told to", async () => {
    await balancers();
    const env = {
      AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2: server?.url,
      AWS_ACCESS_KEY_ID: "AK",
      AWS_SECRET_ACCESS_KEY: "SK",
      AWS_REGION: "eu-west-1",
    };
    const options = { clock: new VirtualClock(0), env, resourceTag: "x" };
    const served = await elasticLoadBalancing(options).servedBy("shop.elb.amazonaws.com");
    expect(served?.rules[1]?.[0]?.resource).toBe("y");
  });

  it("fails with Amazon's words", async () => {
    const body =
      "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>";
    const { targetGroups } = await balancers(() => ({ status: 403, body }));
    await expect(targetGroups.servedBy("x")).rejects.toThrow(
      /operation error Elastic Load Balancing v2: DescribeLoadBalancers, .*StatusCode: 403.*AccessDenied: not you/,
    );
  });
});
