// Which groups are Kubernetes' own: `apps`, `discovery.k8s.io`, but not `gateway.networking.k8s.io`,
// whose kinds come as custom resources everywhere else.

export function isBuiltInGroup(group: string): boolean {
  return !group.includes(".") || /^[a-z]+\.k8s\.io$/.test(group);
}
