"""Every flag of the command has a test that shows its effect, named here; a new flag without one fails."""

import argparse
import ast
from pathlib import Path

import pytest

from diskarray.cli.main import main, parser_of_command

HERE = Path(__file__).parent
HELP = {"-h", "--help"}
EFFECTS = {
    "": {"--version": "test_main.py::test_version_and_help_as_a_module_load_nothing_heavy"},
    "init": {
        "--template": "test_init.py::test_a_template_is_written_where_it_is_wanted",
        "--list": "test_init.py::test_the_list_names_them_all_and_writes_nothing",
        "--output": "test_init.py::test_a_template_is_written_where_it_is_wanted",
        "--data": "test_init.py::test_a_file_of_ones_own_is_named_from_the_configurations_folder",
        "--schema": "test_init.py::test_the_schema_knows_own_components_where_they_are_named",
        "--reference": "test_init.py::test_the_reference_keeps_what_stands_above_it",
        "--components": "test_init.py::test_the_schema_knows_own_components_where_they_are_named",
        "--overwrite": "test_init.py::test_nothing_is_overwritten_without_being_asked",
    },
    "validate": {
        "--data": "test_validate.py::test_data",
        "--json": "test_validate.py::test_text_and_json",
        "--strict": "test_validate.py::test_strict",
        "--components": "test_validate.py::test_components",
    },
    "show": {
        "--data": "test_show.py::test_output_data_and_quiet",
        "--output": "test_show.py::test_output_data_and_quiet",
        "--overwrite": "test_show.py::test_default_output",
        "--components": "test_show.py::test_components",
        "--quiet": "test_show.py::test_output_data_and_quiet",
    },
    "simulate": {
        "--output": "test_main.py::test_simulate_writes_image_and_truth",
        "--seed": "test_run_commands.py::test_simulate_takes_a_seed_and_is_quiet",
        "--overwrite": "test_run_commands.py::test_simulate_takes_a_seed_and_is_quiet",
        "--components": "test_run_commands.py::test_components_and_seed_reach_every_command",
        "--quiet": "test_run_commands.py::test_simulate_takes_a_seed_and_is_quiet",
    },
    "fit": {
        "--output": "test_main.py::test_a_fit_prints_its_table_beside_the_truth",
        "--overwrite": "test_main.py::test_an_existing_output_needs_overwrite",
        "--data": "test_main.py::test_other_data_are_fitted_without_claiming_a_truth",
        "--backend": "test_flags.py::test_the_backend_of_a_fit_is_the_one_asked_for",
        "--components": "test_run_commands.py::test_components_and_seed_reach_every_command",
        "--seed": "test_run_commands.py::test_the_data_flag_and_the_seed_flag_of_a_fit",
        "--quiet": "test_main.py::test_quiet_prints_nothing",
    },
    "sample": {
        "--engine": "test_run_commands.py::test_an_established_posterior_exits_with_zero",
        "--output": "test_run_commands.py::test_an_established_posterior_exits_with_zero",
        "--overwrite": "test_run_commands.py::test_samples_are_printed_with_their_gates",
        "--seed": "test_run_commands.py::test_samples_are_printed_with_their_gates",
        "--backend": "test_run_commands.py::test_an_established_posterior_exits_with_zero",
        "--checkpoint-every": "test_run_commands.py::test_sigterm_ends_the_command_with_130_and_resume_goes_on",
        "--components": "test_run_commands.py::test_components_and_seed_reach_every_command",
        "--quiet": "test_run_commands.py::test_samples_are_printed_with_their_gates",
    },
    "resume": {
        "--components": "test_run_commands.py::test_components_and_seed_reach_every_command",
        "--quiet": "test_run_commands.py::test_sigterm_ends_the_command_with_130_and_resume_goes_on",
    },
    "compare": {
        "--output": "test_run_commands.py::test_runs_are_compared_in_a_table_and_as_json",
        "--json": "test_run_commands.py::test_runs_are_compared_in_a_table_and_as_json",
        "--overwrite": "test_run_commands.py::test_runs_are_compared_in_a_table_and_as_json",
        "--components": "test_run_commands.py::test_components_and_seed_reach_every_command",
    },
    "plot": {
        "--figures": "test_plot.py::test_figures_chooses_and_format_and_dpi_say_how",
        "--list": "test_plot.py::test_list_draws_none_and_says_which_are_there",
        "--format": "test_plot.py::test_figures_chooses_and_format_and_dpi_say_how",
        "--dpi": "test_plot.py::test_figures_chooses_and_format_and_dpi_say_how",
        "--overwrite": "test_plot.py::test_overwrite_replaces",
        "--components": "test_plot.py::test_components_of_the_users_own_are_named_again",
        "--quiet": "test_plot.py::test_quiet_prints_nothing",
    },
    "report": {
        "--output": "test_report.py::test_output_overwrite_and_quiet",
        "--overwrite": "test_report.py::test_output_overwrite_and_quiet",
        "--quiet": "test_report.py::test_output_overwrite_and_quiet",
        "--components": "test_report.py::test_components_of_ones_own_need_their_file",
    },
    "survey": {
        "--output": "test_survey.py::test_output_is_where_everything_goes",
        "--workers": "test_survey.py::test_workers_are_as_many_as_asked_for",
        "--data": "test_survey.py::test_data_of_all_targets_are_read_from_one_file",
        "--resume": "test_survey.py::test_resume_keeps_and_overwrite_replaces",
        "--overwrite": "test_survey.py::test_resume_keeps_and_overwrite_replaces",
        "--backend": "test_survey.py::test_the_backend_is_handed_on",
        "--components": "test_survey.py::test_components_are_known_by_their_kind",
        "--quiet": "test_survey.py::test_quiet_says_nothing",
    },
    "rerun": {
        "--output": "test_run_commands.py::test_rerun_says_whether_the_bits_are_the_same",
        "--force": "test_run_commands.py::test_rerun_says_whether_the_bits_are_the_same",
        "--overwrite": "test_run_commands.py::test_rerun_says_whether_the_bits_are_the_same",
        "--components": "test_run_commands.py::test_components_and_seed_reach_every_command",
        "--quiet": "test_run_commands.py::test_rerun_says_whether_the_bits_are_the_same",
    },
    "doctor": {
        "--json": "test_doctor.py::test_the_json_has_a_stable_shape",
        "--advise": "test_doctor.py::test_advice_is_for_a_shell_and_sets_nothing",
    },
}


def flags_of(parser):
    """(command, flag) of every flag but those for help; the command is "" for the flags of the whole."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command, below in action.choices.items():
                found += [(command, flag) for _, flag in flags_of(below)]
        found += [("", flag) for flag in action.option_strings if flag not in HELP]
    return found


def named():
    return [(command, flag, test) for command, flags in EFFECTS.items() for flag, test in flags.items()]


def source_of(test):
    """The text of a test function with its decorators, its fixtures and the helpers it calls; None without one."""
    file, _, name = test.partition("::")
    if not (HERE / file).is_file():
        return None
    text = (HERE / file).read_text(encoding="utf-8")
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    if name not in functions:
        return None
    inside = ast.walk(functions[name])
    used = {getattr(node, "id", getattr(node, "arg", None)) for node in inside if isinstance(node, (ast.Name, ast.arg))}
    return "\n".join(_lines_of(functions[f], text) for f in functions if f in used | {name})


def _lines_of(node, text):
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def test_every_flag_is_in_the_table_and_nothing_else():
    there, told = set(flags_of(parser_of_command())), {(command, flag) for command, flag, _ in named()}
    assert sorted(there - told) == []
    assert sorted(told - there) == []


@pytest.mark.parametrize(("command", "flag", "test"), named(), ids=lambda value: str(value))
def test_the_test_that_is_named_for_a_flag_uses_it(command, flag, test):
    text = source_of(test)
    assert text is not None, f"{test} does not exist"
    assert f'"{flag}"' in text, f"{test} does not use {flag}"


def test_a_new_flag_would_be_noticed():
    parser = parser_of_command()
    parser.add_argument("--new")
    commands = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    commands.choices["fit"].add_argument("--newer")
    assert {("", "--new"), ("fit", "--newer")} == set(flags_of(parser)) - set(flags_of(parser_of_command()))


def test_the_backend_of_a_fit_is_the_one_asked_for(tiny_config, capsys):
    words = ["fit", str(tiny_config), "--output", str(tiny_config.parent / "out"), "--quiet"]
    assert main([*words, "--backend", "jax"]) == 2  # it may not be imported here
    assert "diskarray[jax]" in capsys.readouterr().err
    assert main([*words, "--backend", "numpy"]) == 0
