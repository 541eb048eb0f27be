// The `~/.aws/credentials` and `~/.aws/config` files.

export type Settings = ReadonlyMap<string, string>;

/** The `name = value` lines of `[section]` or `[profile section]`; undefined when there is none. */
export function sectionOf(text: string, section: string): Settings | undefined {
  const settings = new Map<string, string>();
  let isFound = false;
  let isInside = false;
  for (const line of text.split(/\r?\n/)) {
    const title = /^\s*\[\s*(?:profile\s+)?([^\]]+?)\s*\]/.exec(line)?.[1];
    if (title !== undefined) isInside = title === section;
    isFound ||= isInside;
    const setting = isInside ? /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line) : null;
    if (setting) settings.set(setting[1] ?? "", setting[2] ?? "");
  }
  return isFound ? settings : undefined;
}
