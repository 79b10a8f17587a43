"""`diskarray doctor`: is the installation sound, and what does this machine offer?"""

__all__ = ["add_parser", "run"]

UNSOUND = 1
_GIB = 2**30


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "doctor",
        help="check the installation and describe the machine",
        description="Check that every installed package works, compare NumPy and JAX on a small image, and describe "
        "the machine. Changes nothing. Ends with 1 if something that is installed does not work.",
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print everything as JSON")
    shown.add_argument(
        "--advise",
        action="store_true",
        help="print environment settings that suit this machine, for a shell to read; nothing is set",
    )
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    import json

    from ..pipeline.doctor import examine

    found = examine()
    if options.json:
        print(json.dumps(found, indent=2, allow_nan=False))
    elif options.advise:
        print(_advice(found["advice"]))
    else:
        print(_description(found))
    return 0 if found["healthy"] else UNSOUND


def _advice(advice):
    from shlex import quote

    lines = [f"export {name}={quote(entry['value'])}  # {entry['why']}" for name, entry in advice.items()]
    return "\n".join(lines) or "# everything that could be advised is set already"


def _description(found):
    lines = [
        f"diskarray {found['diskarray']['version']}  {found['diskarray']['location']}",
        f"Python    {found['python']['version']} ({found['python']['implementation']})  {found['python']['path']}",
        *_machine(found["machine"], found["gpus"]),
        *_jax(found["jax"], found["parity"]),
        "settings  " + (", ".join(f"{k}={v}" for k, v in found["settings"].items() if v is not None) or "none"),
        "",
        *_packages(found["packages"], found["extras"]),
        "",
    ]
    if found["problems"]:
        return "\n".join([*lines, *(f"problem: {problem}" for problem in found["problems"])])
    return "\n".join([*lines, "everything that is installed works"])


def _machine(machine, gpus):
    nodes = machine["numa_nodes"] or ()
    quota = f", a quota of {machine['cpu_quota']:g}" if machine["cpu_quota"] else ""
    return [
        f"machine   {machine['system']} {machine['release']} {machine['architecture']}, {machine['processor']}",
        f"CPUs      {machine['usable_cpus']} usable of {machine['logical_cpus']} (affinity {machine['affinity_cpus']}"
        f"{quota}), {len(nodes) or 'unknown number of'} memory node{'s' if len(nodes) != 1 else ''}",
        f"memory    {_size(machine['memory_bytes'])}, {_size(machine['available_memory_bytes'])} free"
        + (f", limited to {_size(machine['memory_limit_bytes'])}" if machine["memory_limit_bytes"] else ""),
        "GPUs      " + (", ".join(f"{gpu['name']} ({_size(gpu['memory_bytes'])})" for gpu in gpus) or "none"),
    ]


def _jax(jax, parity):
    if not jax["present"]:
        return ["JAX       not in use"]
    kinds = ", ".join(f"{device['platform']}:{device['id']} ({device['kind']})" for device in jax["devices"])
    bits = "64 bit" if jax["x64"] else "32 bit"
    lines = [f"JAX       {jax['backend']}, {bits}, {kinds}"]
    if parity["ran"]:
        verdict, size = "agree" if parity["passed"] else "DISAGREE", parity["largest_difference"]
        lines.append(
            f"parity    NumPy and JAX {verdict}: {'not finite' if size is None else f'{size:.1e} of the peak'}"
        )
    return lines


def _packages(packages, extras):
    lines = [
        f"  {name:<14} {entry['version'] or '-':<10} {entry['state']:<8} {', '.join(entry['extras'])}"
        for name, entry in packages.items()
    ]
    absent = [
        f"  without the extra '{extra}' ({', '.join(entry['lacking'])}): pip install 'diskarray[{extra}]'"
        for extra, entry in extras.items()
        if not entry["present"]
    ]
    return ["packages", *lines, *absent]


def _size(count):
    return "unknown" if count is None else f"{count / _GIB:.1f} GiB"
