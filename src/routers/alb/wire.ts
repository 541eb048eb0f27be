// The JSON in the annotations of the AWS load balancer controller.
import type { ManagedRoute } from "../../api/argo/traffic.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";
import { RouterError } from "../router.ts";

export interface Stickiness {
  readonly durationSeconds: number;
}

export interface WeightedService {
  readonly service: string;
  readonly weight: number;
}

interface Forwarding {
  readonly servicePort: number;
  readonly stickiness: Stickiness | undefined;
}

/** In the order of keys that Argo writes: other tools compare texts. */
export function actionText(
  targets: readonly WeightedService[],
  { servicePort, stickiness }: Forwarding,
): string {
  const TargetGroups = targets.map(({ service, weight }) => ({
    ServiceName: service,
    ServicePort: String(servicePort),
    Weight: weight,
  }));
  const TargetGroupStickinessConfig = {
    Enabled: true,
    DurationSeconds: stickiness?.durationSeconds,
  };
  const ForwardConfig = {
    TargetGroups,
    ...(stickiness === undefined ? {} : { TargetGroupStickinessConfig }),
  };
  return JSON.stringify({ Type: "forward", ForwardConfig });
}

function parsed(text: string | undefined): Json {
  try {
    return JSON.parse(text ?? "null") as Json;
  } catch {
    // No JSON: it says nothing.
    return null;
  }
}

/** undefined: no annotation, or none of this form. */
export function readAction(text: string | undefined): readonly WeightedService[] | undefined {
  const action = parsed(text);
  const forward = isJsonObject(action) ? action["ForwardConfig"] : undefined;
  const groups = isJsonObject(forward) ? forward["TargetGroups"] : undefined;
  if (!isJsonArray(groups)) return undefined;
  const found = groups.map((group) => {
    const { ServiceName: service, Weight: weight = 0 } = isJsonObject(group) ? group : {};
    return typeof service === "string" && typeof weight === "number" ? { service, weight } : null;
  });
  return found.every((target) => target !== null) ? found : undefined;
}

/**
 * The same action with everything led to one Service; port and stickiness stay as they were. undefined:
 * the text is none of this form, so that nobody can say what it should be.
 */
export function homeActionText(text: string, service: string): string | undefined {
  const action = parsed(text);
  const forward = isJsonObject(action) ? action["ForwardConfig"] : undefined;
  const groups = isJsonObject(forward) ? forward["TargetGroups"] : undefined;
  if (!isJsonObject(action) || !isJsonObject(forward) || !isJsonArray(groups)) return undefined;
  const [first] = groups;
  const port = isJsonObject(first) ? first["ServicePort"] : undefined;
  if (port === undefined) return undefined;
  const TargetGroups = [{ ServiceName: service, ServicePort: port, Weight: 100 }];
  return JSON.stringify({ ...action, ForwardConfig: { ...forward, TargetGroups } });
}

type Match = Extract<ManagedRoute, { kind: "header" }>["match"];

/** Values of one header are alternatives; several headers must all match. */
export function conditionsText(match: Match): string {
  const byHeader = new Map<string, string[]>();
  for (const { headerName, headerValue } of match) {
    if (headerValue.kind !== "exact") {
      throw new RouterError(
        "TrafficRoutingError",
        `SetHeaderRoute match value invalid. ALB supports 'exact' value only, header ${headerName} has '${headerValue.kind}'`,
      );
    }
    byHeader.set(headerName, [...(byHeader.get(headerName) ?? []), headerValue.value]);
  }
  const conditions = [...byHeader].map(([httpHeaderName, values]) => ({
    field: "http-header",
    httpHeaderConfig: { httpHeaderName, values },
  }));
  return JSON.stringify(conditions);
}

function readCondition(condition: Json): Match | undefined {
  const config = isJsonObject(condition) ? condition["httpHeaderConfig"] : undefined;
  const { httpHeaderName: headerName, values }: JsonObject = isJsonObject(config) ? config : {};
  if (typeof headerName !== "string" || !isJsonArray(values)) return undefined;
  const texts = values.filter((value) => typeof value === "string");
  return texts.map((value) => ({ headerName, headerValue: { kind: "exact", value } }));
}

/** undefined: no annotation, or none of this form. */
export function readConditions(text: string | undefined): Match | undefined {
  const conditions = parsed(text);
  if (!isJsonArray(conditions)) return undefined;
  const found = conditions.map(readCondition);
  return found.every((match) => match !== undefined) ? found.flat() : undefined;
}
