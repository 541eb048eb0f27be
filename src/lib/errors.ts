// The catalogue of errors people see. Each has a code, what must be known to say it, whether trying
// again can help, and three parts of a sentence: where · what · what to do. docs/errors.md has one
// heading per code, and a test compares the two. To add one: an entry here, a heading there, and
// `throw haldaneError("CODE", { … })` where it happens. Imports nothing.

export interface ErrorWords {
  /** A file with line and column, a path, an address, an object: where to look. */
  readonly where: string;
  /** What is wrong there, without a full stop. */
  readonly what: string;
  /** What to do about it: a whole clause with its full stop or question mark. */
  readonly wayOut: string;
}

/** `backoff`: the world may change by itself, the same thing tried later can succeed. */
export type Retry = "never" | "backoff";

interface Entry<P> {
  readonly retry: Retry;
  readonly words: (params: P) => ErrorWords;
}

function never<P>(words: (params: P) => ErrorWords): Entry<P> {
  return { retry: "never", words };
}

function backoff<P>(words: (params: P) => ErrorWords): Entry<P> {
  return { retry: "backoff", words };
}

/** `file:line:column`, or whatever else says which field is meant. */
interface AtField {
  readonly where: string;
  /** As formatPath writes it: `spec.strategy.canary.steps[1].setWeight`. */
  readonly field: string;
}

function at({ where, field }: AtField): string {
  if (where === "") return field;
  return field === "" ? where : `${where}: ${field}`;
}

/** "a, b and c", for sentences that list what is known. */
function listed(words: readonly string[], ending = "and"): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} ${ending} ${last}`;
}

function suggestion(didYouMean: string | undefined, known: readonly string[]): string {
  if (didYouMean !== undefined) return `did you mean ${didYouMean}?`;
  return known.length === 0 ? "remove it." : `known are ${listed(known)}.`;
}

const manifestErrors = {
  YAML_SYNTAX: never((p: { where: string; problem: string }) => ({
    where: p.where,
    what: `this is not valid YAML: ${p.problem}`,
    wayOut: "correct the text at this place; often it is the indentation or a missing quote.",
  })),
  MANIFEST_NOT_AN_OBJECT: never((p: { where: string; found: string }) => ({
    where: p.where,
    what: `a document must be an object with apiVersion, kind and metadata, but this is ${p.found}`,
    wayOut: "begin it with `apiVersion:` and `kind:`.",
  })),
  KIND_UNKNOWN: never(
    (p: {
      where: string;
      apiVersion: string;
      kind: string;
      didYouMean?: string;
      known: readonly string[];
      /** It looks like a kind of somebody else's, which a cluster may have. */
      mayExist?: boolean;
    }) =>
      p.mayExist === true
        ? {
            where: p.where,
            what: `${p.kind} of ${p.apiVersion} is not a kind that is known here, so its fields are not checked`,
            wayOut: "nothing is to be done if your cluster knows it.",
          }
        : {
            where: p.where,
            what: `there is no kind ${p.kind === "" ? "(empty)" : p.kind} in ${p.apiVersion === "" ? "(no apiVersion)" : p.apiVersion}`,
            wayOut: suggestion(p.didYouMean, p.known),
          },
  ),
  FIELD_UNKNOWN: never((p: AtField & { didYouMean?: string; known: readonly string[] }) => ({
    where: at(p),
    what: "unknown field",
    wayOut: suggestion(p.didYouMean, p.known),
  })),
  FIELD_WRONG_TYPE: never((p: AtField & { expected: string; actual: string }) => ({
    where: at(p),
    what: `must be ${p.expected}, but is ${p.actual}`,
    wayOut: `write ${p.expected}.`,
  })),
  FIELD_REQUIRED: never((p: AtField) => ({
    where: at(p),
    what: "this field is required and missing",
    wayOut: "add it.",
  })),
  FIELD_INVALID: never((p: AtField & { problem: string }) => ({
    where: at(p),
    what: p.problem.replace(/[.]$/, ""),
    wayOut: "change the value.",
  })),
  STRATEGY_SEVERAL: never((p: AtField & { strategies: readonly string[] }) => ({
    where: at(p),
    what: `${String(p.strategies.length)} strategies are given (${listed(p.strategies)})`,
    wayOut: "keep exactly one of them.",
  })),
  STRATEGY_MISSING: never((p: AtField) => ({
    where: at(p),
    what: "no strategy is given",
    wayOut: "add one of canary, blueGreen, rollingUpdate, recreate.",
  })),
  PAUSE_INVALID: never((p: AtField & { problem: string }) => ({
    where: at(p),
    what: p.problem,
    wayOut:
      "write `pause: {}` to wait for a promote, or `pause: {duration: 5m}` to wait that long.",
  })),
  STEP_INVALID: never((p: AtField & { problem: string; known: readonly string[] }) => ({
    where: at(p),
    what: p.problem,
    wayOut: `a step has exactly one of ${listed(p.known, "or")}.`,
  })),
  WEIGHT_UNREACHABLE: never(
    (p: AtField & { wantedPercent: number; replicas: number; nearest: string }) => ({
      where: at(p),
      what: `${p.replicas} ${p.replicas === 1 ? "replica" : "replicas"} cannot split ${p.wantedPercent} %: without traffic routing the share follows the pods, here ${p.nearest}`,
      wayOut: "add trafficRouting, more replicas, or a weight the replicas can reach.",
    }),
  ),
  SHARE_NEEDS_PORT: never((p: AtField & { template: string; percent: number }) => ({
    where: at(p),
    what: `the experiment's ${p.template} gets none of its ${p.percent} %: a share is led to a Service, which needs a port, and the pods name none`,
    wayOut: "name the containers' ports (containerPort), or take the weight away.",
  })),
  SEES_NOTHING: never((p: AtField & { problem: string; wayOut: string }) => ({
    where: at(p),
    what: p.problem,
    wayOut: p.wayOut,
  })),
  NOT_CARRIED_OUT: never((p: { where: string; field: string }) => ({
    where: p.where,
    what: `not carried out yet: ${p.field}`,
    wayOut: /[.]steps\[\d+\][.]plugin$/.test(p.field)
      ? "a rollout stops at this step until somebody promotes past it or aborts."
      : "it is kept, but has no effect here.",
  })),
  EXPRESSION_SYNTAX: never(
    (p: AtField & { expression: string; problem: string; column: number }) => ({
      where: at(p),
      what: `the condition cannot be read at its column ${p.column}: ${p.problem}, in ${p.expression}`,
      wayOut: "correct the expression; `result` is what the provider answered.",
    }),
  ),
  ROUTER_CANNOT: never(
    (p: AtField & { router: string; power: string; able: readonly string[] }) => ({
      where: at(p),
      what: `${p.router} cannot ${p.power}`,
      wayOut: p.able.length === 0 ? "no router here can." : `${listed(p.able)} can.`,
    }),
  ),
  SERVICE_MISSING: never(
    (p: AtField & { service: string; namespace: string; known: readonly string[] }) => ({
      where: at(p),
      what: `there is no Service "${p.service}" in namespace ${p.namespace}`,
      wayOut:
        p.known.length === 0
          ? "add the Service, or correct the name."
          : `add it, or use one of ${listed(p.known)}.`,
    }),
  ),
  REFERENCE_MISSING: never(
    (p: AtField & { kind: string; name: string; namespace: string; known: readonly string[] }) => ({
      where: at(p),
      what: `there is no ${p.kind} "${p.name}"${p.namespace === "" ? "" : ` in namespace ${p.namespace}`}`,
      wayOut:
        p.known.length === 0
          ? "add it, or correct the name."
          : `add it, or use one of ${listed(p.known)}.`,
    }),
  ),
};

const machineErrors = {
  NODE_TOO_OLD: never((p: { version: string; needed: string }) => ({
    where: `Node.js ${p.version}`,
    what: `haldane needs Node.js ${p.needed} or newer`,
    wayOut: "install a newer one from https://nodejs.org or with your version manager.",
  })),
  FILE_UNREADABLE: never((p: { file: string; problem: string }) => ({
    where: p.file,
    what: `the file cannot be read: ${p.problem}`,
    wayOut: "check the path and its permissions.",
  })),
  NO_MANIFESTS: never((p: { where: string }) => ({
    where: p.where,
    what: "there are no manifests in it",
    wayOut: "name a .yaml, .yml or .json file, or a directory that holds some.",
  })),
  IMAGE_NOT_MAPPED: backoff((p: { image: string; where: string; howToMap: string }) => ({
    where: p.where,
    what: `the image "${p.image}" is not mapped to a directory`,
    wayOut: `write image: dir:./path, or map it: ${p.howToMap}.`,
  })),
  IMAGE_DIRECTORY_MISSING: backoff((p: { image: string; where: string; directory: string }) => ({
    where: p.where,
    what: `the image "${p.image}" stands for ${p.directory}, which is no directory`,
    wayOut: "create the directory, or correct the path.",
  })),
  PORT_IN_USE: backoff(
    (p: { address: string; port: number; wantedBy: string; setting: string }) => ({
      where: `${p.address}:${p.port}`,
      what: `the port is in use by another program, ${p.wantedBy} cannot listen on it`,
      wayOut: `stop the other program, or choose another port (${p.setting}).`,
    }),
  ),
  PORT_FORBIDDEN: never(
    (p: { address: string; port: number; wantedBy: string; setting: string }) => ({
      where: `${p.address}:${p.port}`,
      what: `this user may not listen on it, as ${p.wantedBy} wants to`,
      wayOut: `choose a port from 1024 up or an address of this machine (${p.setting}).`,
    }),
  ),
  DATA_DIRECTORY_IN_USE: backoff((p: { directory: string; pid: number | undefined }) => ({
    where: p.directory,
    what: `another haldane${p.pid === undefined ? "" : ` (pid ${p.pid})`} is using this data directory`,
    wayOut: "stop it with `haldane down`, or use another directory with --data.",
  })),
  DATA_DIRECTORY_UNUSABLE: never((p: { directory: string; problem: string }) => ({
    where: p.directory,
    what: `the data directory cannot be used: ${p.problem}`,
    wayOut: "make it a directory this user may write to, or use another one with --data.",
  })),
  IMAGES_FILE_DAMAGED: backoff((p: { file: string; problem: string }) => ({
    where: p.file,
    what: `the mapping of images to directories cannot be read: ${p.problem}`,
    wayOut:
      "correct it, or delete it and map the images again with the LocalCluster document given to `haldane up -f`.",
  })),
  DATA_NEWER_VERSION: never((p: { directory: string; found: string; supported: string }) => ({
    where: p.directory,
    what: `the data is of version ${p.found}, this haldane reads up to ${p.supported}`,
    wayOut: "use the newer haldane that wrote it, or another directory with --data.",
  })),
  DATABASE_CORRUPT: never((p: { file: string; problem: string }) => ({
    where: p.file,
    what: `the database is damaged: ${p.problem}`,
    wayOut: "restore a backup, or move the data directory away and apply your manifests again.",
  })),
  DISK_FULL: backoff((p: { where: string }) => ({
    where: p.where,
    what: "the disk is full, nothing more can be written",
    wayOut: "free some space; what was confirmed before is kept.",
  })),
  GATEWAY_NOT_ANSWERING: backoff((p: { address: string; problem: string }) => ({
    where: p.address,
    what: `the gateway does not answer: ${p.problem}`,
    wayOut:
      "it is started again by itself; if this goes on, read gateway.log in the data directory.",
  })),
  NOT_RUNNING: never((p: { directory: string }) => ({
    where: p.directory,
    what: "no haldane is running on this data directory",
    wayOut: "start one with `haldane up`, or name another with --data.",
  })),
};

const clusterErrors = {
  KUBECONFIG_MISSING: never((p: { tried: readonly string[] }) => ({
    where: listed(p.tried, "or"),
    what: "no kubeconfig was found",
    wayOut: "start a local cluster with `haldane up`, or name a file with --kubeconfig.",
  })),
  KUBECONFIG_UNREADABLE: never((p: { file: string; problem: string }) => ({
    where: p.file,
    what: `the kubeconfig cannot be used: ${p.problem}`,
    wayOut: "correct it, or name another with --kubeconfig.",
  })),
  CONTEXT_UNKNOWN: never((p: { file: string; context: string; known: readonly string[] }) => ({
    where: p.file,
    what: `the kubeconfig has no context "${p.context}"`,
    wayOut: p.known.length === 0 ? "it has none at all." : `it has ${listed(p.known)}.`,
  })),
  API_SERVER_UNREACHABLE: backoff((p: { server: string; problem: string }) => ({
    where: p.server,
    what: `the API server does not answer: ${p.problem}`,
    wayOut: "is it running? Locally, start it with `haldane up`.",
  })),
  API_SERVER_REFUSED: never((p: { server: string; problem: string }) => ({
    where: p.server,
    what: `the API server refuses this user: ${p.problem}`,
    wayOut: "check the credentials and permissions of the kubeconfig's user.",
  })),
  OBJECT_NOT_FOUND: never(
    (p: { kind: string; name: string; namespace: string; didYouMean?: string }) => ({
      where: p.namespace === "" ? p.kind : `${p.kind} in namespace ${p.namespace}`,
      what: `"${p.name}" not found`,
      wayOut:
        p.didYouMean === undefined
          ? "check the name and the namespace (-n)."
          : `did you mean ${p.didYouMean}?`,
    }),
  ),
  NOTHING_TO_DO: never((p: { where: string; problem: string; wayOut: string }) => ({
    where: p.where,
    what: p.problem,
    wayOut: p.wayOut,
  })),
  OBJECT_CONFLICT: backoff((p: { kind: string; name: string }) => ({
    where: `${p.kind}/${p.name}`,
    what: "somebody else changed the object at the same time",
    wayOut: "try again on the newer version.",
  })),
  TIMED_OUT: never((p: { where: string; problem: string; wayOut: string }) => ({
    where: p.where,
    what: p.problem,
    wayOut: p.wayOut,
  })),
  USAGE: never((p: { command: string; problem: string }) => ({
    where: p.command,
    what: p.problem,
    wayOut: `see \`${p.command} --help\`.`,
  })),
};

export const errorCatalogue = { ...manifestErrors, ...machineErrors, ...clusterErrors };

export type ErrorCode = keyof typeof errorCatalogue;
export type ErrorParams<C extends ErrorCode> = Parameters<(typeof errorCatalogue)[C]["words"]>[0];

export const errorCodes = Object.keys(errorCatalogue) as readonly ErrorCode[];

/** `where: what; way out`, in one line. */
export function sentenceOf({ where, what, wayOut }: ErrorWords): string {
  return `${where}: ${what}; ${wayOut}`;
}

/** The three parts of one error, for whoever shows them apart (lint, the dashboard). */
export function errorWords<C extends ErrorCode>(code: C, params: ErrorParams<C>): ErrorWords {
  // The compiler cannot correlate the entry's parameter with C through the lookup.
  const words = errorCatalogue[code].words as (params: ErrorParams<C>) => ErrorWords;
  return words(params);
}

/** Something a person must hear about. Its message is the whole sentence; show it as it is. */
export class HaldaneError extends Error {
  override readonly name = "HaldaneError";
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly words: ErrorWords;

  constructor(code: ErrorCode, words: ErrorWords, options?: ErrorOptions) {
    super(sentenceOf(words), options);
    this.code = code;
    this.retry = errorCatalogue[code].retry;
    this.words = words;
  }
}

/** `throw haldaneError("PORT_IN_USE", { address: "127.0.0.1", port: 8080, … }, { cause })`. */
export function haldaneError<C extends ErrorCode>(
  code: C,
  params: ErrorParams<C>,
  options?: ErrorOptions,
): HaldaneError {
  return new HaldaneError(code, errorWords(code, params), options);
}

export function isHaldaneError(error: unknown, code?: ErrorCode): error is HaldaneError {
  return error instanceof HaldaneError && (code === undefined || error.code === code);
}
