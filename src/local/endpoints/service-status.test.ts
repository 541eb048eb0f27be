import { describe, expect, it } from "vitest";
import type { Service } from "../../api/kubernetes/workloads.ts";
import type { PortClaim } from "./entrances.ts";
import type { ListenerStates } from "./route-status.ts";
import { serviceNews, serviceStatus } from "./service-status.ts";

const service: Service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop", generation: 1 },
  spec: { type: "LoadBalancer", ports: [{ port: 80 }, { port: 81 }] },
};

function claim(port: number, conflict?: string): PortClaim {
  return {
    listener: `service/shop/web:${port}`,
    owner: { kind: "Service", namespace: "shop", name: "web" },
    port,
    boundPort: port,
    ...(conflict === undefined ? {} : { conflict }),
  };
}

type State = "open" | "in use";

function statesOf(ports: Readonly<Record<string, State>>): ListenerStates {
  return new Map(
    Object.entries(ports).map(([port, state]) => {
      const name = `service/shop/web:${port}`;
      const error = state === "open" ? {} : { error: "in use" };
      return [name, { name, address: "127.0.0.1", port: Number(port), ...error }];
    }),
  );
}

const claims = [claim(80), claim(81)];

function statusAfter(
  ports: Readonly<Record<string, State>>,
  before: Service["status"] = {},
): Service["status"] {
  return serviceStatus({ ...service, status: before }, claims, statesOf(ports), 1_000);
}

describe("a Service's address", () => {
  it("is shown while every port is served", () => {
    const status = statusAfter({ 80: "open", 81: "open" });
    expect(status?.loadBalancer?.ingress?.[0]?.ip).toBe("127.0.0.1");
    expect(status?.conditions).toMatchObject([
      {
        type: "Programmed",
        status: "True",
        message: "listening on 127.0.0.1:80; listening on 127.0.0.1:81",
      },
    ]);
  });

  it("is shown with the port that is not served marked", () => {
    const status = statusAfter({ 80: "in use", 81: "open" });
    expect(status?.loadBalancer?.ingress?.[0]?.ports).toEqual([
      { port: 80, protocol: "TCP", error: "PortInUse" },
      { port: 81, protocol: "TCP" },
    ]);
  });

  it("is not shown where no port is served", () => {
    const status = statusAfter({ 80: "in use", 81: "in use" });
    expect(status?.loadBalancer).toEqual({});
    expect(status?.conditions).toMatchObject([
      {
        status: "False",
        reason: "PortInUse",
        message: expect.stringMatching(/^127\.0\.0\.1:80: the port is in use by another program/),
      },
    ]);
  });

  it("waits for the gateway", () => {
    const status = statusAfter({});
    expect(status?.loadBalancer).toEqual({});
    expect(status?.conditions).toMatchObject([{ status: "False", reason: "Pending" }]);
  });

  it("names who has the port, where it is one of us", () => {
    const taken = [claim(80, "gateway/shop/web:80")];
    const status = serviceStatus(service, taken, statesOf({}), 0);
    expect(status?.loadBalancer).toEqual({});
    expect(status?.conditions?.[0]?.message).toContain("the port is taken by gateway/shop/web:80");
  });
});

describe("what is told", () => {
  const inUse = statusAfter({ 80: "in use", 81: "open" });
  const open = statusAfter({ 80: "open", 81: "open" });

  it("is once that a port is in use, whatever pass looks", () => {
    const news = serviceNews(undefined, inUse);
    expect(news).toMatchObject({ type: "Warning", reason: "PortInUse" });
    expect(serviceNews(inUse, inUse)).toEqual(news);
  });

  it("is that it is served again, and nothing of what always was", () => {
    expect(serviceNews(inUse, open)).toMatchObject({ type: "Normal", reason: "Programmed" });
    expect(serviceNews(undefined, open)).toBeUndefined();
    expect(serviceNews(open, open)).toBeUndefined();
    expect(serviceNews(undefined, statusAfter({}))).toBeUndefined();
  });
});
