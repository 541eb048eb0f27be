/** Whether `pattern` (`*.shop.example` or an exact name) covers `hostname`, which may be a pattern itself. */
function covers(pattern: string, hostname: string): boolean {
  if (pattern === hostname) return true;
  if (!pattern.startsWith("*.")) return false;
  return (
    hostname.replace(/^\*/, "").endsWith(pattern.slice(1)) && hostname.length > pattern.length - 1
  );
}

/**
 * The hostnames under which a route is reached through a listener. No hostname means every one: an empty
 * list stands for that. Undefined when the two have nothing in common.
 */
export function commonHostnames(
  listener: string | undefined,
  route: readonly string[],
): readonly string[] | undefined {
  const lower = route.map((name) => name.toLowerCase());
  if (listener === undefined || listener === "" || listener === "*") return lower;
  const own = listener.toLowerCase();
  if (lower.length === 0) return [own];
  const common = lower.flatMap((name) => {
    if (covers(own, name)) return [name];
    return covers(name, own) ? [own] : [];
  });
  return common.length === 0 ? undefined : [...new Set(common)];
}
