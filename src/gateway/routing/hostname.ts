// Host names of requests and of routes.

/** The host of a Host field or authority: lower case, without port, trailing dot or the brackets of IPv6. */
export function hostOf(authority: string | undefined): string {
  if (authority === undefined) return "";
  const bare = authority.startsWith("[")
    ? authority.slice(1, authority.indexOf("]"))
    : authority.replace(/:\d*$/u, "");
  const lower = bare.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

/** The patterns that may cover a host, most specific first: itself, `*.` forms from the longest, `*`. */
export function* patternsCovering(host: string): Generator<string> {
  yield host;
  let dot = host.indexOf(".");
  while (dot !== -1) {
    yield `*${host.slice(dot)}`;
    dot = host.indexOf(".", dot + 1);
  }
  yield "*";
}
