const reference = /\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)/g;

/**
 * Replaces `$(NAME)` by the variable's value, as Kubernetes does in command, args and env values:
 * `$$` is a literal `$`, so `$$(NAME)` stays `$(NAME)`, and an unknown name stays as written.
 */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(reference, (whole: string, name: string | undefined) => {
    if (name === undefined) return "$";
    return Object.hasOwn(env, name) ? (env[name] ?? whole) : whole;
  });
}
