// The port behind which a cloud's load balancer is asked what it really serves. alb/ has Amazon's.

export interface ServedTarget {
  /** Amazon's name for the target group. */
  readonly arn: string;
  /** The Service it stands for, as its tag says: `namespace/ingress-service:port`; "" if it says none. */
  readonly resource: string;
  readonly weight: number;
}

export interface ServedBalancer {
  readonly name: string;
  readonly arn: string;
  /** The targets of every rule that forwards requests. */
  readonly rules: readonly (readonly ServedTarget[])[];
}

export interface TargetGroups {
  /**
   * What the load balancer of that host name serves; undefined = there is none. Rejects with an
   * Error when it cannot be asked.
   */
  servedBy(hostname: string): Promise<ServedBalancer | undefined>;
}
