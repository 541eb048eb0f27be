// networking.k8s.io/v1 Ingress, as far as routers read and write it; other fields are kept.
import type { KubeObject } from "../meta/object.ts";

export interface IngressPath {
  readonly path?: string;
  readonly pathType?: string;
  readonly backend: {
    readonly service?: {
      readonly name: string;
      readonly port?: { readonly number?: number; readonly name?: string };
    };
  };
}

export interface IngressRule {
  readonly host?: string;
  readonly http?: { readonly paths: readonly IngressPath[] };
}

export interface Ingress extends KubeObject {
  readonly spec?: {
    readonly ingressClassName?: string;
    readonly rules?: readonly IngressRule[];
    readonly tls?: readonly { readonly hosts?: readonly string[]; readonly secretName?: string }[];
  };
  readonly status?: {
    readonly loadBalancer?: {
      readonly ingress?: readonly { readonly hostname?: string; readonly ip?: string }[];
    };
  };
}
