from diskarray.cli.table import aligned, draws_table, number_text, parameter_table


def rows(table):
    return [line.split() for line in table.splitlines()]


def test_values_have_the_digits_of_their_sigma():
    table = parameter_table(
        {
            "inclination": {"value": 76.43214, "sigma": 0.03121, "unit": "deg"},
            "radius": {"value": 1234.567, "sigma": 23.4, "unit": "au"},
            "optical_depth": {"value": 3.23456e-9, "sigma": 2.3e-10, "unit": ""},
        }
    )
    assert rows(table)[1:] == [
        ["inclination", "76.432", "0.031", "deg"],
        ["radius", "1235", "23", "au"],
        ["optical_depth", "3.23e-09", "2.3e-10"],
    ]


def test_an_unknown_sigma_is_a_dash_and_a_bound_is_marked():
    table = parameter_table({"g": {"value": 0.95, "sigma": None, "unit": ""}}, at_bound=("g",), truth={"g": 0.9})
    assert rows(table)[1] == ["g", "(at", "bound)", "0.95000", "-", "0.90000", "-"]


def test_the_pull_is_in_sigmas():
    table = parameter_table({"radius": {"value": 78.0, "sigma": 0.5, "unit": "au"}}, truth={"radius": 77.0})
    assert rows(table)[1] == ["radius", "78.00", "0.50", "au", "77.00", "+2.00"]


def test_columns_line_up():
    table = parameter_table(
        {
            "a": {"value": 1.0, "sigma": 0.1, "unit": "au"},
            "much_longer": {"value": 100.0, "sigma": 0.1, "unit": "deg"},
        }
    )
    header, first, second = table.splitlines()
    assert first.index("au") == second.index("deg") == header.index("unit")


def draws(median, low, high, rhat=1.002, ess=812.4):
    found = {"median": median, "q16": low, "q84": high, "sigma": 0.5, "unit": "au"}
    return {**found, "diagnostics": {"rhat": rhat, "ess_bulk": ess}}


def test_draws_show_median_arms_and_diagnostics():
    table = draws_table({"radius": draws(77.0, 76.6, 77.5)}, truth={"radius": 76.0})
    assert rows(table)[1] == ["radius", "77.00", "0.40", "0.50", "au", "1.0020", "812", "76.00", "+2.00"]


def test_unknown_figures_are_dashes():
    unknown = {**draws(None, None, None, None, None), "sigma": None}
    assert rows(draws_table({"g": {**unknown, "median": 0.5}}))[1] == ["g", "0.50000", "-", "-", "au", "-", "-"]


def test_a_number_has_the_digits_of_its_error():
    assert number_text(76.43214, 0.0312) == "76.432 +- 0.031" and number_text(2.0, None) == "2.0000 +- -"


def test_cells_are_aligned_as_asked():
    assert aligned([["a", 1], ["bcd", 23]], left={0}) == "a     1\nbcd  23"
