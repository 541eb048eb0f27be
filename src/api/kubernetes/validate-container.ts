// What is wrong with a container: name, image, ports, environment, resources, probes, hooks.
import { parseQuantity } from "../../lib/quantity.ts";
import {
  below,
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../meta/field-error.ts";
import type { FieldError, Place } from "../meta/field-error.ts";
import {
  dnsLabelProblems,
  envNameProblems,
  portNameProblems,
  portNumberProblems,
} from "../meta/names.ts";
import type {
  Container,
  ContainerPort,
  EnvVar,
  EnvVarSource,
  IntOrString,
  Probe,
  ProbeAction,
} from "./pod.ts";

const notNegative = "must be greater than or equal to 0";

export function portErrors(port: IntOrString, place: Place): readonly FieldError[] {
  const problems = typeof port === "number" ? portNumberProblems(port) : portNameProblems(port);
  return problems.map((problem) => invalid(place, port, problem));
}

const protocols = ["TCP", "UDP", "SCTP"] as const;

export function protocolErrors(protocol: string, place: Place): readonly FieldError[] {
  return protocols.some((known) => known === protocol)
    ? []
    : [notSupported(place, protocol, protocols)];
}

function containerPortErrors(ports: readonly ContainerPort[], place: Place): readonly FieldError[] {
  const names = ports.map(({ name = "" }) => name);
  return ports.flatMap(({ name = "", containerPort, hostPort = 0, protocol = "TCP" }, index) => {
    const at = below(place, index);
    const isTwice = name !== "" && names.indexOf(name) < index;
    return [
      ...(name === ""
        ? []
        : portNameProblems(name).map((problem) => invalid(below(at, "name"), name, problem))),
      ...(isTwice ? [duplicate(below(at, "name"), name)] : []),
      ...(containerPort === 0
        ? [required(below(at, "containerPort"), "")]
        : portErrors(containerPort, below(at, "containerPort"))),
      ...(hostPort === 0 ? [] : portErrors(hostPort, below(at, "hostPort"))),
      ...protocolErrors(protocol, below(at, "protocol")),
    ];
  });
}

const envSources = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef"] as const;

function keyReferenceErrors(source: EnvVarSource, place: Place): readonly FieldError[] {
  return (["configMapKeyRef", "secretKeyRef"] as const).flatMap((kind) => {
    const reference = source[kind];
    if (!reference) return [];
    return (["name", "key"] as const)
      .filter((field) => ((reference[field] as string | undefined) ?? "") === "")
      .map((field) => required(below(place, kind, field), ""));
  });
}

function valueFromErrors({ value = "", valueFrom }: EnvVar, place: Place): readonly FieldError[] {
  if (!valueFrom) return [];
  const given = Object.keys(valueFrom);
  if (given.length === 0) {
    return [
      invalid(
        place,
        "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
      ),
    ];
  }
  if (value !== "") return [invalid(place, "", "may not be specified when `value` is not empty")];
  const several = envSources.filter((source) => valueFrom[source]).length > 1;
  return [
    ...(several
      ? [invalid(place, "", "may not have more than one field specified at a time")]
      : []),
    ...keyReferenceErrors(valueFrom, place),
  ];
}

function envErrors(env: readonly EnvVar[], place: Place): readonly FieldError[] {
  return env.flatMap((variable, index) => {
    const { name } = variable;
    const at = below(place, index, "name");
    return [
      ...(name === ""
        ? [required(at, "")]
        : envNameProblems(name).map((problem) => invalid(at, name, problem))),
      ...valueFromErrors(variable, below(place, index, "valueFrom")),
    ];
  });
}

function nanosOf(amount: IntOrString | undefined): bigint | undefined {
  const parsed = amount === undefined ? undefined : parseQuantity(String(amount));
  return parsed?.ok ? parsed.value.nanos : undefined;
}

function resourceErrors({ resources = {} }: Container, place: Place): readonly FieldError[] {
  const { limits = {}, requests = {} } = resources;
  const negative = (["limits", "requests"] as const).flatMap((list) =>
    Object.entries(resources[list] ?? {})
      .filter(([, amount]) => (nanosOf(amount) ?? 0n) < 0n)
      .map(([name, amount]) => invalid(below(place, "resources", list, name), amount, notNegative)),
  );
  const above = Object.entries(requests).flatMap(([name, request]) => {
    const limit = nanosOf(Object.hasOwn(limits, name) ? limits[name] : undefined);
    if (limit === undefined || (nanosOf(request) ?? 0n) <= limit) return [];
    const message = `must be less than or equal to ${name} limit of ${String(limits[name])}`;
    return [invalid(below(place, "resources", "requests"), request, message)];
  });
  return [...negative, ...above];
}

const handlerKinds = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;

function actionErrors(action: ProbeAction, place: Place): readonly FieldError[] {
  const kinds = handlerKinds.filter((kind) => Object.hasOwn(action, kind));
  const errors: FieldError[] = kinds
    .slice(1)
    .map((kind) => forbidden(below(place, kind), "may not specify more than 1 handler type"));
  if (kinds.length === 0) errors.push(required(place, "must specify a handler type"));
  const { httpGet, tcpSocket, exec } = action;
  if (httpGet) {
    errors.push(...portErrors(httpGet.port, below(place, "httpGet", "port")));
    const scheme = httpGet.scheme ?? "HTTP";
    if (scheme !== "HTTP" && scheme !== "HTTPS") {
      errors.push(notSupported(below(place, "httpGet", "scheme"), scheme, ["HTTP", "HTTPS"]));
    }
  }
  if (tcpSocket) errors.push(...portErrors(tcpSocket.port, below(place, "tcpSocket", "port")));
  if (exec && (exec.command ?? []).length === 0)
    errors.push(required(below(place, "exec", "command"), ""));
  return errors;
}

const probeNumbers = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

function probeErrors(probe: Probe, place: Place, isReadiness: boolean): readonly FieldError[] {
  const negative = probeNumbers.flatMap((name) => {
    const value = probe[name] ?? 0;
    return value < 0 ? [invalid(below(place, name), value, notNegative)] : [];
  });
  const { successThreshold: success = 1 } = probe;
  const mustBeOne =
    !isReadiness && success !== 1 && success !== 0
      ? [invalid(below(place, "successThreshold"), success, "must be 1")]
      : [];
  return [...actionErrors(probe, place), ...negative, ...mustBeOne];
}

function hookErrors(container: Container, place: Place): readonly FieldError[] {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle = {} } = container;
  return [
    ...(lifecycle.postStart
      ? actionErrors(lifecycle.postStart, below(place, "lifecycle", "postStart"))
      : []),
    ...(lifecycle.preStop
      ? actionErrors(lifecycle.preStop, below(place, "lifecycle", "preStop"))
      : []),
    ...(livenessProbe ? probeErrors(livenessProbe, below(place, "livenessProbe"), false) : []),
    ...(readinessProbe ? probeErrors(readinessProbe, below(place, "readinessProbe"), true) : []),
    ...(startupProbe ? probeErrors(startupProbe, below(place, "startupProbe"), false) : []),
  ];
}

function imageErrors(
  { image = "", imagePullPolicy: policy = "Always" }: Container,
  place: Place,
): readonly FieldError[] {
  const at = below(place, "image");
  const policies = ["Always", "IfNotPresent", "Never"];
  return [
    ...(image === "" ? [required(at, "")] : []),
    ...(image !== image.trim()
      ? [invalid(at, image, "must not have leading or trailing whitespace")]
      : []),
    ...(policies.includes(policy)
      ? []
      : [notSupported(below(place, "imagePullPolicy"), policy, policies)]),
  ];
}

export function validateContainer(container: Container, place: Place): readonly FieldError[] {
  const { name, ports = [], env = [] } = container;
  const at = below(place, "name");
  return [
    ...(name === ""
      ? [required(at, "")]
      : dnsLabelProblems(name).map((problem) => invalid(at, name, problem))),
    ...imageErrors(container, place),
    ...containerPortErrors(ports, below(place, "ports")),
    ...envErrors(env, below(place, "env")),
    ...resourceErrors(container, place),
    ...hookErrors(container, place),
  ];
}
