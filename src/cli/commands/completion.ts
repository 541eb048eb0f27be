import { textArgument, usageError, type CliCommand } from "../command.ts";

const bash = `# haldane completion for bash: source <(haldane completion bash)
_haldane() {
  local out
  out=$(haldane __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  COMPREPLY=($(compgen -W "$(printf '%s\\n' "$out" | grep -v '^:')" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _haldane haldane
`;

const zsh = `#compdef haldane
# haldane completion for zsh: source <(haldane completion zsh)
_haldane() {
  local -a found
  found=(\${(f)"$(haldane __complete -- "\${words[@]:1:$((CURRENT-1))}" 2>/dev/null | grep -v '^:')"})
  compadd -a found
}
compdef _haldane haldane
`;

const fish = `# haldane completion for fish: haldane completion fish | source
complete -c haldane -f -a '(haldane __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null | string match -v ":*")'
`;

const powershell = `# haldane completion for PowerShell: haldane completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName haldane -ScriptBlock {
  param($word, $ast, $position)
  $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
  if ($word -eq '') { $words += '' }
  haldane __complete -- @words 2>$null | Where-Object { $_ -notlike ':*' } | ForEach-Object { $_ }
}
`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish, powershell };

export const command: CliCommand = {
  declare(command) {
    command.argument("<shell>", Object.keys(scripts).join(", "));
  },
  async run(call) {
    const shell = textArgument(call, 0) ?? "";
    const script = scripts[shell];
    if (script === undefined)
      throw usageError(
        call,
        `"${shell}" is not a shell this program knows; use ${Object.keys(scripts).join(", ")}`,
      );
    call.cli.stdout.write(script);
    return 0;
  },
};
