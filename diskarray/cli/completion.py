"""`diskarray completion`: a script that lets bash, zsh or fish complete the command's words.

All three are written from the command's own parser, so that a new flag is completed because it exists. The scripts are
static: completing a word starts no Python.
"""

__all__ = ["SHELLS", "add_parser", "run", "script_for"]

import argparse
from dataclasses import dataclass


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "completion",
        help="print a script that completes the command's words in a shell",
        description="Print a completion script. bash: add 'eval \"$(diskarray completion bash)\"' to ~/.bashrc. "
        "zsh: write it to a file named _diskarray in a folder of $fpath. fish: write it to "
        "~/.config/fish/completions/diskarray.fish.",
    )
    parser.add_argument("shell", choices=tuple(SHELLS), help="the shell")
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    print(script_for(options.parser, options.shell), end="")
    return 0


@dataclass(frozen=True)
class _Word:
    """An option or argument: its flags (none for an argument), what it says of itself and what may follow."""

    flags: tuple
    text: str
    takes_value: bool
    choices: tuple
    files: bool
    repeats: bool


def script_for(parser, shell):
    """The completion script of a command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Of the whole command, with its sub-commands.
    shell : str
        One of ``SHELLS``.
    """
    words = {"": [_word(action) for action in parser._actions if not _is_commands(action)]}
    commands = next(action for action in parser._actions if _is_commands(action))
    helps = {choice.dest: choice.help for choice in commands._choices_actions}
    for name, sub_parser in commands.choices.items():
        words[name] = [_word(action) for action in sub_parser._actions]
    return SHELLS[shell](parser.prog, helps, words)


def _is_commands(action):
    return isinstance(action, argparse._SubParsersAction)


def _word(action):
    text = " ".join(str(action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%").split())
    takes_value = action.nargs != 0 and not isinstance(action, argparse._HelpAction)
    choices = tuple(str(choice) for choice in action.choices or ())
    repeats = action.nargs in ("*", "+") or isinstance(action, argparse._AppendAction)
    files = takes_value and not choices and action.type is None and action.metavar != "NAME"
    return _Word(tuple(action.option_strings), text, takes_value, choices, files, repeats)


def _options(words):
    return [word for word in words if word.flags]


def _arguments(words):
    return [word for word in words if not word.flags]


def _bash(prog, helps, words):
    """A function for `complete -F`: what may follow depends on the sub-command and on the word before."""
    lines = [
        f"# bash completion for {prog}",
        f"_{prog}() {{",
        '    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" command="" word',
        '    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
        '        case "$word" in',
        f'            {"|".join(helps)}) command="$word"; break ;;',
        "        esac",
        "    done",
        "    COMPREPLY=()",
        '    case "$command:$previous" in',
    ]
    for command, given in words.items():
        for word in _options(given):
            if word.takes_value:
                pattern = "|".join(f'"{command}:{flag}"' for flag in word.flags)
                reply = "-f" if word.files else f'-W "{" ".join(word.choices)}"'
                lines.append(f'        {pattern}) COMPREPLY=($(compgen {reply} -- "$current")); return ;;')
    lines += ["    esac", '    case "$command" in']
    for command, given in words.items():
        flags = " ".join(flag for word in _options(given) for flag in word.flags)
        choices = " ".join(choice for word in _arguments(given) for choice in word.choices)
        choices = " ".join(helps) if not command else choices
        files = ' COMPREPLY+=($(compgen -f -- "$current"));' if any(word.files for word in _arguments(given)) else ""
        lines += [
            f'        "{command}")',
            f'            if [[ "$current" == -* ]]; then COMPREPLY=($(compgen -W "{flags}" -- "$current"));',
            f'            else COMPREPLY=($(compgen -W "{choices}" -- "$current"));{files} fi ;;',
        ]
    return "\n".join([*lines, "    esac", "}", f"complete -o filenames -F _{prog} {prog}", ""])


def _zsh(prog, helps, words):
    """A `#compdef` function that hands every sub-command's words to `_arguments`."""
    lines = [
        f"#compdef {prog}",
        "",
        f"_{prog}() {{",
        "    local context state state_descr line",
        "    typeset -A opt_args",
        "    local -a commands",
        "    commands=(",
        *(f"        {_quoted(f'{_no_colon(name)}:{_no_colon(text)}')}" for name, text in helps.items()),
        "    )",
        "    _arguments -C \\",
        *(f"        {spec} \\" for word in _options(words[""]) for spec in _zsh_option(word)),
        "        '1:command:->command' \\",
        "        '*::argument:->argument'",
        '    case "$state" in',
        f"        command) _describe -t commands '{prog} command' commands ;;",
        '        argument) case "$line[1]" in',
    ]
    for command, given in words.items():
        if command:
            specs = [spec for word in _options(given) for spec in _zsh_option(word)]
            specs += [_zsh_argument(word) for word in _arguments(given)]
            lines += [
                f"            {command}) _arguments \\",
                " \\\n".join(f"                {spec}" for spec in specs),
            ]
            lines.append("                ;;")
    ending = f'if [ "$funcstack[1]" = "_{prog}" ]; then _{prog} "$@"; else compdef _{prog} {prog}; fi'
    return "\n".join([*lines, "        esac ;;", "    esac", "}", "", ending, ""])


def _zsh_option(word):
    text = "".join(f"\\{letter}" if letter in "[]:" else letter for letter in word.text)
    value = f":value:{_zsh_values(word)}" if word.takes_value else ""
    star = "*" if word.repeats else ""
    return [_quoted(f"{star}{flag}[{text}]{value}") for flag in word.flags]


def _zsh_argument(word):
    return _quoted(f"{'*' if word.repeats else ''}:{_no_colon(word.text) or 'argument'}:{_zsh_values(word)}")


def _zsh_values(word):
    return "_files" if word.files else f"({' '.join(word.choices)})"


def _fish(prog, helps, words):
    """One `complete` line per word; sub-commands are offered until one is there."""
    lines = [f"# fish completion for {prog}", f"complete -c {prog} -f"]
    for name, text in helps.items():
        lines.append(f"complete -c {prog} -n __fish_use_subcommand -a {name} -d {_quoted(text, fish=True)}")
    for command, given in words.items():
        condition = f"'__fish_seen_subcommand_from {command}'" if command else "__fish_use_subcommand"
        for word in given:
            choices = f" -a {_quoted(' '.join(word.choices), fish=True)}" if word.choices else ""
            text = f" -d {_quoted(word.text, fish=True)}" if word.text else ""
            if word.flags:
                names = " ".join(f"-l {f[2:]}" if f.startswith("--") else f"-s {f[1:]}" for f in word.flags)
                value = (" -r -F" if word.files else " -x") if word.takes_value else ""
                lines.append(f"complete -c {prog} -n {condition} {names}{value}{choices}{text}")
            else:
                lines.append(f"complete -c {prog} -n {condition}{' -F' if word.files else choices}{text}")
    return "\n".join([*lines, ""])


def _no_colon(text):
    return text.replace(":", " -")


def _quoted(text, fish=False):
    """In single quotes, as zsh or fish reads them."""
    if fish:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return "'" + text.replace("'", "'\\''") + "'"


SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
